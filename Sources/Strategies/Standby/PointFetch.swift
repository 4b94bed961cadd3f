import Archiving
import Clusters
import HostIO
import Model
import RepositoryEngine
import ResticFormat

/// Copies what is missing of one backup into this host's own storage: the same tree, blobs as they are stored, each proven on the way.
///
/// What has arrived when it breaks off stays, and is not fetched again. The point exists with its snapshot file, when all of it is durable.
struct PointFetch {
    let cluster: Cluster
    let entry: RepositoryEntry
    let reader: EntryReader
    let job: JobControl

    /// Bytes that were added; 0 when it was there.
    func run() throws -> UInt64 {
        job.begin(phase: "fetching \(entry.manifest.name)")
        let storage = try cluster.storage()
        let lock = try storage.lockForWriting(patience: .seconds(30))
        defer { lock.release() }
        let (listing, target) = try EntryReader.list(.backup, under: lock)
        if listing.entries.contains(where: { $0.file.tree == entry.file.tree }) { return 0 }
        // Where packs wait that are too large for memory.
        let scratch = try cluster.scratch()
        return try withExtendedLifetime(scratch) { try copy(into: target, over: listing.entries.last, scratch) }
    }

    private func copy(into target: WritableRepository, over last: RepositoryEntry?, _ scratch: ScratchDirectory) throws -> UInt64 {
        let writer = try target.beginWriting(cluster.writeOptions(at: cluster.file.storage, scratch))
        do {
            let tree = ArchivedTree(repository: reader.index, id: entry.file.tree)
            _ = try TreeCopy(from: tree, to: writer, parent: last?.file.tree, host: cluster.host).run(job: job)
            return try writer.commit(entry.file).bytesStored
        } catch {
            writer.abandon()
            throw error
        }
    }
}
