/// A change of a policy that lets entries go, or leaves something unprotected.
package struct PolicyPlan: Plan, Hashable {
    /// "change the snapshot policy of cluster acme".
    package var title: String
    package var lines: [PlanSummary.Line]
    package var warnings: [String]
    /// Kept now, and not any more by the first run after the change.
    package var leaving: [SnapshotName]
    package var kind: ManifestKind
    package var undo: String?

    package init(
        title: String, lines: [PlanSummary.Line], warnings: [String] = [], leaving: [SnapshotName] = [], kind: ManifestKind,
        undo: String? = nil
    ) {
        self.title = title
        self.lines = lines
        self.warnings = warnings
        self.leaving = leaving
        self.kind = kind
        self.undo = undo
    }

    /// Nothing that anybody has to be asked about.
    package var isEmpty: Bool { leaving.isEmpty && warnings.isEmpty }

    package var summary: PlanSummary {
        PlanSummary(
            title: title, lines: lines, warnings: warnings,
            losses: leaving.map { "\(kind.rawValue) \($0), with the next run of the policy" }, undo: undo)
    }
}
