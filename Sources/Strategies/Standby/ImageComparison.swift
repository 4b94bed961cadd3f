import Archiving
import Clusters
import RepositoryEngine
import ResticFormat

/// Whether two images in one repository hold the same, whenever they were made: times, inodes and devices aside, which a copy of an unchanged database
/// has anew.
struct ImageComparison {
    private let repository: IndexedRepository
    private let opener: BlobOpener

    init(_ reader: EntryReader) throws {
        repository = reader.index
        opener = try reader.index.makeOpener()
    }

    func areSame(_ left: TreeID, _ right: TreeID) throws -> Bool {
        if left == right { return true }
        let (old, new) = (try repository.tree(left, using: opener), try repository.tree(right, using: opener))
        guard old.nodes.count == new.nodes.count else { return false }
        return try zip(old.nodes, new.nodes).allSatisfy { old, new in
            guard timeless(old) == timeless(new) else { return false }
            guard let before = old.subtree, let after = new.subtree else { return old.subtree == new.subtree }
            return try areSame(before, after)
        }
    }

    /// Contents of files that the second image has where the first has others, or nothing.
    func changedContents(from old: TreeID, to new: TreeID) throws -> Set<[BlobID]> {
        var changed: Set<[BlobID]> = []
        var waiting: [(old: TreeID?, new: TreeID)] = old == new ? [] : [(old, new)]
        while let pair = waiting.popLast() {
            var before = try pair.old.map { FormerNodes(try repository.nodes(of: $0, using: opener)) }
            let nodes = try repository.nodes(of: pair.new, using: opener)
            while let node = try nodes.next() {
                let known = try before?.node(named: node.name)
                if let content = node.content, content != known?.content { changed.insert(content) }
                if let subtree = node.subtree, subtree != known?.subtree { waiting.append((known?.subtree, subtree)) }
            }
        }
        return changed
    }

    private func timeless(_ node: Node) -> Node {
        var node = node
        (node.mtime, node.atime, node.ctime) = (.epoch, .epoch, .epoch)
        (node.inode, node.deviceID, node.subtree) = (0, 0, nil)
        return node
    }
}
