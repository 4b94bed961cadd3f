import Archiving
import HostIO
import Model
import NativeImages

/// A base backup whose files are clones: they share their blocks with the server's, and the log makes them one state.
struct DataDirectoryClones {
    let directory: DataDirectory
    let library: NativeImageLibrary
    let host: Host

    /// Clones of all files but the log's, between the start and the end of a backup. No cut waits for it, so it may take as long as it takes.
    func make(as id: String) throws -> NativeImage {
        let root = SharedDescriptor(try Descriptor.openDirectory(directory.path))
        let leaving = DataDirectoryRules.notCloned
        guard let image = try library.clone(root, as: id, leavingEmpty: leaving, host: host, until: { false }) else {
            throw Failure(.internal, "\(directory.path): cloning it was given up")
        }
        return image
    }

    /// Lays the label of the backup and its log over the clones. From then on they are what `pg_basebackup` gives.
    static func complete(_ image: NativeImage, with log: any EntrySource, host: Host, _ job: JobControl) throws {
        let tree = ImageTree.source(log)
        guard let segments = try tree.directory(["pg_wal"]), let label = try tree.bytes(of: [DataDirectoryRules.label]) else {
            throw Failure(.internal, "\(image.path): the end of the backup came without its log")
        }
        let place = Path.join(image.path, "pg_wal")
        let restore = TreeRestore(image: segments, destination: place, host: host, options: .init(isDurable: false))
        let outcome = try restore.apply(try restore.plan(job: job), job: job)
        if let issue = outcome.issues.first {
            throw Failure(.store, "\(place): \(issue.path) could not be copied", hint: "run the command again", cause: issue.detail)
        }
        try AtomicFile.write(label, to: Path.join(image.path, DataDirectoryRules.label), mode: 0o600)
        let folder = try Descriptor.openDirectory(image.path)
        let owner = try folder.status()
        try folder.setOwner(of: Array(DataDirectoryRules.label.utf8), uid: owner.uid, gid: owner.gid)
    }
}
