import HostIO
import RepositoryEngine
import ResticFormat
import Synchronization

/// What the threads of one archiving share.
final class ArchiveRun: Sendable {
    enum Job: Sendable {
        /// The entry `index` of `parent`, or the root.
        case directory(parent: PendingDirectory?, index: Int)
        /// Some of the directory's `filesToRead`, each small enough for one blob.
        case files(PendingDirectory, Range<Int>)
        /// A node's index.
        case largeFile(PendingDirectory, Int)
        case blob(PendingFile, ordinal: Int, Segment, Range<Int>)
    }

    let pool: WorkPool<Job>
    let segments = SegmentMemory()
    let source: any EntrySource
    let writer: BlobWriter
    let parent: TreeID?
    /// Of ``parent``, for entries that were moved.
    let past: ParentTree?
    let shape: ChunkShape
    let job: JobControl
    let issues: IssueCollector
    let data: DataBytes
    private let zeros = Mutex<BlobID?>(nil)
    private let result = Mutex<(root: Node, entries: [Node]?)?>(nil)
    private let sums = Mutex(ArchiveTotals())

    init(source: any EntrySource, writer: BlobWriter, parent: TreeID?, shape: ChunkShape, job: JobControl, threads: Int) {
        self.source = source
        self.writer = writer
        self.parent = parent
        past = parent.map { ParentTree(root: $0, in: writer.repository) }
        self.shape = shape
        self.job = job
        issues = IssueCollector(job: job)
        data = DataBytes(writer.repository)
        // Each thread may hold one segment while it waits for the next, so one more than threads is the least that goes on.
        pool = WorkPool(tokens: threads + 2)
    }

    var repository: IndexedRepository { writer.repository }

    /// The tree that a directory had before, when the source says that nothing in it has changed since and nothing below it may be in a
    /// pack that is not to be built upon.
    func unchangedTree(of directory: any SourceDirectory, _ previous: TreeID?) -> TreeID? {
        guard let previous, directory.isUnchanged, !repository.hasDoomedBlobs else { return nil }
        return writer.contains(previous.naming(BlobNamed.self), .tree) ? previous : nil
    }

    func execute(threads: Int) throws -> ArchiveOutcome {
        pool.push(.directory(parent: nil, index: 0), .late)
        try pool.run(
            threads: threads, named: "archive", job: job, worker: { try ArchiveWorker(run: self) },
            finish: { worker in
                let totals = worker.totals
                self.sums.withLock { $0 = $0 + totals }
            },
            onFailure: { self.source.giveUp($0) }
        ) { worker, job in try worker.perform(job) }
        guard let (root, entries) = result.withLock({ $0 }), let tree = root.subtree else {
            throw EntryError(.vanished, path: source.description, detail: "the root directory could not be archived")
        }
        source.conclude(issues)
        return ArchiveOutcome(
            tree: tree, root: root, entries: entries, totals: sums.withLock { $0 }, issues: issues.first, summary: issues.summary)
    }

    /// `entries`: nil when they were taken over unseen.
    func finishRoot(_ root: Node, _ tree: TreeID, _ entries: [Node]?) {
        var root = root
        root.subtree = tree
        result.withLock { $0 = (root, entries) }
    }

    /// The blob of ``ChunkShape/maximum`` zeros, stored on first use.
    func zeroBlob(_ store: (UnsafeRawBufferPointer) throws -> BlobID) throws -> BlobID {
        if let id = zeros.withLock({ $0 }) { return id }
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: shape.maximum, alignment: 64)
        defer { memory.deallocate() }
        memory.initializeMemory(as: UInt8.self, repeating: 0)
        let id = try store(UnsafeRawBufferPointer(memory))
        zeros.withLock { $0 = id }
        return id
    }
}
