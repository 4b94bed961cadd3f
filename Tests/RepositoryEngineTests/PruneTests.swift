import HostIO
import Model
import ObjectStorage
import ResticFormat
import Testing
import TestSupport

@testable import RepositoryEngine

@Suite(.timeLimit(.minutes(10)))
struct PruneTests {
    private let day = Duration.seconds(86_401)

    /// Two snapshots that share half of their files; the first is forgotten.
    private func wasteful(_ sample: SampleRepository) throws -> (kept: StoredSnapshot, tree: SampleTree) {
        var random = SeededRandom(named: "wasteful")
        let shared = SampleTree.random(&random, files: 20, bytes: 20_000)
        let first = SampleTree(files: shared.files, folders: ["more": .random(&random, files: 20, bytes: 20_000)])
        let gone = try sample.repository.backUp(first)
        let kept = try sample.repository.backUp(shared)
        try sample.repository.removeSnapshot(gone.id)
        return (kept, shared)
    }

    private func mark(_ sample: SampleRepository) throws -> PruneOutcome { try sample.repository.prune(PruneOptions()) }

    @Test("A prune marks at first, deletes after the grace period, and leaves nothing to do")
    func twoPhases() throws {
        let sample = try SampleRepository()
        let (kept, tree) = try wasteful(sample)
        let before = try sample.names("data")
        let plan = try sample.repository.planPrune(PruneOptions())
        #expect(plan.mark.count + plan.repack.count > 0 && plan.delete.isEmpty && plan.bytesMarked > 0)
        let first = try mark(sample)
        #expect(first.packsMarked > 0 && first.packsDeleted == 0)
        #expect(Set(before).isSubset(of: try sample.names("data")))
        expectHolds([kept: tree], in: sample.repository)
        let second = try mark(sample)
        #expect(second.packsDeleted == 0 && second.packsMarked == 0 && second.plan.waiting > 0)
        sample.clock.advance(by: day)
        let third = try mark(sample)
        #expect(third.packsDeleted == first.packsMarked && third.packsMarked == 0)
        #expect(try sample.repository.planPrune(PruneOptions()).isEmpty)
        #expect(try sample.repository.deletionMarks().isEmpty)
        let report = try sample.repository.check(data: .all)
        #expect(report.orphanedPacks.isEmpty)
        expectHolds([kept: tree], in: sample.repository)
        #expect(third.plan.bytesUsed > 0 && third.plan.bytesDeleted > 0)
    }

    @Test("Without a grace period all is done at once")
    func noGrace() throws {
        let sample = try SampleRepository()
        let (kept, tree) = try wasteful(sample)
        let outcome = try sample.repository.prune(PruneOptions(grace: 0))
        #expect(outcome.packsDeleted > 0)
        #expect(try sample.repository.deletionMarks().isEmpty)
        #expect(try sample.repository.planPrune(PruneOptions(grace: 0)).isEmpty)
        expectHolds([kept: tree], in: sample.repository)
        try sample.repository.removeSnapshot(kept.id)
        _ = try sample.repository.prune(PruneOptions(grace: 0))
        #expect(try sample.names("data").isEmpty)
        #expect(try sample.names("locks").isEmpty)
    }

    @Test("A plan changes nothing")
    func planIsPure() throws {
        let sample = try SampleRepository()
        _ = try wasteful(sample)
        let before = sample.storage.objects
        _ = try sample.repository.planPrune(PruneOptions(grace: 0))
        #expect(sample.storage.objects == before)
    }

    @Test("A backup that began before the mark and ends after the grace period keeps what it built upon")
    func backupUnderWay() throws {
        let sample = try SampleRepository()
        var random = SeededRandom(named: "backupUnderWay")
        let tree = SampleTree.random(&random, files: 20, bytes: 20_000)
        let gone = try sample.repository.backUp(tree)
        try sample.repository.removeSnapshot(gone.id)
        let writer = try sample.reopened().beginWriting()
        let lock = writer.lock
        #expect(try mark(sample).packsMarked > 0)
        try sample.clock.pass(day, refreshing: [lock])
        #expect(try mark(sample).packsDeleted == 0)
        let root = try writer.save(tree, using: writer.makeSealer())
        #expect(try writer.finish().blobs == 0, "it built upon the marked packs")
        let file = SnapshotFile(time: NodeTime(sample.clock.now()), tree: root, paths: ["/sample"])
        let made = StoredSnapshot(id: try sample.repository.save(file), file: file)
        lock.release()
        let outcome = try mark(sample)
        #expect(outcome.packsDeleted == 0 && !outcome.plan.keepAfterAll.isEmpty)
        #expect(try sample.repository.deletionMarks().isEmpty)
        expectHolds([made: tree], in: sample.repository)
    }

