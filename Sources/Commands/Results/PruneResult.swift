import Clusters
import Model
import RepositoryEngine

/// What a prune did.
struct PruneResult: Encodable {
    var packsDeleted: Int
    var packsMarked: Int
    var bytesWritten: Int
    var bytesFreed: UInt64
    /// Snapshots that were removed before it.
    var expired: [SnapshotName]

    /// Nil when there was nothing to prune.
    init(_ outcome: RepositoryPruneOutcome?) {
        packsDeleted = outcome?.pruned.packsDeleted ?? 0
        packsMarked = outcome?.pruned.packsMarked ?? 0
        bytesWritten = outcome?.pruned.bytesWritten ?? 0
        bytesFreed = outcome?.pruned.bytesFreed ?? 0
        expired = outcome?.expired ?? []
    }
}

extension PruneOutcome {
    /// On the disk, by now.
    var bytesFreed: UInt64 { bytesDeleted - min(bytesDeleted, UInt64(clamping: bytesWritten)) }
}
