import HostIO
import Model
import ObjectStorage
import RepositoryEngine
import ResticFormat
import TestSupport
import Testing

@testable import Clusters

@Suite(.timeLimit(.minutes(5))) struct PruneInRoundsTests {
    private let job = JobControl()
    private let options = PruneOptions(grace: 0, tolerableWaste: 0.1, write: WriteOptions(packSize: 1 << 20))

    /// Two snapshots of which the first is forgotten: of every pack a half is needed. `room` bytes are free.
    private func halfUsed(room: UInt64) throws -> (storage: MemoryStorage, repository: OpenRepository, kept: [StoredSnapshot: SampleTree]) {
        var random = SeededRandom(named: "prune in rounds")
        let sample = try SampleRepository()
        let all = SampleTree(files: (0..<120).reduce(into: [:]) { $0["file\($1)"] = random.bytes(100_000) })
        let half = SampleTree(files: all.files.filter { ($0.key.last?.wholeNumberValue ?? 0) % 2 == 0 })
        let first = try sample.repository.backUp(all, options: options.write, chunk: 100_000)
        let second = try sample.repository.backUp(half, options: options.write, chunk: 100_000)
        try sample.repository.removeSnapshot(first.id)
        let used = sample.storage.objects.values.reduce(0) { $0 + UInt64($1.count) }
        let storage = MemoryStorage(sample.storage.objects, capacity: used + room)
        return (storage, try sample.reopened(through: storage), [second: half])
    }

    private func rounds(_ repository: OpenRepository, _ storage: MemoryStorage, _ options: PruneOptions) -> PruneInRounds {
        PruneInRounds(repository: repository, options: options, list: { try $0.snapshots() }, job: job) { try storage.space()?.free }
    }

    private func bytes(_ storage: MemoryStorage) throws -> UInt64 { try storage.list("data").reduce(0) { $0 + $1.size } }

    @Test func `where all of it does not fit, packs are rewritten a few at a time until all is done`() throws {
        let (storage, repository, kept) = try halfUsed(room: 3 << 20)
        let plan = try repository.planPrune(options)
        #expect(plan.bytesRepacked > 3 << 20)
        let before = try bytes(storage)
        let outcome = try rounds(repository, storage, options).run()
        #expect(outcome.packsDeleted >= plan.repack.count)
        #expect(try bytes(storage) < before * 6 / 10)
        #expect(try repository.planPrune(options).repack.isEmpty)
        expectHolds(kept, in: repository)
    }

    @Test func `the same prune in one go has no room`() throws {
        let (_, repository, kept) = try halfUsed(room: 3 << 20)
        #expect { try repository.prune(options) } throws: { Failure(describing: $0).code == .space }
        expectHolds(kept, in: repository)
    }

    @Test func `what nothing needs goes although nothing can be rewritten`() throws {
        let (storage, repository, kept) = try halfUsed(room: 300_000)
        let outcome = try rounds(repository, storage, options).run()
        #expect(outcome.bytesWritten == 0)
        let notes = job.drainNotes()
        #expect(notes.contains { $0.contains("of room, of which there is") }, "\(notes), \(outcome)")
        expectHolds(kept, in: repository)
    }

    @Test func `under a grace time nothing is rewritten into the last room`() throws {
        let (storage, repository, kept) = try halfUsed(room: 3 << 20)
        var patient = options
        patient.grace = 86_400
        let outcome = try rounds(repository, storage, patient).run()
        #expect(outcome.bytesWritten == 0 && outcome.packsDeleted == 0)
        expectHolds(kept, in: repository)
    }

    @Test func `where there is room, it is one round`() throws {
        let (storage, repository, kept) = try halfUsed(room: 64 << 20)
        let outcome = try rounds(repository, storage, options).run()
        #expect(outcome.packsDeleted == outcome.plan.repack.union(outcome.plan.mark).count)
        expectHolds(kept, in: repository)
    }
}
