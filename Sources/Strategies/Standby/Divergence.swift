package import Archiving
import Clusters
import HostIO
package import Model
import RepositoryEngine
import ResticFormat
import Snapshots
import StoreContract

/// What an old primary holds that its successor does not: written after the backup from which that took over.
package struct Divergence: Sendable {
    package struct Store: Sendable {
        package var name: String
        package var counts: [TreeChange.Kind: Int]
        /// The first few.
        package var examples: [TreeChange]
        /// Why it cannot be compared; nil when it was.
        package var note: String?
    }

    /// Where it is saved; pinned.
    package var snapshot: SnapshotName
    /// The backup that it is compared with; nil when that is gone.
    package var base: String?
    package var stores: [Store]
}

extension OfflineStandby {
    private static let examples = 10

    /// Takes a snapshot of the stores as they are, and compares it with the state from which the new owner started.
    func saveDivergence(from target: String, job: JobControl) throws -> Divergence {
        let fencing = try cluster.standing().fencing
        let snapshots = Snapshots(cluster)
        let taken = try snapshots.list().snapshots.map(\.name)
        let words = fencing.map { "what \($0.record.host) does not have: written after it took over with epoch \($0.record.epoch)" }
        let request = SnapshotRequest(
            name: try freeName("diverged-\(cluster.host.clock.now().compact)", besides: taken),
            reason: words ?? "before it became a standby",
            style: .safety, unreadableStores: .leaveOut)
        let entry = try snapshots.createLocked(request, job: job).entry
        try cluster.updateCatalogue { $0.setPinned(true, of: entry.id.hex) }
        do { return try compare(entry, with: fencing?.record.backup, in: target, job) } catch {
            job.note("what diverged is saved and cannot be listed: \(Failure(describing: error).summary)")
            return Divergence(snapshot: request.name, base: nil, stores: [])
        }
    }

    private func compare(_ entry: RepositoryEntry, with base: String?, in target: String, _ job: JobControl) throws -> Divergence {
        var divergence = Divergence(snapshot: entry.manifest.name, base: nil, stores: [])
        let repository = try cluster.openForCopying(target)
        let lock = try repository.lock(.read, patience: .seconds(30))
        defer { lock.release() }
        let (listing, baseReader) = try EntryReader.list(.backup, in: repository)
        guard let base, let before = own(listing, entry.manifest.cluster.id).first(where: { $0.manifest.name.text == base }) else {
            return divergence
        }
        divergence.base = base
        let reader = try EntryReader.list(.snapshot, in: try cluster.storage()).reader
        for record in entry.manifest.stores {
            job.begin(phase: "comparing \(record.name)")
            divergence.stores.append(try compare(record, of: entry, reader, with: before, baseReader, job))
        }
        return divergence
    }

    private func compare(
        _ record: StoreRecord, of entry: RepositoryEntry, _ reader: EntryReader, with before: RepositoryEntry, _ baseReader: EntryReader,
        _ job: JobControl
    ) throws -> Divergence.Store {
        var store = Divergence.Store(name: record.name, counts: [:], examples: [])
        guard let older = before.manifest.store(named: record.name), record.kind != .postgres else {
            store.note = "its images in snapshots and in backups have different forms; compare what it holds"
            return store
        }
        let diff = try TreeDiff(
            from: cluster.image(of: older, in: before, baseReader).tree, to: cluster.image(of: record, in: entry, reader).tree)
        try diff.run(job: job) { change in
            store.counts[change.kind, default: 0] += 1
            if store.examples.count < Self.examples { store.examples.append(change) }
        }
        return store
    }
}
