package import RepositoryEngine
package import ResticFormat

/// A tree in a repository whose index is loaded.
package struct ArchivedTree: Sendable {
    package let repository: IndexedRepository
    package let id: TreeID
    /// The node that refers to the tree: the metadata of the directory itself, when it is known.
    package let node: Node?
    /// Of all who read this image.
    let budget: EntryBudget

    /// `mostEntries`: that an image may have; nil: ``EntryBudget/usual(in:)``.
    package init(repository: IndexedRepository, id: TreeID, node: Node? = nil, mostEntries: UInt64? = nil) {
        self.repository = repository
        self.id = id
        self.node = node
        budget = EntryBudget(limit: mostEntries ?? EntryBudget.usual(in: repository))
    }
}
