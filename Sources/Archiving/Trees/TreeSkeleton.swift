package import HostIO
package import RepositoryEngine
package import ResticFormat

/// Writes the directories of a tree, without anything else in them, into another repository.
package struct TreeSkeleton: Sendable {
    package struct Outcome: Hashable, Sendable {
        package var tree: TreeID
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
        var node: Node
        var waiting: [Node]
        var done: [Node] = []
    }

    package func run(job: JobControl) throws -> Outcome {
        let opener = try source.repository.makeOpener()
        let sealer = try writer.makeSealer()
        var outcome = Outcome(tree: source.id, directories: 0, bytesStored: 0)
        var levels = [Level(node: Node(name: [], type: .dir), waiting: try directories(of: source.id, opener))]
        while var level = levels.popLast() {
            try job.checkCancelled()
            if let next = level.waiting.popLast(), let subtree = next.subtree {
                levels.append(level)
                levels.append(Level(node: next, waiting: try directories(of: subtree, opener)))
                continue
            }
            let tree = Tree(nodes: level.done.sorted { Tree.areInOrder($0.name, $1.name) })
            let saved = try writer.save(tree, using: sealer)
            outcome.bytesStored += UInt64(saved.storedBytes)
            level.node.subtree = saved.id.naming(TreeNamed.self)
            guard var parent = levels.popLast() else {
                outcome.tree = saved.id.naming(TreeNamed.self)
                break
            }
            outcome.directories += 1
            parent.done.append(level.node)
            levels.append(parent)
        }
        return outcome
    }

    private func directories(of id: TreeID, _ opener: BlobOpener) throws -> [Node] {
        try source.repository.tree(id, using: opener).nodes.filter { $0.type == .dir && $0.subtree != nil }
    }
}
