import Model
package import ResticFormat

/// What a prune would do now.
///
/// First phase: blobs that are still needed move out of wasteful packs, and packs that nothing needs are marked. Second phase, after the
/// grace period: marked packs leave the index, then the disk. Every step leaves a repository that restic's check finds sound.
package struct PrunePlan: Sendable, Hashable {
    /// Marked long enough ago, and needed by nothing: deleted now.
    package var delete: Set<PackID> = []
    /// Marked, but used again by a snapshot that was under way: taken out of the mark.
    package var keepAfterAll: Set<PackID> = []
    /// Needed by nothing: marked now.
    package var mark: Set<PackID> = []
    /// Partly needed, or needed and damaged: the needed blobs are written again, then marked.
    package var repack: Set<PackID> = []
    /// Marks that wait for their grace period, or for a job that began before them.
    package var waiting = 0
    package var bytesDeleted: UInt64 = 0
    package var bytesMarked: UInt64 = 0
    package var bytesRepacked: UInt64 = 0
    /// Stored bytes that snapshots need.
    package var bytesUsed: UInt64 = 0
    package var bytesTotal: UInt64 = 0

    package var isEmpty: Bool { delete.isEmpty && mark.isEmpty && repack.isEmpty && keepAfterAll.isEmpty }
}

/// How a prune decides.
package struct PruneOptions: Sendable, Hashable {
    /// Seconds between marking and deleting.
    package var grace: Double
    /// Part of the used bytes that may be waste before packs are rewritten.
    package var tolerableWaste: Double
    package var write: WriteOptions

    package init(grace: Double = 86_400, tolerableWaste: Double = 0.05, write: WriteOptions = WriteOptions()) {
        self.grace = max(0, grace)
        self.tolerableWaste = max(0, tolerableWaste)
        self.write = write
    }
}

/// What a prune did.
package struct PruneOutcome: Sendable, Hashable {
    package var plan: PrunePlan
    package var packsDeleted = 0
    package var packsMarked = 0
    /// Of the packs that were deleted.
    package var bytesDeleted: UInt64 = 0
    package var bytesWritten = 0
}
