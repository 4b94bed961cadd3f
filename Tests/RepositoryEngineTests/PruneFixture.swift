import HostIO
import Model
import ObjectStorage
import ResticFormat
import Synchronization
import TestSupport
import Testing

@testable import RepositoryEngine

/// The ways in which tests of prune bring a repository into shape.
extension SampleRepository {
    /// A little more than the grace period of a prune.
    static let day = Duration.seconds(86_401)

    /// With the blobs of a snapshot that was forgotten, and of no other.
    static func withForgotten(_ name: String, files: Int = 20) throws -> (sample: SampleRepository, tree: SampleTree, gone: StoredSnapshot)
    {
        let sample = try SampleRepository()
        var random = SeededRandom(named: name)
        let tree = SampleTree.random(&random, files: files, bytes: 20_000)
        let gone = try sample.repository.backUp(tree)
        try sample.repository.removeSnapshot(gone.id)
        return (sample, tree, gone)
    }

    /// Two snapshots shared half of their files; the first is forgotten.
    static func wasteful() throws -> (sample: SampleRepository, kept: StoredSnapshot, tree: SampleTree) {
        let sample = try SampleRepository()
        var random = SeededRandom(named: "wasteful")
        let shared = SampleTree.random(&random, files: 20, bytes: 20_000)
        let first = SampleTree(files: shared.files, folders: ["more": .random(&random, files: 20, bytes: 20_000)])
        let gone = try sample.repository.backUp(first)
        let kept = try sample.repository.backUp(shared)
        try sample.repository.removeSnapshot(gone.id)
        return (sample, kept, shared)
    }

    /// A prune with the usual grace period.
    @discardableResult
    func prune() throws -> PruneOutcome { try repository.prune(PruneOptions()) }

    @discardableResult
    func pruneAtOnce() throws -> PruneOutcome { try repository.prune(PruneOptions(grace: 0)) }

    /// The end of a backup: what the writer has saved becomes a snapshot, and its lock goes.
    func commit(_ root: TreeID, by writer: BlobWriter) throws -> StoredSnapshot {
        _ = try writer.finish()
        let file = SnapshotFile(time: NodeTime(clock.now()), tree: root, paths: ["/sample"])
        let made = StoredSnapshot(id: try repository.save(file), file: file)
        writer.lock.release()
        return made
    }

    /// Stores everything of the tree once more, as a writer does who knows of nothing that is there.
    func storeBlindly(_ tree: SampleTree) throws {
        let lock = try repository.lock(.write)
        let index = try repository.index(of: IndexContents(), doomed: [])
        let writer = try WritableRepository(index: index, lock: lock).beginWriting()
        _ = try writer.save(tree, using: writer.makeSealer())
        _ = try writer.finish()
        lock.release()
    }

    /// The same objects in a storage of its own; the clock is new and stands where this one does.
    func copy() -> SampleRepository {
        let clock = ManualClock(clock.now())
        let host = Host.forTests(clock: clock)
        let storage = storage.copy()
        let repository = OpenRepository(
            storage: storage, config: repository.config, key: repository.key, openedWith: repository.openedWith, host: host)
        return SampleRepository(storage: storage, clock: clock, host: host, repository: repository)
    }

    /// Runs `body` once for each operation that `prune` makes on a storage, each time on a copy of this repository, and gives how many
    /// those were. `interrupt` is called just before that operation; `body` is told what it gave.
    func atEachOperation<Value: Sendable>(
        of prune: (OpenRepository) throws -> Void, prepare: (SampleRepository) throws -> @Sendable () throws -> Value,
        _ body: (SampleRepository, Value, Int) throws -> Void
    ) throws -> Int {
        var turn = 0
        while true {
            let round = copy()
            let interrupt = try prepare(round)
            let given = Mutex<Value?>(nil)
            let before = Countdown(turn) { try given.withLock { $0 = try interrupt() } }
            try prune(try round.reopened(through: WatchedStorage(round.storage, before: { _ in before.tick() })))
            guard let value = given.withLock({ $0 }) else { return turn }
            try body(round, value, turn)
            turn += 1
        }
    }
}

/// Does something once, before so many ticks have passed.
private final class Countdown: Sendable {
    private let left: Mutex<Int>
    private let body: @Sendable () throws -> Void

    init(_ ticks: Int, _ body: @escaping @Sendable () throws -> Void) {
        left = Mutex(ticks)
        self.body = body
    }

    func tick() {
        let isDue = left.withLock { left in
            left -= 1
            return left == -1
        }
        if isDue { #expect(throws: Never.self) { try body() } }
    }
}
