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
    /// `physical`: the files of stores whose backups are made of something else are kept as well.
    package var form: StoredForm

    package init(
        name: String? = nil, snapshot: String? = nil, target: String, mode: BackupMode = .full, form: StoredForm = .portable
    ) {
        self.form = form
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
    ///
    /// The cluster's lock is held for the cut and at the end, not while the snapshot is copied.
    package func create(_ request: BackupRequest, job: JobControl) throws -> BackupOutcome {
        if let name = request.name { try NameRule.check(name, of: "backup") }
        let command =
            "backup create \(request.name.map { "\($0) " } ?? "")--target \(request.target) --mode \(request.mode.rawValue)"
        return try cluster.backingUp(command) {
            try cluster.checkMay(.backup)
            let outcome = try cluster.recording(command, job, .locking, flaw: { $0.entry.flaw }) { try make(request, job) }
            tidy(request.target, job)
            cluster.publishNotices()
            return outcome
        }
    }

    /// After a backup, whatever comes of it.
    func tidy(_ target: String, _ job: JobControl) {
        do {
            let place = try cluster.target(named: target)
            try cluster.exclusivelyAtLast("backup create") {
                cluster.keepBallast(at: place.path)
                Snapshots(cluster).freeExpired(job: job)
            }
        } catch { job.note("the room of expired snapshots is not freed: \(Failure(describing: error).summary)") }
    }

    /// For a caller under ``Cluster/backingUp(_:_:)``, without the cluster's lock.
    func make(_ request: BackupRequest, _ job: JobControl) throws -> BackupOutcome {
        let repository = try cluster.exclusively("backup create") {
            try cluster.repository(of: try cluster.target(named: request.target))
        }
        let targetLock = try advisingWhenFull(request.target) { try repository.lockForWriting(patience: .seconds(30)) }
        defer { targetLock.release() }
        let place = try cluster.target(named: request.target).path
        let (existing, target, doubt) = try cluster.judged(.backup, in: repository, at: place) {
            try EntryReader.list(.backup, under: targetLock)
        }
        if let doubt { job.note("nothing is deleted in the target \(request.target): \(doubt.text); see holdfast status") }
        let taken = existing.own(by: try owner()).names
        let byTime = "\(cluster.host.clock.now().compact)-\(request.mode.rawValue)"
        let name = try request.name.map { try SnapshotName($0, of: "backup") } ?? freeName(byTime, besides: taken)
        try checkNameIsFree(name, among: taken, what: "backup")
        let source = try cluster.exclusively("the cut of backup \(name)") { try chooseSource(for: name, request, job) }
        let outcome = try withExtendedLifetime(source) {
            let writing = BackupWriting(
                cluster: cluster, source: source.entry, sourceReader: source.reader, previous: existing.entries, target: target,
                mode: request.mode, form: request.form, catalogue: try cluster.catalogue(), job: job)
            return try advisingWhenFull(request.target) { try writing.run(name) }
        }
        cluster.remember(outcome.entry, in: repository, at: place, doubt: doubt)
        job.log("backup \(name) of snapshot \(source.entry.manifest.name): \(ByteCount(outcome.bytesStored)) added to \(request.target)")
        for record in outcome.entry.manifest.stores {
            for line in record.completeness.lines(of: record.name, examples: EntryNote.mostNamed) { job.log("incomplete: \(line)") }
        }
        let report = ImageReport(of: outcome.entry.manifest, in: request.target, at: cluster.host.clock.now())
        settle(source, report, BackupNote(of: outcome.entry, in: request.target), job)
        return BackupOutcome(entry: outcome.entry, bytesAdded: outcome.bytesStored, freshSnapshot: source.fresh)
    }

    /// What a backup is made from.
    private struct Source {
        var entry: RepositoryEntry
        var reader: EntryReader
        var fresh: SnapshotName?
        /// What the next backup will be compared with.
        var bases: [ComparisonBase]
        var lock: RepositoryLock
    }

    /// The snapshot to copy, held from now on. Called under the cluster's lock.
    private func chooseSource(for name: SnapshotName, _ request: BackupRequest, _ job: JobControl) throws -> Source {
        let fresh = try request.snapshot == nil ? takeSnapshot(for: name, job) : nil
        let storage = try cluster.storage()
        let lock = try storage.lock(.read, patience: .seconds(30))
        let (snapshots, reader) = try EntryReader.list(.snapshot, in: storage)
        let wanted = fresh?.text ?? request.snapshot ?? ""
        let entry = try snapshots.own(by: try owner()).entry(named: wanted, .snapshot)
        let bases = try entry.manifest.stores.compactMap { record -> ComparisonBase? in
            guard let image = record.nativeImageID, try cluster.adapter(for: record.declaration).comparesNativeImages else { return nil }
            return ComparisonBase(target: request.target, store: record.name, extent: record.extent(in: request.mode), image: image)
        }
        try cluster.updateCatalogue { catalogue in
            catalogue.copying = CopyRecord(
                snapshotID: entry.id.hex, snapshot: entry.manifest.name, backup: name, target: request.target)
            if !bases.isEmpty { catalogue.begin(bases) }
        }
        return Source(entry: entry, reader: reader, fresh: fresh, bases: bases, lock: lock)
    }

    /// The backup is there: its snapshot is free again, and native images that it was compared with go. Where that fails, they stay until the next backup.
    private func settle(_ source: Source, _ report: ImageReport, _ note: BackupNote, _ job: JobControl) {
        source.lock.release()
        do {
            try cluster.exclusivelyAtLast("backup create") {
                var superseded: [ComparisonBase] = []
                try cluster.updateCatalogue { catalogue in
                    catalogue.copying = nil
                    catalogue.note(report)
                    catalogue.note(note)
                    superseded = source.bases.isEmpty ? [] : catalogue.settle(source.bases)
                }
                try removeImages(superseded)
            }
        } catch { job.note("what was kept for this backup is still kept: \(Failure(describing: error).summary)") }
    }

    /// But for those that a snapshot still has.
    private func removeImages(_ superseded: [ComparisonBase]) throws {
        guard !superseded.isEmpty else { return }
        let snapshots = try cluster.believed(.snapshot, in: cluster.storage(), at: cluster.file.storage).entries
        for base in superseded {
            let isInSnapshot = snapshots.contains { $0.manifest.store(named: base.store)?.nativeImageID == base.image }
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
