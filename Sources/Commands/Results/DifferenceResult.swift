import Archiving
import Model
import Snapshots

struct DifferenceResult: Encodable {
    struct Store: Encodable {
        struct Entry: Encodable {
            var change: TreeChange.Kind
            var path: String
            var bytesBefore: UInt64
            var bytesAfter: UInt64
        }

        var name: String
        /// "both", or the only snapshot that has it: "from", "to".
        var presence: StoreDifference.Presence
        var added: Int
        var removed: Int
        var changed: Int
        var metadata: Int
        var bytesBefore: UInt64
        var bytesAfter: UInt64
        var examples: [Entry]
    }

    var from: SnapshotName
    var to: SnapshotName
    var stores: [Store]

    init(_ difference: SnapshotDifference) {
        from = difference.from
        to = difference.to
        stores = difference.stores.map { store in
            Store(
                name: store.name, presence: store.presence, added: store.counts[.added, default: 0],
                removed: store.counts[.removed, default: 0], changed: store.counts[.changed, default: 0],
                metadata: store.counts[.metadata, default: 0], bytesBefore: store.bytesBefore, bytesAfter: store.bytesAfter,
                examples: store.examples.map {
                    Store.Entry(change: $0.kind, path: $0.path, bytesBefore: $0.bytesBefore, bytesAfter: $0.bytesAfter)
                })
        }
    }
}
