package import Archiving
package import Model

extension StoreRecord {
    /// Sets what happened to entries of the image, and which it lacks.
    package mutating func note(_ summary: IssueSummary) {
        note(summary.notes)
        let all = (missing ?? MissingPaths()) + summary.missing
        missing = all.isEmpty ? nil : all
    }

    /// For whoever reads all of the image again, and notes what happens then.
    package mutating func forgetEntryNotes() {
        missing = nil
        setNotes([])
    }
}