    @Test("A backup that commits and unlocks while a prune looks around keeps its packs")
    func commitDuringSurvey() throws {
        let sample = try SampleRepository()
        var random = SeededRandom(named: "commitDuringSurvey")
        let tree = SampleTree.random(&random, files: 10, bytes: 20_000)
        let gone = try sample.repository.backUp(tree)
        try sample.repository.removeSnapshot(gone.id)
        let repository = sample.repository
        // At each operation of the deleting prune in turn, the backup commits just before it.
        var operation = 0
        while true {
            let round = SampleRepository.copy(of: sample)
            let writer = try round.repository.beginWriting()
            let lock = writer.lock
            let root = try writer.save(tree, using: writer.makeSealer())
            _ = try writer.finish()
            _ = try round.repository.prune(PruneOptions())
            try round.clock.pass(day, refreshing: [lock])
            let made = Box<StoredSnapshot>()
            let count = Box<Int>()
            count.value = 0
            let turn = operation
            let watched = WatchedStorage(
                round.storage,
                before: { _ in
                    let now = count.value ?? 0
                    count.value = now + 1
                    guard now == turn else { return }
                    do {
                        let file = SnapshotFile(time: NodeTime(round.clock.now()), tree: root, paths: ["/sample"])
                        made.value = StoredSnapshot(id: try round.repository.save(file), file: file)
                        lock.release()
                    } catch { Issue.record(error) }
                })
            _ = try round.reopened(through: watched).prune(PruneOptions())
            guard let snapshot = made.value else {
                lock.release()
                break
            }
            expectHolds([snapshot: tree], in: round.repository, "operation \(operation):")
            operation += 1
        }
        #expect(operation > 20)
        expectSound(repository)
    }

    @Test("A backup that starts at any moment of a marking prune survives the deleting one")
    func startDuringMark() throws {
        let sample = try SampleRepository()
        var random = SeededRandom(named: "startDuringMark")
        let tree = SampleTree.random(&random, files: 10, bytes: 20_000)
        let gone = try sample.repository.backUp(tree)
        try sample.repository.removeSnapshot(gone.id)
        var operation = 0
        while true {
            let round = SampleRepository.copy(of: sample)
            let started = Box<BlobWriter>()
            let count = Box<Int>()
            count.value = 0
            let turn = operation
            let watched = WatchedStorage(
                round.storage,
                before: { _ in
                    let now = count.value ?? 0
                    count.value = now + 1
                    guard now == turn else { return }
                    do { started.value = try round.repository.beginWriting() } catch { Issue.record(error) }
                })
            _ = try round.reopened(through: watched).prune(PruneOptions())
            guard let writer = started.value else { break }
            try round.clock.pass(day, refreshing: [writer.lock])
            _ = try round.repository.prune(PruneOptions())
            let root = try writer.save(tree, using: writer.makeSealer())
            _ = try writer.finish()
            let file = SnapshotFile(time: NodeTime(round.clock.now()), tree: root, paths: ["/sample"])
            let made = StoredSnapshot(id: try round.repository.save(file), file: file)
            writer.lock.release()
            expectHolds([made: tree], in: round.repository, "started at operation \(operation):")
            _ = try round.repository.prune(PruneOptions(grace: 0))
            expectHolds([made: tree], in: round.repository, "pruned, started at operation \(operation):")
            operation += 1
        }
        #expect(operation > 20)
    }

    @Test("A mark that is replaced while an index is loaded dooms its packs all the same")
    func markReplacedWhileLoaded() throws {
        let sample = try SampleRepository()
        _ = try wasteful(sample)
        _ = try mark(sample)
        let storage = sample.storage
        let repository = sample.repository
        let done = Box<Bool>()
        let watched = WatchedStorage(
            storage,
            after: { operation in
                guard operation.kind == .list, operation.object == RepositoryNames.markFolder, done.value == nil else { return }
                done.value = true
                do {
                    for mark in try repository.deletionMarks() {
                        _ = try repository.writeMark(mark.packs, sessions: [], at: mark.marked)
                        try repository.removeMark(mark)
                    }
                } catch { Issue.record(error) }
            })
        let marks = try sample.reopened(through: watched).deletionMarks()
        #expect(Set(marks.flatMap(\.packs)) == Set(try repository.deletionMarks().flatMap(\.packs)))
        #expect(!marks.isEmpty)
    }

