package import HostIO
package import RepositoryEngine
package import ResticFormat
import Synchronization

/// What a copy added to the target.
package struct TreeCopyOutcome: Hashable, Sendable {
    package var trees = 0
    package var blobs = 0
    /// Sealed bytes.
    package var bytesStored: UInt64 = 0
}

/// Copies a tree and everything below it from one repository into another, blob by blob as they are stored: nothing is cut or compressed
/// again, and every blob is proven on the way.
package struct TreeCopy: Sendable {
    private enum Job: Sendable {
        case tree(TreeID, parent: TreeID?)
        case blobs([BlobID])
    }

    private static let blobsInJob = 32

    private let source: ArchivedTree
    private let writer: BlobWriter
    private let parent: TreeID?
    private let host: Host

    /// `parent` is a tree of a complete snapshot in the target. A directory that is the same there is passed over with all below it; any other
    /// presence of a tree proves nothing, because an interrupted run may have left it without its children. Where the target has packs that
    /// are not to be built upon, nothing is passed over: what is below the parent may be in them.
    package init(from source: ArchivedTree, to writer: BlobWriter, parent: TreeID?, host: Host) {
        self.source = source
        self.writer = writer
        self.parent = writer.repository.hasDoomedBlobs ? nil : parent
        self.host = host
    }

    private final class Worker {
        let sourceOpener: BlobOpener
        let targetOpener: BlobOpener
        let sealer: BlobSealer
        var outcome = TreeCopyOutcome()

        init(_ copy: TreeCopy) throws {
            sourceOpener = try copy.source.repository.makeOpener()
            targetOpener = try copy.writer.makeOpener()
            sealer = try copy.writer.makeSealer()
        }
    }

    package func run(job: JobControl) throws -> TreeCopyOutcome {
        guard source.id != parent else { return TreeCopyOutcome() }
        let total = Mutex(TreeCopyOutcome())
        // A tree may stand in an image any number of times.
        let begun = Mutex<Set<TreeID>>([source.id])
        let pool = WorkPool<Job>()
        pool.push(.tree(source.id, parent: parent), .ordinary)
        try pool.run(
            threads: host.processors, named: "copy", job: job, worker: { try Worker(self) },
            finish: { worker in
                let part = worker.outcome
                total.withLock { total in
                    total.trees += part.trees
                    total.blobs += part.blobs
                    total.bytesStored += part.bytesStored
                }
            }
        ) { worker, item in
            switch item {
            case .tree(let id, let parent):
                try copyTree(id, parent: parent, worker, pool, job) { below in begun.withLock { $0.insert(below).inserted } }
            case .blobs(let ids): for id in ids { try copyBlob(id, .data, worker, job) }
            }
        }
        return total.withLock { $0 }
    }

    /// `isNew`: whether nobody has begun that tree.
    private func copyTree(
        _ id: TreeID, parent: TreeID?, _ worker: Worker, _ pool: WorkPool<Job>, _ job: JobControl, isNew: (TreeID) -> Bool
    ) throws {
        let nodes = try source.repository.nodes(of: id, using: worker.sourceOpener)
        var before = parent.flatMap { try? writer.repository.nodes(of: $0, using: worker.targetOpener) }.map(FormerNodes.init)
        var blobs: [BlobID] = []
        while let node = try nodes.next() {
            try job.checkCancelled()
            let known = try? before?.node(named: node.name)
            if let subtree = node.subtree, subtree != known?.subtree, isNew(subtree) {
                pool.push(.tree(subtree, parent: known?.subtree), .late)
            }
            guard let content = node.content, content != known?.content else { continue }
            job.add(1, to: .filesDone)
            for blob in content where !writer.contains(blob, .data) {
                blobs.append(blob)
                guard blobs.count == Self.blobsInJob else { continue }
                pool.push(.blobs(blobs), .ordinary)
                blobs = []
            }
        }
        if !blobs.isEmpty { pool.push(.blobs(blobs), .ordinary) }
        worker.outcome.trees += 1
        try copyBlob(id.naming(BlobNamed.self), .tree, worker, job)
    }

    private func copyBlob(_ id: BlobID, _ kind: BlobKind, _ worker: Worker, _ job: JobControl) throws {
        try job.checkCancelled()
        guard !writer.contains(id, kind) else { return }
        try source.repository.withStoredBlob(id, kind, using: worker.sourceOpener) { stored, uncompressedLength in
            let saved = try writer.saveStored(id, kind, stored, uncompressedLength: uncompressedLength, using: worker.sealer)
            guard saved.isNew else { return }
            worker.outcome.blobs += 1
            worker.outcome.bytesStored += UInt64(saved.storedBytes)
            job.add(saved.storedBytes, to: .bytesStored)
            job.add(Int(uncompressedLength ?? UInt32(clamping: stored.count)), to: .bytesDone)
        }
    }
}
