package import Archiving
import Clusters
package import HostIO
package import Model
import RepositoryEngine
import ResticFormat
import StoreContract

/// What differs between the images of one store in two snapshots.
package struct StoreDifference: Sendable {
    /// Which of the two snapshots have the store.
    package enum Presence: String, Sendable, Encodable { case both, from, to }

    package var name: String
    package var presence: Presence
    package var counts: [TreeChange.Kind: Int]
    /// Logical bytes of the images.
    package var bytesBefore: UInt64
    package var bytesAfter: UInt64
    /// The first few changes.
    package var examples: [TreeChange]

    package var isEmpty: Bool { counts.isEmpty }
}

package struct SnapshotDifference: Sendable {
    package var from: SnapshotName
    package var to: SnapshotName
    /// Those of the second snapshot in its order, then those that only the first has.
    package var stores: [StoreDifference]
}

extension Snapshots {
    /// Compares two snapshots store by store. Archived images are compared by their blobs, native ones by the inodes and times of change of
    /// their files, and by the bytes of those that differ in that.
    package func diff(from old: String, to new: String, examples: Int, job: JobControl) throws -> SnapshotDifference {
        try read { repository in
            let (listing, reader) = try EntryReader.list(.snapshot, in: repository)
            let own = listing.own(by: try cluster.catalogue().clusterID)
            let before = try own.entry(named: old, .snapshot)
            let after = try own.entry(named: new, .snapshot)
            let gone = before.manifest.stores.filter { after.manifest.store(named: $0.name) == nil }
            var stores: [StoreDifference] = []
            for record in after.manifest.stores {
                guard let older = before.manifest.store(named: record.name) else {
                    stores.append(StoreDifference(record, .to))
                    continue
                }
                job.begin(phase: "comparing \(record.name)")
                var store = StoreDifference(record, .both)
                store.bytesBefore = older.bytes
                let diff = try TreeDiff(
                    from: cluster.tree(of: older, in: before, reader), to: cluster.tree(of: record, in: after, reader))
                try diff.run(job: job) { store.note($0, examples: examples) }
                stores.append(store)
            }
            return SnapshotDifference(
                from: before.manifest.name, to: after.manifest.name, stores: stores + gone.map { StoreDifference($0, .from) })
        }
    }
}

extension StoreDifference {
    fileprivate init(_ record: StoreRecord, _ presence: Presence) {
        self.init(
            name: record.name, presence: presence, counts: [:], bytesBefore: presence == .from ? record.bytes : 0,
            bytesAfter: presence == .from ? 0 : record.bytes, examples: [])
    }

    fileprivate mutating func note(_ change: TreeChange, examples limit: Int) {
        counts[change.kind, default: 0] += 1
        if examples.count < limit { examples.append(change) }
    }
}

extension Cluster {
    fileprivate func tree(of record: StoreRecord, in entry: RepositoryEntry, _ reader: EntryReader) throws -> ImageTree {
        switch try image(of: record, in: entry, reader) {
        case .archived(let tree): .archived(tree)
        case .native(let source): .source(source)
        }
    }
}
