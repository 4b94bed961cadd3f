package import Model
package import RepositoryEngine
package import ResticFormat

/// Makes trees out of parts that are known already: the root of a snapshot, small files from memory. One thread at a time.
package final class TreeBuilder {
    private let writer: BlobWriter
    private let sealer: BlobSealer

    package init(writer: BlobWriter) throws {
        self.writer = writer
        sealer = try writer.makeSealer()
    }

    /// A tree of `nodes`, in any order. Names that no directory can hold, and names that are there twice, are refused.
    package func save(_ nodes: [Node]) throws -> TreeID {
        let tree = Tree(nodes: nodes.sorted { Tree.areInOrder($0.name, $1.name) })
        guard tree.isInOrder, nodes.allSatisfy(\.hasSafeName) else {
            throw Failure(.internal, "a tree with unusable names: \(nodes.map { String(decoding: $0.name, as: UTF8.self) })")
        }
        return try writer.save(tree, using: sealer).id.naming(TreeNamed.self)
    }

    /// A file, mode 0600, owned by root.
    package func file(named name: String, _ bytes: [UInt8], modified: Timestamp) throws -> Node {
        var node = Node(name: Array(name.utf8), type: .file)
        node.mode = 0o600
        node.links = 1
        node.size = UInt64(bytes.count)
        setTimes(of: &node, modified)
        node.content = try bytes.withUnsafeBytes { bytes in
            try stride(from: 0, to: bytes.count, by: GearChunker.maximum).map { start in
                let end = min(start + GearChunker.maximum, bytes.count)
                return try writer.save(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), as: .data, using: sealer).id
            }
        }
        return node
    }

    /// A directory made of a tree, mode 0700, owned by root.
    package func directory(named name: String, _ tree: TreeID, modified: Timestamp) -> Node {
        var node = Node(name: Array(name.utf8), type: .dir)
        node.mode = FileMode.directory | 0o700
        node.subtree = tree
        setTimes(of: &node, modified)
        return node
    }

    private func setTimes(of node: inout Node, _ time: Timestamp) {
        node.mtime = NodeTime(time)
        node.atime = node.mtime
        node.ctime = node.mtime
    }
}
