/// What a prune of a repository would do, in numbers; the engine's own plan has the packs.
package struct RepositoryPrunePlan: Plan, Hashable {
    /// "target nas (/mnt/nas/acme)", "the snapshots of cluster acme (/srv/snapshots)".
    package var place: String
    /// Snapshots whose time is over, removed first: what they alone need comes on top of the numbers.
    package var expired: [SnapshotName]
    /// Packs without a used blob.
    package var packsToDelete: Int
    /// Packs with used and unused blobs that are written anew.
    package var packsToRewrite: Int
    package var bytesToWrite: UInt64
    /// On the disk, once the grace time of marked packs is over.
    package var bytesFreed: UInt64
    package var bytesUsed: UInt64
    /// Marked packs whose grace time is over, deleted at once.
    package var packsPastGrace: Int
    package var graceSeconds: Double
    package var warnings: [String]

    package init(
        place: String, expired: [SnapshotName] = [], packsToDelete: Int, packsToRewrite: Int, bytesToWrite: UInt64, bytesFreed: UInt64,
        bytesUsed: UInt64, packsPastGrace: Int = 0, graceSeconds: Double = 0, warnings: [String] = []
    ) {
        self.place = place
        self.expired = expired
        self.packsToDelete = packsToDelete
        self.packsToRewrite = packsToRewrite
        self.bytesToWrite = bytesToWrite
        self.bytesFreed = bytesFreed
        self.bytesUsed = bytesUsed
        self.packsPastGrace = packsPastGrace
        self.graceSeconds = graceSeconds
        self.warnings = warnings
    }

    package var isEmpty: Bool { packsToDelete + packsToRewrite + packsPastGrace == 0 && expired.isEmpty }

    package var summary: PlanSummary {
        var lines = [
            PlanSummary.Line("used", ByteCount(bytesUsed).text),
            PlanSummary.Line(
                "unused packs",
                "\(packsToDelete), deleted \(graceSeconds > 0 ? "after \(DurationText.spoken(seconds: graceSeconds))" : "at once")"),
            PlanSummary.Line("rewritten packs", "\(packsToRewrite), \(ByteCount(bytesToWrite)) to write"),
            PlanSummary.Line("freed", ByteCount(bytesFreed).text),
        ]
        if packsPastGrace > 0 { lines.insert(PlanSummary.Line("deleted now", counted(packsPastGrace, "marked pack")), at: 1) }
        if !expired.isEmpty { lines.insert(PlanSummary.Line("expired", expired.map(\.text).joined(separator: ", ")), at: 0) }
        return PlanSummary(
            title: "prune \(place)", lines: lines, warnings: warnings, losses: [], undo: nil)
    }
}