    @Test("A backup after the mark does not build upon marked packs, and stores what it needs again")
    func backupAfterMark() throws {
        let sample = try SampleRepository()
        var random = SeededRandom(named: "backupAfterMark")
        let tree = SampleTree.random(&random, files: 20, bytes: 20_000)
        let gone = try sample.repository.backUp(tree)
        try sample.repository.removeSnapshot(gone.id)
        _ = try mark(sample)
        let marked = Set(try sample.repository.deletionMarks().flatMap(\.packs))
        let made = try sample.repository.backUp(tree)
        sample.clock.advance(by: day)
        let outcome = try mark(sample)
        #expect(outcome.plan.delete == marked)
        expectHolds([made: tree], in: sample.repository)
    }

    @Test("A snapshot that restic makes upon marked packs takes them out of the mark")
    func resurrected() throws {
        let sample = try SampleRepository()
        var random = SeededRandom(named: "resurrected")
        let tree = SampleTree.random(&random, files: 20, bytes: 20_000)
        let gone = try sample.repository.backUp(tree)
        try sample.repository.removeSnapshot(gone.id)
        _ = try mark(sample)
        // restic knows no marks: it finds all blobs in the index and only writes a snapshot.
        let back = try sample.repository.save(gone.file)
        sample.clock.advance(by: day)
        let outcome = try mark(sample)
        #expect(outcome.packsDeleted == 0 && !outcome.plan.keepAfterAll.isEmpty)
        #expect(try sample.repository.deletionMarks().isEmpty)
        expectHolds([StoredSnapshot(id: back, file: gone.file): tree], in: sample.repository)
    }

    @Test("A mark that a crash left announced is settled by the next prune and then waits its time")
    func announcedMark() throws {
        let sample = try SampleRepository()
        let (kept, tree) = try wasteful(sample)
        let packs = Array(try sample.repository.planPrune(PruneOptions()).mark)
        _ = try sample.repository.writeMark(packs, sessions: [OpenRepository.announced], at: sample.clock.now())
        sample.clock.advance(by: day)
        let lock = try sample.repository.lock(.write)
        #expect(try mark(sample).packsDeleted == 0)
        let marks = try sample.repository.deletionMarks()
        #expect(!marks.contains { $0.sessions.contains(OpenRepository.announced) })
        #expect(marks.contains { $0.sessions == [lock.session] })
        try sample.clock.pass(day, refreshing: [lock])
        #expect(try mark(sample).packsDeleted == 0, "a job that was at work when it was settled still is")
        lock.release()
        #expect(try mark(sample).packsDeleted > 0)
        expectHolds([kept: tree], in: sample.repository)
    }

    @Test("A prune refuses to make damage final", arguments: ["snapshots", "index", "tree", "missing", "short"])
    func refusesDamage(what: String) throws {
        let sample = try SampleRepository()
        let (kept, _) = try wasteful(sample)
        let index = try sample.repository.loadIndex()
        let root = try #require(index.locate(kept.file.tree.naming(BlobNamed.self), .tree))
        let content = try index.tree(kept.file.tree, using: index.makeOpener()).nodes.compactMap { $0.content?.first }
        let data = try #require(content.first.flatMap { index.locate($0, .data) })
        switch what {
        case "tree": #expect(sample.storage.damage(RepositoryNames.pack(root.pack)) { $0[Int(root.offset) + 20] ^= 1 })
        case "missing": try sample.storage.remove(RepositoryNames.pack(data.pack))
        case "short": #expect(sample.storage.damage(RepositoryNames.pack(data.pack)) { $0.removeLast() })
        default: #expect(sample.storage.damage(try #require(try sample.names(what).first)) { $0[30] ^= 1 })
        }
        let before = sample.storage.objects
        let failure = #expect(throws: Failure.self) { try sample.repository.prune(PruneOptions(grace: 0)) }
        #expect(failure?.code == .damaged)
        #expect(sample.storage.objects == before)
    }

