import Archiving
package import Model
package import RepositoryEngine
package import ResticFormat

extension BlobWriter {
    /// Ends the writing: manifest, root tree, packs and indexes durable, then the one file that makes the entry exist.
    ///
    /// `stores`: a directory node for each archived store, by name. The entry's tree is `/manifest.json` and `/stores/<name>`. `user` goes into
    /// the snapshot file.
    package func commit(_ manifest: Manifest, stores: [String: Node], under lock: RepositoryLock, user: String) throws -> RepositoryEntry {
        let builder = try TreeBuilder(writer: self)
        let nodes = stores.map { name, node in
            var node = node
            node.name = Array(name.utf8)
            return node
        }
        let folder = builder.directory(named: Manifest.storesFolder, try builder.save(nodes), modified: manifest.created)
        let root = try builder.save([try builder.file(named: Manifest.fileName, try manifest.json(), modified: manifest.created), folder])
        _ = try finish()
        try lock.checkHeld()
        var file = SnapshotFile(
            time: NodeTime(manifest.created), tree: root, paths: ["/\(Manifest.storesFolder)"], hostname: manifest.cluster.name,
            username: user,
            tags: SnapshotTags(of: manifest).tags)
        file.programVersion = manifest.program
        return RepositoryEntry(id: try repository.repository.save(file), file: file, manifest: manifest)
    }
}
