import RepositoryEngine

/// What a prune did.
struct PruneResult: Encodable {
    var packsDeleted: Int
    var packsMarked: Int
    var bytesWritten: Int
    var bytesFreed: UInt64

    /// Nil when there was nothing to prune.
    init(_ outcome: PruneOutcome?) {
        packsDeleted = outcome?.packsDeleted ?? 0
        packsMarked = outcome?.packsMarked ?? 0
        bytesWritten = outcome?.bytesWritten ?? 0
        bytesFreed = outcome?.bytesFreed ?? 0
    }
}

extension PruneOutcome {
    /// On the disk, by now.
    var bytesFreed: UInt64 { bytesDeleted - min(bytesDeleted, UInt64(clamping: bytesWritten)) }
}
