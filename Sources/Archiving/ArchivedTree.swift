package import RepositoryEngine
package import ResticFormat

/// A tree in a repository whose index is loaded.
package struct ArchivedTree: Sendable {
    package let repository: IndexedRepository
    package let id: TreeID

    package init(repository: IndexedRepository, id: TreeID) {
        self.repository = repository
        self.id = id
    }
}
