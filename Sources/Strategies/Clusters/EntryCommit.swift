import Archiving
import HostIO
package import Model
import ObjectStorage
package import RepositoryEngine
package import ResticFormat

/// An entry that exists, and what it added.
package struct CommittedEntry: Sendable {
    package var entry: RepositoryEntry
    /// Bytes of packs and indexes.
    package var bytesStored: UInt64
}

extension BlobWriter {
    /// Ends the writing: manifest, root tree, packs and indexes durable, then the one file that makes the entry exist.
    ///
    /// `stores`: a directory node for each archived store, by name. The entry's tree is `/manifest.json` and `/stores/<name>`. `user` goes into
    /// the snapshot file.
    package func commit(_ manifest: Manifest, stores: [String: Node], user: String) throws -> CommittedEntry {
        let builder = try TreeBuilder(writer: self)
        let nodes = stores.map { name, node in
            var node = node
            node.name = Array(name.utf8)
            return node
        }
        let folder = builder.directory(named: Manifest.storesFolder, try builder.save(nodes), modified: manifest.created)
        let root = try builder.save([try builder.file(named: Manifest.fileName, try manifest.json(), modified: manifest.created), folder])
        var file = SnapshotFile(
            time: NodeTime(manifest.created), tree: root, paths: ["/\(Manifest.storesFolder)"], hostname: manifest.cluster.name,
            username: user,
            tags: SnapshotTags(of: manifest).tags)
        file.programVersion = manifest.program
        let (id, bytes) = try commit(file)
        return CommittedEntry(entry: RepositoryEntry(id: id, file: file, manifest: manifest), bytesStored: bytes)
    }

    /// Ends the writing of what `file` refers to: packs and indexes durable, then the one file. Gives its id and the bytes that were added.
    package func commit(_ file: SnapshotFile) throws -> (id: SnapshotID, bytesStored: UInt64) {
        let totals = try finish()
        try lock.checkHeld()
        try repository.repository.checkStanding(lock)
        let id = try repository.repository.save(file)
        do { try repository.repository.checkStanding(lock) } catch {
            try repository.repository.removeSnapshot(id)
            throw error
        }
        return (id, UInt64(totals.bytes))
    }
}

extension OpenRepository {
    /// Throws `locked` when the lock does not stand in the storage any more. A prune on a clock that is far ahead takes it for stale and
    /// removes it, then deletes what its holder may have built upon: such an entry must not be.
    fileprivate func checkStanding(_ lock: RepositoryLock) throws {
        guard try !liveLocks().contains(where: { $0.file.purpose?.hasSuffix(lock.session) == true }) else { return }
        throw Failure(
            .locked, "the lock on \(storage.location) was removed meanwhile, so nothing was added",
            hint: "compare the clocks of the hosts that use it, and see that nobody runs restic unlock; then run the command again")
    }
}
