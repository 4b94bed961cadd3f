/// What a lock is for; decides who has to wait for whom.
package enum LockPurpose: String, Sendable, CaseIterable {
    /// Reading snapshots and blobs.
    case read
    /// Adding snapshots, or forgetting one.
    case write
    /// Marking and deleting packs. Exclusive in the eyes of restic; a Holdfast that reads or writes is not kept waiting, because
    /// deletion has two phases.
    case prune

    var isExclusive: Bool { self == .prune }

    /// Whether two Holdfasts may hold these two at once.
    func isCompatible(with other: LockPurpose) -> Bool { self != .prune || other != .prune }
}
