/// What a dangerous command will do, as it is shown before anybody is asked.
package struct PlanSummary: Hashable, Sendable, Codable {
    package struct Line: Hashable, Sendable, Codable {
        package var label: String
        package var value: String

        package init(_ label: String, _ value: String) {
            self.label = label
            self.value = value
        }
    }

    /// "restore snapshot nightly onto cluster acme".
    package var title: String
    package var lines: [Line]
    /// What is unusual about it.
    package var warnings: [String]
    /// What will be gone afterwards; empty when nothing is lost.
    package var losses: [String]
    /// How to take it back; nil when that is impossible.
    package var undo: String?

    package init(title: String, lines: [Line] = [], warnings: [String] = [], losses: [String] = [], undo: String? = nil) {
        self.title = title
        self.lines = lines
        self.warnings = warnings
        self.losses = losses
        self.undo = undo
    }
}

/// Dangerous work as a value: printed by `--dry-run`, asserted in tests, then executed.
package protocol Plan: Sendable {
    var summary: PlanSummary { get }
    /// Nothing would change.
    var isEmpty: Bool { get }
}