    @Test("Of two copies of a blob the one in a pack that is gone does not count")
    func brokenCopy() throws {
        let sample = try SampleRepository()
        var random = SeededRandom(named: "brokenCopy")
        let tree = SampleTree.random(&random, files: 20, bytes: 20_000)
        let first = try sample.repository.backUp(tree)
        // A second writer that knew nothing of the first stores everything twice.
        let blind = WatchedStorage(sample.storage)
        let blindly = try sample.reopened(through: blind)
        let lock = try blindly.lock(.write)
        let writer = try WritableRepository(index: blindly.index(of: IndexContents(), doomed: []), lock: lock).beginWriting()
        _ = try writer.save(tree, using: writer.makeSealer())
        _ = try writer.finish()
        lock.release()
        for pack in try sample.names("data") {
            let copy = SampleRepository.copy(of: sample)
            try copy.storage.remove(pack)
            _ = try copy.repository.prune(PruneOptions(grace: 0))
            let report = try copy.repository.check(data: .all)
            #expect(report.isSound, "\(report.problems.map(\.text))")
            #expect(try copy.repository.restore(first) == tree)
        }
    }

    @Test("Packs that no index lists are taken away, but not those of a backup under way")
    func orphans() throws {
        let sample = try SampleRepository()
        var random = SeededRandom(named: "orphans")
        let tree = SampleTree.random(&random, files: 20, bytes: 20_000)
        let kept = try sample.repository.backUp(tree)
        let writer = try sample.repository.beginWriting(WriteOptions(packSize: 1 << 20))
        let lock = writer.lock
        let sealer = try writer.makeSealer()
        let more = SampleTree.random(&random, files: 200, bytes: 40_000)
        let root = try writer.save(more, using: sealer)
        _ = try sample.repository.prune(PruneOptions(grace: 0))
        try sample.clock.pass(day, refreshing: [lock])
        _ = try sample.repository.prune(PruneOptions(grace: 0))
        _ = try writer.finish()
        let file = SnapshotFile(time: NodeTime(sample.clock.now()), tree: root, paths: ["/sample"])
        let made = StoredSnapshot(id: try sample.repository.save(file), file: file)
        lock.release()
        expectHolds([kept: tree, made: more], in: sample.repository)
        for index in try sample.names("index") where try sample.names("index").count > 1 {
            let copy = sample.storage.copy()
            try copy.remove(index)
            let repository = try sample.reopened(through: copy)
            guard try repository.check(data: .none).isSound else { continue }
            _ = try repository.prune(PruneOptions(grace: 0))
            #expect(try repository.check(data: .all).orphanedPacks.isEmpty)
        }
    }

    @Test("Many small packs become few")
    func smallPacks() throws {
        let sample = try SampleRepository()
        var random = SeededRandom(named: "smallPacks")
        var made: [StoredSnapshot: SampleTree] = [:]
        for _ in 0..<15 {
            let tree = SampleTree.random(&random, files: 3, bytes: 2000)
            made[try sample.repository.backUp(tree)] = tree
            sample.clock.advance(by: .seconds(1))
        }
        #expect(try sample.names("data").count == 30)
        _ = try sample.repository.prune(PruneOptions(grace: 0))
        #expect(try sample.names("data").count <= 4)
        expectHolds(made, in: sample.repository)
        #expect(try sample.repository.planPrune(PruneOptions(grace: 0)).isEmpty)
    }

    @Test("A prune that lost its lock deletes nothing")
    func lostLock() throws {
        let sample = try SampleRepository()
        _ = try wasteful(sample)
        _ = try mark(sample)
        sample.clock.advance(by: day)
        let before = try sample.names("data")
        let clock = sample.clock
        let slow = WatchedStorage(sample.storage, after: { if $0.kind == .list, $0.object == "data" { clock.advance(by: .seconds(2000)) } })
        #expect(throws: RepositoryError.lockLost(location: "memory")) { try sample.reopened(through: slow).prune(PruneOptions()) }
        #expect(Set(before).isSubset(of: try sample.names("data")))
    }
}

extension SampleRepository {
    /// The same objects in a storage of its own; the clock is new and stands where the other one does.
    static func copy(of sample: SampleRepository) -> SampleRepository {
        let clock = ManualClock(sample.clock.now())
        let host = Host.forTests(clock: clock)
        let storage = sample.storage.copy()
        let old = sample.repository
        let repository = OpenRepository(storage: storage, config: old.config, key: old.key, openedWith: old.openedWith, host: host)
        return SampleRepository(storage: storage, clock: clock, host: host, repository: repository)
    }
}
