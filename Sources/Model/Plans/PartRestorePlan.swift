/// The restore of one database or table out of a snapshot, beside what the running cluster has.
package struct PartRestorePlan: Plan, Hashable {
    package var snapshot: SnapshotName
    package var cut: Timestamp
    package var store: String
    package var part: StorePartPlan
    package var madeAt: Timestamp

    package init(snapshot: SnapshotName, cut: Timestamp, store: String, part: StorePartPlan, madeAt: Timestamp) {
        self.snapshot = snapshot
        self.cut = cut
        self.store = store
        self.part = part
        self.madeAt = madeAt
    }

    package var isEmpty: Bool { false }

    package var summary: PlanSummary {
        let size = [part.rows.map { counted($0, "row") }, ByteCount(part.bytes).text].compactMap { $0 }.joined(separator: ", ")
        var lines = [
            PlanSummary.Line("snapshot", "\(snapshot), \(cut.readable) (\(relativeAge(of: cut, at: madeAt)))"),
            PlanSummary.Line("out of it", "\(part.what), \(size)"), PlanSummary.Line("becomes", part.name),
        ]
        if let keptAs = part.keptAs { lines.append(PlanSummary.Line("kept", "\(part.name) as it is now becomes \(keptAs)")) }
        if !part.roles.isEmpty { lines.append(PlanSummary.Line("roles made", part.roles.joined(separator: ", "))) }
        lines.append(PlanSummary.Line("untouched", "everything else in \(store), which keeps running"))
        return PlanSummary(
            title: "restore \(part.what) of \(store) from snapshot \(snapshot)", lines: lines, warnings: part.warnings,
            undo: part.undo.isEmpty ? "drop \(part.name)" : part.undo.joined(separator: "; "))
    }
}
