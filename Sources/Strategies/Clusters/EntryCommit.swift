package import Model
package import RepositoryEngine
package import ResticFormat

extension BlobWriter {
    /// Ends the writing: manifest, root tree, packs and indexes durable, then the one file that makes the entry exist.
    ///
    /// `stores`: a directory node for each archived store, by name. The entry's tree is `/manifest.json` and `/stores/<name>`.
    package func commit(_ manifest: Manifest, stores: [String: Node], under lock: RepositoryLock, host user: String) throws
        -> RepositoryEntry
    {
        let sealer = try makeSealer()
        let time = NodeTime(manifest.created)
        let storeNodes = stores.map { name, node in
            var node = node
            node.name = Array(name.utf8)
            return node
        }
        let folder = try directory(named: Manifest.storesFolder, storeNodes, at: time, sealer)
        let root = try save(tree: [try file(named: Manifest.fileName, try manifest.json(), at: time, sealer), folder], sealer)
        _ = try finish()
        try lock.checkHeld()
        var file = SnapshotFile(
            time: time, tree: root, paths: ["/\(Manifest.storesFolder)"], hostname: manifest.cluster.name, username: user,
            tags: SnapshotTags(of: manifest).tags)
        file.programVersion = manifest.program
        return RepositoryEntry(id: try repository.repository.save(file), file: file, manifest: manifest)
    }

    private func save(tree nodes: [Node], _ sealer: BlobSealer) throws -> TreeID {
        let bytes = Tree(nodes: nodes.sorted { Tree.areInOrder($0.name, $1.name) }).encoded()
        return try bytes.withUnsafeBytes { try save($0, as: .tree, using: sealer).id.naming(TreeNamed.self) }
    }

    private func directory(named name: String, _ nodes: [Node], at time: NodeTime, _ sealer: BlobSealer) throws -> Node {
        var node = Node(name: Array(name.utf8), type: .dir)
        node.mode = FileMode.directory | 0o700
        (node.mtime, node.atime, node.ctime) = (time, time, time)
        node.subtree = try save(tree: nodes, sealer)
        return node
    }

    private func file(named name: String, _ bytes: [UInt8], at time: NodeTime, _ sealer: BlobSealer) throws -> Node {
        var node = Node(name: Array(name.utf8), type: .file)
        node.mode = 0o600
        (node.mtime, node.atime, node.ctime) = (time, time, time)
        node.size = UInt64(bytes.count)
        node.links = 1
        node.content = bytes.isEmpty ? [] : [try bytes.withUnsafeBytes { try save($0, as: .data, using: sealer).id }]
        return node
    }
}
