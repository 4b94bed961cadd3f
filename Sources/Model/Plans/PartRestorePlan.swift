/// The restore of one database or table out of a snapshot, beside what the running cluster has.
package struct PartRestorePlan: Plan, Hashable {
    package var snapshot: SnapshotName
    package var cut: Timestamp
    package var store: String
    /// "database acme", "table public.account in acme".
    package var what: String
    /// What it will be called.
    package var name: String
    /// Of a table.
    package var rows: UInt64?
    package var bytes: UInt64
    /// What has the name now gets this one.
    package var keptAs: String?
    package var roles: [String]
    package var warnings: [String]
    /// Statements that take it back.
    package var undoStatements: [String]
    package var madeAt: Timestamp

    package init(
        snapshot: SnapshotName, cut: Timestamp, store: String, what: String, name: String, rows: UInt64?, bytes: UInt64, keptAs: String?,
        roles: [String], warnings: [String], undoStatements: [String], madeAt: Timestamp
    ) {
        self.snapshot = snapshot
        self.cut = cut
        self.store = store
        self.what = what
        self.name = name
        self.rows = rows
        self.bytes = bytes
        self.keptAs = keptAs
        self.roles = roles
        self.warnings = warnings
        self.undoStatements = undoStatements
        self.madeAt = madeAt
    }

    package var isEmpty: Bool { false }

    package var summary: PlanSummary {
        let size = [rows.map { counted($0, "row") }, ByteCount(bytes).text].compactMap { $0 }.joined(separator: ", ")
        var lines = [
            PlanSummary.Line("snapshot", "\(snapshot), \(cut.readable) (\(relativeAge(of: cut, at: madeAt)))"),
            PlanSummary.Line("out of it", "\(what), \(size)"), PlanSummary.Line("becomes", name),
        ]
        if let keptAs { lines.append(PlanSummary.Line("kept", "\(name) as it is now becomes \(keptAs)")) }
        if !roles.isEmpty { lines.append(PlanSummary.Line("roles made", roles.joined(separator: ", "))) }
        lines.append(PlanSummary.Line("untouched", "everything else in \(store), which keeps running"))
        return PlanSummary(
            title: "restore \(what) of \(store) from snapshot \(snapshot)", lines: lines, warnings: warnings,
            undo: undoStatements.isEmpty ? "drop \(name)" : undoStatements.joined(separator: "; "))
    }
}
