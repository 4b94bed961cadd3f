import Archiving
import HostIO
import Model
import ResticFormat
import StoreContract

/// Makes the files of a server that is down those of an image.
struct FileRestore {
    private let image: ImageTree
    private let directory: DataDirectory
    private let origin: ImageOrigin
    private let host: Host
    private let trusted: TrustedContent?
    private let places: TablespacePlaces

    init(
        _ image: ImageTree, _ directory: DataDirectory, _ origin: ImageOrigin, _ places: TablespacePlaces, host: Host,
        trusted: TrustedContent? = nil
    ) {
        self.places = places
        self.image = image
        self.directory = directory
        self.origin = origin
        self.host = host
        self.trusted = trusted
    }

    /// A server that is started on them recovers.
    func run(_ job: JobControl) throws -> StoreRestoreOutcome {
        let outcome = try fill(job)
        guard let owner = try directory.owner() else { return outcome }
        try RecoverySettings(directory: directory).write(ownedLike: owner)
        try RestoreGuard(directory: directory).lower(release: origin.release, ownedLike: owner)
        return outcome
    }

    /// No server can start on them. All else in the directory is the image's, its times too.
    func runClosed(_ job: JobControl) throws -> StoreRestoreOutcome {
        let outcome = try fill(job)
        try RestoreGuard(directory: directory).close(release: origin.release)
        // What was made in it since the image's were set has moved them.
        if let root = try ImageReader(image).root().1 {
            try Descriptor.openDirectory(directory.path).setTimes(accessed: root.atime.timestamp, modified: root.mtime.timestamp)
        }
        return outcome
    }

    private func fill(_ job: JobControl) throws -> StoreRestoreOutcome {
        let parts = try RestoreParts(image, directory, places, host: host, trusted: trusted)
        if try !directory.exists() {
            // The parents are everybody's; the directory itself gets its owner and mode from the image.
            try makeDirectories(Path.parent(directory.path), mode: 0o755)
            try makeDirectories(directory.path)
        }
        try parts.checkTablespaces()
        try RestoreGuard(directory: directory).raise()
        var outcome = StoreRestoreOutcome(bytesWritten: 0, entriesChanged: 0, issues: 0)
        try apply(parts.main(), to: &outcome, job)
        guard let owner = try directory.owner() else { return outcome }
        if let log = try parts.log() { try apply(log, to: &outcome, job) }
        try parts.placeTablespaces(ownedLike: owner, release: origin.release)
        for tablespace in parts.tablespaces {
            for restore in try parts.restores(of: tablespace) { try apply(restore, to: &outcome, job) }
        }
        return outcome
    }

    /// A server must not run on files that could not all be had.
    private func apply(_ restore: TreeRestore, to outcome: inout StoreRestoreOutcome, _ job: JobControl) throws {
        let done = try restore.apply(try restore.plan(job: job), job: job)
        outcome.bytesWritten += done.bytesWritten
        outcome.entriesChanged += done.entriesChanged
        outcome.issues += done.issueCount
        outcome.named = Array((outcome.named + done.issues).prefix(IssueCollector.kept))
        guard let issue = done.issues.first(where: { $0.kind != .metadata }) else { return }
        throw Failure(
            .damaged, "\(directory.path): \(issue.path) could not be restored; the server stays down", hint: "holdfast snapshot undo",
            cause: issue.detail)
    }
}
