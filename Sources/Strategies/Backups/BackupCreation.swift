import Archiving
package import Clusters
package import HostIO
package import Model
import RepositoryEngine
import ResticFormat
import Snapshots
import StoreContract

package struct BackupRequest: Sendable {
    /// Nil: named by time and mode.
    package var name: String?
    /// Nil: a fresh one is taken.
    package var snapshot: String?
    package var target: String
    package var mode: BackupMode

    package init(name: String? = nil, snapshot: String? = nil, target: String, mode: BackupMode = .full) {
        self.name = name
        self.snapshot = snapshot
        self.target = target
        self.mode = mode
    }
}

package struct BackupOutcome: Sendable {
    package var entry: RepositoryEntry
    /// Bytes added to the target.
    package var bytesAdded: UInt64
    /// The snapshot that was taken for it.
    package var freshSnapshot: SnapshotName?
}

extension Backups {
    private static let freshLifetime = TimeToLive.seconds(86_400)

    /// Stores a snapshot in a target. Archived images are copied without being cut or compressed again; what a mode leaves out is listed.
    package func create(_ request: BackupRequest, job: JobControl) throws -> BackupOutcome {
        if let name = request.name { try NameRule.check(name, of: "backup") }
        let command = "backup create \(request.name ?? "") --target \(request.target) --mode \(request.mode.rawValue)"
        return try cluster.exclusively(command) {
            let outcome = try cluster.recording(command) { try createLocked(request, job) }
            cluster.keepBallast(at: try cluster.target(named: request.target).path)
            Snapshots(cluster).freeExpired(job: job)
            return outcome
        }
    }

    func createLocked(_ request: BackupRequest, _ job: JobControl) throws -> BackupOutcome {
        let repository = try cluster.repository(of: try cluster.target(named: request.target))
        let targetLock = try advisingWhenFull(request.target) { try repository.lockForWriting(patience: .seconds(30)) }
        defer { targetLock.release() }
        let (existing, target) = try EntryReader.list(.backup, under: targetLock)
        let taken = existing.entries.map(\.manifest.name)
        let byTime = "\(cluster.host.clock.now().compact)-\(request.mode.rawValue)"
        let name = try request.name.map { try SnapshotName($0, of: "backup") } ?? freeName(byTime, besides: taken)
        try checkNameIsFree(name, among: taken, what: "backup")
        let fresh = try request.snapshot == nil ? takeSnapshot(for: name, job) : nil
        let storage = try cluster.storage()
        let storageLock = try storage.lock(.read, patience: .seconds(30))
        defer { storageLock.release() }
        let (snapshots, reader) = try EntryReader.list(.snapshot, in: storage)
        let wanted = fresh?.text ?? request.snapshot ?? ""
        let source = try pick(wanted, from: snapshots.entries, what: "snapshot") { $0.manifest.name.text }
        let writing = BackupWriting(
            cluster: cluster, source: source, sourceReader: reader, previous: existing.entries, target: target,
            mode: request.mode,
            job: job)
        let outcome = try keepingBases(of: source.manifest, request, among: snapshots, job) {
            try advisingWhenFull(request.target) { try writing.run(name) }
        }
        return BackupOutcome(entry: outcome.entry, bytesAdded: outcome.bytesStored, freshSnapshot: fresh)
    }

    /// Keeps the native images that the next backup will be compared with, from before `body` makes this one, and lets go of those that this
    /// one was compared with.
    private func keepingBases(
        of source: Manifest, _ request: BackupRequest, among snapshots: EntryListing, _ job: JobControl, _ body: () throws -> CommittedEntry
    ) throws -> CommittedEntry {
        let bases = try source.stores.compactMap { record -> ComparisonBase? in
            guard let image = record.nativeImageID, try cluster.adapter(for: record.declaration).comparesNativeImages else { return nil }
            return ComparisonBase(target: request.target, store: record.name, extent: record.extent(in: request.mode), image: image)
        }
        guard !bases.isEmpty else { return try body() }
        try cluster.updateCatalogue { $0.begin(bases) }
        let outcome = try body()
        // The backup is there, whatever comes of this.
        do { try settle(bases, among: snapshots) } catch {
            job.note("what was kept for this backup is still kept: \(Failure(describing: error).summary)")
        }
        return outcome
    }

    private func settle(_ bases: [ComparisonBase], among snapshots: EntryListing) throws {
        var superseded: [ComparisonBase] = []
        try cluster.updateCatalogue { superseded = $0.settle(bases) }
        for base in superseded {
            let isInSnapshot = snapshots.entries.contains { $0.manifest.store(named: base.store)?.nativeImageID == base.image }
            guard !isInSnapshot, let store = cluster.file.store(named: base.store) else { continue }
            try cluster.adapter(for: store).removeNativeImage(base.image)
        }
    }

    private func takeSnapshot(for name: SnapshotName, _ job: JobControl) throws -> SnapshotName {
        let taken = try Snapshots(cluster).list().snapshots.map(\.name)
        let request = SnapshotRequest(
            name: try freeName("\(SnapshotRequest.backupPrefix)\(cluster.host.clock.now().compact)", besides: taken),
            reason: "for backup \(name)",
            style: .manual,
            timeToLive: Self.freshLifetime)
        let snapshots = Snapshots(cluster)
        return try snapshots.advisingWhenFull { try snapshots.createLocked(request, job: job) }.entry.manifest.name
    }
}
