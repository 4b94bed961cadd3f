import Archiving
import Clusters
import HostIO
import Model
import RepositoryEngine
import ResticFormat
import Snapshots
import StoreContract

/// The writing of one backup: each store's image, whole or reduced, into the target's repository.
struct BackupWriting {
    let cluster: Cluster
    let source: RepositoryEntry
    let sourceReader: EntryReader
    /// Backups that are in the target, oldest first.
    let previous: [RepositoryEntry]
    let target: WritableRepository
    let mode: BackupMode
    let job: JobControl

    private struct Part {
        var record: StoreRecord
        var node: Node
    }

    func run(_ name: SnapshotName) throws -> CommittedEntry {
        let writer = try target.beginWriting()
        do {
            let parts = try source.manifest.stores.map { try write($0, into: writer) }
            let manifest = manifest(name, stores: parts.map(\.record))
            job.begin(phase: "committing")
            let nodes = Dictionary(uniqueKeysWithValues: parts.map { ($0.record.name, $0.node) })
            return try writer.commit(manifest, stores: nodes, user: cluster.host.user)
        } catch {
            writer.abandon()
            throw error
        }
    }

    private func manifest(_ name: SnapshotName, stores: [StoreRecord]) -> Manifest {
        let snapshot = source.manifest
        return Manifest(
            program: cluster.program, kind: .backup, name: name, cluster: snapshot.cluster, created: cluster.host.clock.now(),
            reason: snapshot.reason, style: snapshot.style, pinned: false, expires: nil, cut: snapshot.cut, mode: mode,
            source: SourceSnapshot(name: snapshot.name.text, id: source.id.hex, created: snapshot.created), stores: stores)
    }

    private func write(_ record: StoreRecord, into writer: BlobWriter) throws -> Part {
        job.begin(phase: "backing up \(record.name)")
        let extent = StoreExtent(mode: mode, role: record.role, hasBulkTables: !record.bulkTables.isEmpty)
        do {
            let image = try cluster.image(of: record, in: source, sourceReader)
            var part = try extent == .whole ? copy(image, record, into: writer) : reduce(image, to: extent, record, into: writer)
            part.record.image = .archived
            part.record.nativeImageID = nil
            part.record.extent = extent
            return part
        } catch {
            throw Failure(describing: error).about(store: record.name)
        }
    }

    private func copy(_ image: StoreImage, _ record: StoreRecord, into writer: BlobWriter) throws -> Part {
        switch image {
        case .archived(let tree):
            _ = try TreeCopy(from: tree, to: writer, parent: try parent(of: record), host: cluster.host).run(job: job)
            return Part(record: record, node: try node(of: tree, subtree: tree.id))
        case .native(let source):
            return try archive(source, .contentDefined, record, into: writer)
        }
    }

    private func reduce(_ image: StoreImage, to extent: StoreExtent, _ record: StoreRecord, into writer: BlobWriter) throws -> Part {
        let scratch = try cluster.scratch()
        let adapter = try cluster.adapter(for: record.declaration)
        switch try adapter.reduce(image, to: extent, scratch: scratch, job: job) {
        case .rebuilt(let source, let shape, let reload):
            var part = try archive(source, shape, record, into: writer)
            part.record.reload = reload
            return part
        case .directoriesOnly(let reload):
            var part = try skeleton(of: image, record, into: writer)
            part.record.reload = reload
            part.record.bytes = 0
            return part
        }
    }

    private func skeleton(of image: StoreImage, _ record: StoreRecord, into writer: BlobWriter) throws -> Part {
        switch image {
        case .archived(let tree):
            let skeleton = try TreeSkeleton(of: tree, into: writer).run(job: job)
            return Part(record: record, node: try node(of: tree, subtree: skeleton.tree))
        case .native(let source):
            return try archive(DirectoriesOnly(source), .contentDefined, record, into: writer)
        }
    }

    /// A source that is read now, against the store's tree in the newest backup that has one of the same extent.
    private func archive(_ source: any EntrySource, _ shape: ChunkShape, _ record: StoreRecord, into writer: BlobWriter) throws -> Part {
        let archiver = Archiver(writer: writer, host: cluster.host)
        let outcome = try archiver.archive(source, parent: try parent(of: record), shape: shape, job: job)
        var record = record
        record.bytes = outcome.totals.bytes
        record.entries = outcome.totals.files + outcome.totals.directories + outcome.totals.others
        record.issues += outcome.issueCount
        return Part(record: record, node: outcome.root)
    }

    /// The store's tree in the newest backup of this cluster that keeps as much of it.
    private func parent(of record: StoreRecord) throws -> TreeID? {
        let extent = StoreExtent(mode: mode, role: record.role, hasBulkTables: !record.bulkTables.isEmpty)
        let last = previous.last { backup in
            backup.manifest.cluster.id == source.manifest.cluster.id && backup.manifest.store(named: record.name)?.extent == extent
        }
        return try last.flatMap { try EntryReader(target.index).parentTree(of: record.name, in: $0) }
    }

    private func node(of tree: ArchivedTree, subtree: TreeID) throws -> Node {
        var node = tree.node ?? Node(name: [], type: .dir)
        if tree.node == nil { node.mode = FileMode.directory | 0o700 }
        node.subtree = subtree
        return node
    }
}
