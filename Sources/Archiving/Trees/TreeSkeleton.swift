package import HostIO
import Model
package import RepositoryEngine
package import ResticFormat

/// Writes the directories of a tree, without anything else in them, into another repository.
///
/// What is held is bounded, whatever the tree says: a directory that stands in it many times is written once, and the directories on the way down
/// have no more subdirectories together than any disk has.
package struct TreeSkeleton: Sendable {
    package struct Outcome: Hashable, Sendable {
        package var tree: TreeID
        /// Without the root; one that stands in the tree several times counts each time.
        package var directories: UInt64
        /// Sealed bytes added.
        package var bytesStored: UInt64
    }

    private let source: ArchivedTree
    private let writer: BlobWriter

    package init(of source: ArchivedTree, into writer: BlobWriter) {
        self.source = source
        self.writer = writer
    }

    /// A directory whose subdirectories are not all written.
    private struct Level {
        var source: TreeID
        var node: Node
        var waiting: [Node]
        var done: [Node] = []
        var below: UInt64 = 0

        mutating func add(_ node: Node, _ written: Written) {
            var node = node
            node.subtree = written.tree
            done.append(node)
            below = below.addingSaturated(written.below).addingSaturated(1)
        }
    }

    /// What has become of a directory.
    private struct Written {
        var tree: TreeID
        /// Directories in it, at any depth.
        var below: UInt64
    }

    package func run(job: JobControl) throws -> Outcome {
        let opener = try source.repository.makeOpener()
        let sealer = try writer.makeSealer()
        var known = KnownTrees<Written>()
        var held = NestedDirectories()
        var bytesStored: UInt64 = 0
        var levels = [try open(source.id, Node(name: [], type: .dir), &held, opener, job)]
        while var level = levels.popLast() {
            try job.checkCancelled()
            if let next = level.waiting.popLast(), let subtree = next.subtree {
                if let written = known[subtree] {
                    level.add(next, written)
                    levels.append(level)
                } else {
                    levels.append(level)
                    levels.append(try open(subtree, next, &held, opener, job))
                }
                continue
            }
            held.release(level.done.count)
            let saved = try writer.save(Tree(nodes: level.done.sorted { Tree.areInOrder($0.name, $1.name) }), using: sealer)
            bytesStored = bytesStored.addingSaturated(UInt64(saved.storedBytes))
            let written = Written(tree: saved.id.naming(TreeNamed.self), below: level.below)
            known[level.source] = written
            guard var parent = levels.popLast() else {
                return Outcome(tree: written.tree, directories: written.below, bytesStored: bytesStored)
            }
            parent.add(level.node, written)
            levels.append(parent)
        }
        return Outcome(tree: source.id, directories: 0, bytesStored: bytesStored)
    }

    private func open(_ id: TreeID, _ node: Node, _ held: inout NestedDirectories, _ opener: BlobOpener, _ job: JobControl) throws -> Level
    {
        let nodes = try source.repository.nodes(of: id, using: opener)
        var directories: [Node] = []
        var count = 0
        while let node = try nodes.next() {
            count += 1
            if node.type == .dir, node.subtree != nil { directories.append(node) }
        }
        try source.budget.spend(count, of: source) { try job.checkCancelled() }
        try held.hold(directories.count)
        return Level(source: id, node: node, waiting: directories)
    }
}
