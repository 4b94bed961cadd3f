/// The last restore of a store, which could not make everything as it was.
package struct IncompleteRestore: Hashable, Sendable, Codable {
    package static let examplesKept = 10

    package var store: String
    /// Name of the snapshot or backup.
    package var from: SnapshotName
    package var at: Timestamp
    /// How many entries are not, or not wholly, as they were.
    package var entries: Int
    /// "sub/f: attribute user.x: it is too large for this file system", at most ``examplesKept``.
    package var examples: [String]
    /// Its number among the jobs, whose log names all; nil where it was not noted.
    package var job: Int?

    package init(store: String, from: SnapshotName, at: Timestamp, entries: Int, examples: [String], job: Int? = nil) {
        self.store = store
        self.from = from
        self.at = at
        self.entries = entries
        self.examples = Array(examples.prefix(Self.examplesKept))
        self.job = job
    }
}

extension Catalogue {
    /// One a store at most.
    package var incompleteRestores: [IncompleteRestore] { incomplete ?? [] }

    package mutating func note(_ restore: IncompleteRestore) {
        incomplete = incompleteRestores.filter { $0.store != restore.store } + [restore]
    }

    /// The store was found equal to an image.
    package mutating func noteEqual(_ store: String) {
        let rest = incompleteRestores.filter { $0.store != store }
        incomplete = rest.isEmpty ? nil : rest
    }
}
