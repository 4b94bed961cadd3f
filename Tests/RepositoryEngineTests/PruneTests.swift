import HostIO
import Model
import ObjectStorage
import ResticFormat
import Testing
import TestSupport

@testable import RepositoryEngine

@Suite(.timeLimit(.minutes(10)))
struct PruneTests {
    @Test("A prune marks at first, deletes after the grace period, and leaves nothing to do")
    func twoPhases() throws {
        let (sample, kept, tree) = try SampleRepository.wasteful()
        let before = try sample.names("data")
        let plan = try sample.repository.planPrune(PruneOptions())
        #expect(plan.mark.count + plan.repack.count > 0 && plan.delete.isEmpty && plan.bytesMarked > 0)
        let first = try sample.prune()
        #expect(first.packsMarked > 0 && first.packsDeleted == 0)
        #expect(Set(before).isSubset(of: try sample.names("data")))
        expectHolds([kept: tree], in: sample.repository)
        let second = try sample.prune()
        #expect(second.packsDeleted == 0 && second.packsMarked == 0 && second.plan.waiting > 0)
        sample.clock.advance(by: SampleRepository.day)
        let third = try sample.prune()
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
        let (sample, kept, tree) = try SampleRepository.wasteful()
        #expect(try sample.pruneAtOnce().packsDeleted > 0)
        #expect(try sample.repository.deletionMarks().isEmpty)
        #expect(try sample.repository.planPrune(PruneOptions(grace: 0)).isEmpty)
        expectHolds([kept: tree], in: sample.repository)
        try sample.repository.removeSnapshot(kept.id)
        try sample.pruneAtOnce()
        #expect(try sample.names("data").isEmpty)
        #expect(try sample.names("locks").isEmpty)
    }

    @Test("A plan changes nothing")
    func planIsPure() throws {
        let (sample, _, _) = try SampleRepository.wasteful()
        let before = sample.storage.objects
        _ = try sample.repository.planPrune(PruneOptions(grace: 0))
        #expect(sample.storage.objects == before)
    }

    @Test("A backup that began before the mark and ends after the grace period keeps what it built upon")
    func backupUnderWay() throws {
        let (sample, tree, _) = try SampleRepository.withForgotten("backupUnderWay")
        let writer = try sample.reopened().beginWriting()
        #expect(try sample.prune().packsMarked > 0)
        try sample.clock.pass(SampleRepository.day, refreshing: [writer.lock])
        #expect(try sample.prune().packsDeleted == 0)
        let root = try writer.save(tree, using: writer.makeSealer())
        #expect(try writer.finish().blobs == 0, "it built upon the marked packs")
        let made = try sample.commit(root, by: writer)
        let outcome = try sample.prune()
        #expect(outcome.packsDeleted == 0 && !outcome.plan.keepAfterAll.isEmpty)
        #expect(try sample.repository.deletionMarks().isEmpty)
        expectHolds([made: tree], in: sample.repository)
    }

    @Test("A backup that commits and unlocks while a prune looks around keeps its packs")
    func commitDuringSurvey() throws {
        let (sample, tree, _) = try SampleRepository.withForgotten("commitDuringSurvey", files: 10)
        let operations = try sample.atEachOperation(of: { _ = try $0.prune(PruneOptions()) }) { round in
            let writer = try round.repository.beginWriting()
            let root = try writer.save(tree, using: writer.makeSealer())
            _ = try writer.finish()
            try round.prune()
            try round.clock.pass(SampleRepository.day, refreshing: [writer.lock])
            return { try round.commit(root, by: writer) }
        } _: { round, made, operation in
            expectHolds([made: tree], in: round.repository, "operation \(operation):")
        }
        #expect(operations > 20)
    }

    @Test("A backup that starts at any moment of a marking prune survives the deleting one")
    func startDuringMark() throws {
        let (sample, tree, _) = try SampleRepository.withForgotten("startDuringMark", files: 10)
        let operations = try sample.atEachOperation(of: { _ = try $0.prune(PruneOptions()) }) { round in
            { try round.repository.beginWriting() }
        } _: { round, writer, operation in
            try round.clock.pass(SampleRepository.day, refreshing: [writer.lock])
            try round.prune()
            let made = try round.commit(writer.save(tree, using: writer.makeSealer()), by: writer)
            expectHolds([made: tree], in: round.repository, "started at operation \(operation):")
            try round.pruneAtOnce()
            expectHolds([made: tree], in: round.repository, "pruned, started at operation \(operation):")
        }
        #expect(operations > 20)
    }

