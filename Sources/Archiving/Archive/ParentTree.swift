import RepositoryEngine
import ResticFormat
import Synchronization

/// The tree of an earlier archiving, by path: for entries that a source knows to have been moved.
final class ParentTree: Sendable {
    private let root: TreeID
    private let repository: IndexedRepository
    /// Directories that were looked up, for the next ones in them.
    private let known = Mutex<[[[UInt8]]: TreeID?]>([:])
    private static let mostKnown = 1000

    init(root: TreeID, in repository: IndexedRepository) {
        self.root = root
        self.repository = repository
    }

    /// Nil when there is none, or its tree is missing or damaged: then it is read again.
    func node(at place: [[UInt8]], using opener: BlobOpener) -> Node? {
        guard let name = place.last, let folder = directory(Array(place.dropLast()), using: opener) else { return nil }
        return (try? repository.tree(folder, using: opener))?.node(named: name)
    }

    private func directory(_ place: [[UInt8]], using opener: BlobOpener) -> TreeID? {
        if place.isEmpty { return root }
        if let found = known.withLock({ $0[place] }) { return found }
        let found = node(at: place, using: opener)?.subtree
        known.withLock { known in
            if known.count >= Self.mostKnown { known = [:] }
            known[place] = .some(found)
        }
        return found
    }
}
