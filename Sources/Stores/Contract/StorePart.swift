package import HostIO
package import Model

/// One database of a store, or one table of it, to be had out of an image alone while the store goes on.
package struct StorePart: Hashable, Sendable, Codable {
    package var database: String
    /// `name` or `schema.name`; nil for the whole database.
    package var table: String?
    /// The name that it gets beside what is there; nil: its own, and what has that now is kept under another.
    package var newName: String?

    package init(database: String, table: String? = nil, newName: String? = nil) {
        self.database = database
        self.table = table
        self.newName = newName
    }
}

package struct StorePartOutcome: Hashable, Sendable, Codable {
    /// What of the part could not be made, a constraint to a table that lacks the rows, say.
    package var issues: [String]
    /// For what of that can be made later.
    package var remedies: [RestoreRemedy] = []
    /// Whether what was made equals what the image has.
    package var isSame: Bool

    package init(issues: [String] = [], isSame: Bool = true) {
        self.issues = issues
        self.isSame = isSame
    }
}

extension StoreAdapter {
    package func planPart(_ part: StorePart, of image: StoreImage, scratch: ScratchDirectory, job: JobControl) throws -> StorePartPlan {
        throw Failure(
            .refused, "store \(declaration.name): a store of kind \(declaration.kind.rawValue) has no databases to be restored alone",
            hint: "restore the whole store: --store \(declaration.name)")
    }

    package func applyPart(_ plan: StorePartPlan, job: JobControl) throws -> StorePartOutcome {
        throw Failure(.internal, "store \(declaration.name): nothing is prepared")
    }

    package func releasePart(_ plan: StorePartPlan) {}
}
