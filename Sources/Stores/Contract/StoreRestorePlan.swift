package import Archiving
package import Model

/// What one store would lose and gain.
package struct StoreRestorePlan: Hashable, Sendable, Codable {
    package var created: Int
    package var replaced: Int
    package var deleted: Int
    package var unchanged: Int
    package var metadataOnly: Int
    /// Entries that an interrupted restore left, to be removed.
    package var leftOvers: Int
    /// Bytes to be written.
    package var bytesToWrite: UInt64
    /// Bytes that deletions free.
    package var bytesFreed: UInt64
    /// Bytes that the store holds and the image does not: what an archived image of the store as it is would add to a repository that has
    /// this one, at most.
    package var bytesAtStake: UInt64
    /// A few examples for people, "delete reports/2026.csv", at most 20.
    package var examples: [String]
    /// Newest change in the store that the restore undoes, when it can be told: the loss window runs from the cut to this.
    package var newestChange: Timestamp?
    /// The store does not exist or is empty.
    package var intoEmpty: Bool
    /// The place of the store is not there and is made, also for an image without entries.
    package var makesPlace: Bool
    /// Entries of the store that cannot be looked at; they stay as they are.
    package var unexamined: Int
    /// What a person should know before the restore begins: places outside of the store's own that are written to, what the image would have run.
    package var cautions: [String] = []
    /// Entries of the store that the image is known to lack; they stay as they are.
    package var spared = 0
    /// Entries that get rights which they do not have now.
    package var privileged = PrivilegedEntries()

    package init(
        created: Int = 0, replaced: Int = 0, deleted: Int = 0, unchanged: Int = 0, metadataOnly: Int = 0, leftOvers: Int = 0,
        bytesToWrite: UInt64 = 0,
        bytesFreed: UInt64 = 0, bytesAtStake: UInt64 = 0, examples: [String] = [], newestChange: Timestamp? = nil, intoEmpty: Bool = false,
        makesPlace: Bool = false, unexamined: Int = 0
    ) {
        self.created = created
        self.replaced = replaced
        self.deleted = deleted
        self.unchanged = unchanged
        self.metadataOnly = metadataOnly
        self.leftOvers = leftOvers
        self.bytesToWrite = bytesToWrite
        self.bytesFreed = bytesFreed
        self.bytesAtStake = bytesAtStake
        self.examples = examples
        self.newestChange = newestChange
        self.intoEmpty = intoEmpty
        self.makesPlace = makesPlace
        self.unexamined = unexamined
    }

    /// Nothing differs.
    package var isEmpty: Bool { !makesPlace && created + replaced + deleted + metadataOnly + leftOvers + unexamined == 0 }
}

package struct StoreRestoreOutcome: Hashable, Sendable, Codable {
    package var bytesWritten: UInt64
    package var entriesChanged: Int
    /// Things that are not as they were in the image.
    package var issues: Int
    /// The first of them (``IssueCollector/kept``).
    package var named: [EntryIssue]
    /// For what of them can be made later.
    package var remedies: [RestoreRemedy] = []

    package init(bytesWritten: UInt64, entriesChanged: Int, issues: Int, named: [EntryIssue] = []) {
        self.bytesWritten = bytesWritten
        self.entriesChanged = entriesChanged
        self.issues = issues
        self.named = named
    }

    package init(bytesWritten: UInt64, entriesChanged: Int, issues: IssueCollector) {
        self.init(bytesWritten: bytesWritten, entriesChanged: entriesChanged, issues: issues.count, named: issues.first)
    }
}

/// What `check` found in a sound store.
package struct StoreCheck: Hashable, Sendable, Codable {
    /// Entries, tables or metadata that differ from the image: 0 when nothing has written to the store since the restore.
    package var differences: Int
    /// A few of them for people, at most 20.
    package var examples: [String]
    /// What could not be proven here, and why: "table notes (no such collation sequence: unicase)".
    package var unproven: [String]
    /// What is wrong with the store although it equals the image, which has it so; nil when nothing is.
    package var damage: String?

    package init(differences: Int = 0, examples: [String] = [], unproven: [String] = [], damage: String? = nil) {
        self.differences = differences
        self.examples = examples
        self.unproven = unproven
        self.damage = damage
    }
}