    @Test("A mark that is replaced while an index is loaded dooms its packs all the same")
    func markReplacedWhileLoaded() throws {
        let (sample, _, _) = try SampleRepository.wasteful()
        try sample.prune()
        let repository = sample.repository
        let done = Box<Bool>()
        let watched = WatchedStorage(
            sample.storage,
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
        let (sample, tree, _) = try SampleRepository.withForgotten("backupAfterMark")
        try sample.prune()
        let marked = Set(try sample.repository.deletionMarks().flatMap(\.packs))
        let made = try sample.repository.backUp(tree)
        sample.clock.advance(by: SampleRepository.day)
        #expect(try sample.prune().plan.delete == marked)
        expectHolds([made: tree], in: sample.repository)
    }

    @Test("A snapshot that restic makes upon marked packs takes them out of the mark")
    func resurrected() throws {
        let (sample, tree, gone) = try SampleRepository.withForgotten("resurrected")
        try sample.prune()
        // restic knows no marks: it finds all blobs in the index and only writes a snapshot.
        let back = try sample.repository.save(gone.file)
        sample.clock.advance(by: SampleRepository.day)
        let outcome = try sample.prune()
        #expect(outcome.packsDeleted == 0 && !outcome.plan.keepAfterAll.isEmpty)
        #expect(try sample.repository.deletionMarks().isEmpty)
        expectHolds([StoredSnapshot(id: back, file: gone.file): tree], in: sample.repository)
    }

    @Test("A mark that a crash left announced is settled by the next prune and then waits its time")
    func announcedMark() throws {
        let (sample, kept, tree) = try SampleRepository.wasteful()
        let packs = Array(try sample.repository.planPrune(PruneOptions()).mark)
        _ = try sample.repository.writeMark(packs, sessions: [OpenRepository.announced], at: sample.clock.now())
        sample.clock.advance(by: SampleRepository.day)
        let lock = try sample.repository.lock(.write)
        #expect(try sample.prune().packsDeleted == 0)
        let marks = try sample.repository.deletionMarks()
        #expect(!marks.contains { $0.sessions.contains(OpenRepository.announced) })
        #expect(marks.contains { $0.sessions == [lock.session] })
        try sample.clock.pass(SampleRepository.day, refreshing: [lock])
        #expect(try sample.prune().packsDeleted == 0, "a job that was at work when it was settled still is")
        lock.release()
        #expect(try sample.prune().packsDeleted > 0)
        expectHolds([kept: tree], in: sample.repository)
    }

    @Test("A prune refuses to make damage final", arguments: ["snapshots", "tree", "missing", "short"])
    func refusesDamage(what: String) throws {
        let (sample, kept, _) = try SampleRepository.wasteful()
        let index = try sample.repository.loadIndex()
        let root = try #require(index.locate(kept.file.tree.naming(BlobNamed.self), .tree))
        let content = try index.tree(kept.file.tree, using: index.makeOpener()).nodes.compactMap { $0.content?.first }
        let data = try #require(content.first.flatMap { index.locate($0, .data) })
        switch what {
        case "tree": #expect(sample.storage.damage(RepositoryNames.pack(root.pack)) { $0[Int(root.offset) + 20] ^= 1 })
        case "missing": try sample.storage.remove(RepositoryNames.pack(data.pack))
        case "short": #expect(sample.storage.damage(RepositoryNames.pack(data.pack)) { $0.removeLast($0.count - Int(data.offset) - 50) })
        default: #expect(sample.storage.damage(try #require(try sample.names(what).first)) { $0[30] ^= 1 })
        }
        let before = sample.storage.objects
        let failure = #expect(throws: Failure.self) { try sample.pruneAtOnce() }
        #expect(failure?.code == .damaged)
        let isUntouched = sample.storage.objects == before
        #expect(isUntouched)
    }

    @Test("Of two copies of a blob the one in a pack that is gone does not count")
    func brokenCopy() throws {
        let sample = try SampleRepository()
        var random = SeededRandom(named: "brokenCopy")
        let tree = SampleTree.random(&random, files: 20, bytes: 20_000)
        let first = try sample.repository.backUp(tree)
        try sample.storeBlindly(tree)
        for pack in try sample.names("data") {
            let copy = sample.copy()
            try copy.storage.remove(pack)
            try copy.pruneAtOnce()
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
        let more = SampleTree.random(&random, files: 200, bytes: 40_000)
        let root = try writer.save(more, using: writer.makeSealer())
        try sample.pruneAtOnce()
        try sample.clock.pass(SampleRepository.day, refreshing: [writer.lock])
        try sample.pruneAtOnce()
        let made = try sample.commit(root, by: writer)
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
        try sample.pruneAtOnce()
        #expect(try sample.names("data").count <= 4)
        expectHolds(made, in: sample.repository)
        #expect(try sample.repository.planPrune(PruneOptions(grace: 0)).isEmpty)
    }

    @Test("Index files that list none of the deleted packs stay as they are")
    func indexFilesStay() throws {
        let sample = try SampleRepository()
        var random = SeededRandom(named: "indexFilesStay")
        var made: [StoredSnapshot: SampleTree] = [:]
        for _ in 0..<5 {
            let tree = SampleTree.random(&random, files: 10, bytes: 5000)
            made[try sample.repository.backUp(tree)] = tree
        }
        let before = try sample.repository.loadIndexContents().files
        #expect(before.count == 5)
        let gone = try #require(made.keys.randomElement(using: &random))
        let root = try #require(try sample.repository.loadIndex().locate(gone.file.tree.naming(BlobNamed.self), .tree)?.pack)
        try sample.repository.removeSnapshot(gone.id)
        made[gone] = nil
        #expect(try sample.pruneAtOnce().packsDeleted == 2)
        let after = try sample.repository.loadIndexContents().files
        #expect(after == before.filter { !$0.value.contains(root) } && after.count == 4)
        expectHolds(made, in: sample.repository)
    }

    @Test("Of an index file that lists deleted packs and others, the others are listed anew; many small files become one")
    func indexFilesReplaced() throws {
        let sample = try SampleRepository()
        var random = SeededRandom(named: "indexFilesReplaced")
        // One index file with a pack that goes and others that stay.
        let kept = SampleTree.random(&random, files: 30, bytes: 100_000)
        let writer = try sample.repository.beginWriting(WriteOptions(packSize: 1 << 20))
        let more = SampleTree(
            files: kept.files, folders: kept.folders.merging(["more": .random(&random, files: 200, bytes: 100_000)]) { $1 })
        let gone = try sample.commit(try writer.save(more, using: writer.makeSealer()), by: writer)
        var made = [try sample.repository.backUp(kept): kept]
        let packs = try sample.names("data").count
        try sample.repository.removeSnapshot(gone.id)
        _ = try sample.repository.prune(PruneOptions(grace: 0, tolerableWaste: 100))
        #expect(try sample.names("data").count < packs && sample.names("index").count == 2)
        expectHolds(made, in: sample.repository)
        for _ in 0..<15 {
            let tree = SampleTree.random(&random, files: 2, bytes: 2000)
            made[try sample.repository.backUp(tree)] = tree
        }
        #expect(try sample.names("index").count == 17)
        try sample.pruneAtOnce()
        #expect(try sample.names("index").count == 1)
        expectHolds(made, in: sample.repository)
    }

    @Test("A prune that lost its lock deletes nothing")
    func lostLock() throws {
        let (sample, _, _) = try SampleRepository.wasteful()
        try sample.prune()
        sample.clock.advance(by: SampleRepository.day)
        let before = try sample.names("data")
        let clock = sample.clock
        let slow = WatchedStorage(sample.storage, after: { if $0.kind == .list, $0.object == "data" { clock.advance(by: .seconds(2000)) } })
        #expect(throws: RepositoryError.lockLost(location: "memory")) { try sample.reopened(through: slow).prune(PruneOptions()) }
        #expect(Set(before).isSubset(of: try sample.names("data")))
    }
}
