import HostIO
import Model
import ObjectStorage
import ResticFormat
import TestSupport
import Testing

@testable import RepositoryEngine

/// What is damaged in packs is stored again by the next backup that still has it.
@Suite(.timeLimit(.minutes(10)))
struct MendingTests {
    private struct Ground {
        let sample: SampleRepository
        let old: StoredSnapshot
        let oldTree: SampleTree
        let new: StoredSnapshot
        let newTree: SampleTree
    }

    /// Two snapshots, of which the second has lost, changed and new files, in several packs.
    private func ground() throws -> Ground {
        let sample = try SampleRepository()
        var random = SeededRandom(named: "mending")
        let tree = SampleTree.random(&random, files: 12, bytes: 20_000)
        let old = try sample.repository.backUp(tree)
        sample.clock.advance(by: .seconds(1))
        let changed = tree.changed(&random)
        return Ground(sample: sample, old: old, oldTree: tree, new: try sample.repository.backUp(changed), newTree: changed)
    }

    private func inflict(_ damage: PackDamage, on pack: ObjectName, of sample: SampleRepository) throws {
        guard damage != .lost else { return try sample.storage.remove(pack) }
        #expect(sample.storage.damage(pack) { $0 = damage.afflict($0) ?? [] })
    }

    private func verify(_ sample: SampleRepository, _ snapshots: [StoredSnapshot]? = nil, _ data: DataReading = .all) throws -> CheckReport
    {
        let report = try sample.repository.check(snapshots, data: data)
        try sample.repository.note(report)
        return report
    }

    @Test(
        "After damage to any pack, the next backup is whole, and so is all of the old ones that it stores again",
        arguments: PackDamage.allCases)
    func backedUpAgain(damage: PackDamage) throws {
        let ground = try ground()
        let packs = try ground.sample.names("data")
        #expect(packs.count >= 4)
        for pack in packs {
            let sample = ground.sample.copy()
            try inflict(damage, on: pack, of: sample)
            if damage.isInside { #expect(try !verify(sample).isSound) }
            let again = try sample.repository.backUp(ground.newTree)
            for snapshot in [again, ground.new] {
                for data in [DataReading.none, .all] {
                    let report = try verify(sample, [snapshot], data)
                    #expect(report.isSound, "\(damage) of \(pack): \(report.problems.map(\.text))")
                }
                #expect(try sample.repository.restore(snapshot) == ground.newTree)
            }
            try expectEnds(sample, ground, "\(damage) of \(pack)")
        }
    }

    /// Either the old snapshot is whole as well and a prune ends the matter, or the prune refuses until that is deleted.
    private func expectEnds(_ sample: SampleRepository, _ ground: Ground, _ context: String) throws {
        let report = try verify(sample)
        let affected = try sample.repository.affected(by: report, among: sample.repository.snapshots().snapshots)
        #expect(affected.isEmpty || affected == [ground.old], "\(context)")
        #expect(report.isRestorable == affected.isEmpty, "\(context): \(report.problems.map(\.text))")
        if affected.isEmpty {
            #expect(try sample.repository.restore(ground.old) == ground.oldTree)
        } else {
            #expect(throws: (any Error).self) { try sample.repository.restore(ground.old) }
            let failure = #expect(throws: Failure.self) { try sample.pruneAtOnce() }
            #expect(failure?.code == .damaged)
            try sample.repository.removeSnapshot(ground.old.id)
        }
        try sample.pruneAtOnce()
        expectSound(sample.repository, context)
        #expect(try sample.names("holdfast").isEmpty && sample.repository.packsNotedDamaged().isEmpty, "\(context)")
        #expect(try sample.repository.check(data: .none).orphanedPacks.isEmpty)
    }

    @Test("A prune moves what is needed out of a damaged pack", arguments: [PackDamage.withoutItsEnd, .extended, .flipped])
    func salvage(damage: PackDamage) throws {
        let sample = try SampleRepository()
        var random = SeededRandom(named: "salvage")
        let kept = SampleTree(files: ["kept": random.bytes(3000)])
        let more = SampleTree(files: kept.files.merging(["gone": random.bytes(100_000)]) { $1 })
        let gone = try sample.repository.backUp(more, chunk: 1 << 20)
        let snapshot = try sample.repository.backUp(kept)
        try sample.repository.removeSnapshot(gone.id)
        let (pack, blobs) = try #require(
            try sample.repository.loadIndexContents().packs.first { $0.value.contains { $0.length > 100_000 } })
        let unneeded = try #require(blobs.first { $0.length > 100_000 })
        #expect(blobs.count == 2)
        #expect(
            sample.storage.damage(RepositoryNames.pack(pack)) { bytes in
                if damage.isInside { bytes[Int(unneeded.offset) + 50] ^= 1 } else { bytes = damage.afflict(bytes) ?? [] }
            })
        _ = try verify(sample)
        try sample.pruneAtOnce()
        expectHolds([snapshot: kept], in: sample.repository)
        #expect(try !sample.names("data").contains(RepositoryNames.pack(pack)))
        #expect(try sample.names("holdfast").isEmpty)
    }

    @Test("A copy is not trusted for its pack's right size before the damaged pack that has it too is given up")
    func damagedTwice() throws {
        let sample = try SampleRepository()
        var random = SeededRandom(named: "damagedTwice")
        let tree = SampleTree.random(&random, files: 12, bytes: 20_000)
        let snapshot = try sample.repository.backUp(tree)
        let first = try sample.repository.loadIndexContents().packs
        try sample.storeBlindly(tree)
        let second = try sample.repository.loadIndexContents().packs.filter { first[$0.key] == nil }
        #expect(first.count == 2 && second.count == 2)
        // One after the other, each of the first packs loses a blob and is known for it; each of the second loses another and is not.
        for (pack, blobs) in first { #expect(sample.storage.damage(RepositoryNames.pack(pack)) { $0[Int(blobs[0].offset) + 20] ^= 1 }) }
        _ = try verify(sample)
        #expect(try sample.repository.packsNotedDamaged() == Set(first.keys))
        for (pack, blobs) in second {
            let spared = Set(first.values.map { $0[0].id })
            guard let bad = blobs.first(where: { !spared.contains($0.id) }) else { continue }
            #expect(sample.storage.damage(RepositoryNames.pack(pack)) { $0[Int(bad.offset) + 20] ^= 1 })
        }
        #expect(try sample.repository.restore(snapshot) == tree)
        try sample.pruneAtOnce()
        expectHolds([snapshot: tree], in: sample.repository)
        let left = try sample.repository.loadIndexContents().packs
        #expect(first.keys.allSatisfy { left[$0] == nil })
    }

    @Test("Damage that costs the chosen snapshot nothing is not its problem, is noted, and those that it hits are named")
    func otherSnapshots() throws {
        let sample = try SampleRepository()
        var random = SeededRandom(named: "otherSnapshots")
        let small = SampleTree(files: ["a": random.bytes(2000)])
        let both = try sample.repository.backUp(SampleTree(files: small.files.merging(["b": random.bytes(2000)]) { $1 }))
        let one = try sample.repository.backUp(small)
        let index = try sample.repository.loadIndex()
        let nodes = try index.tree(both.file.tree, using: index.makeOpener()).nodes
        let place = try #require(nodes.last?.content?.first.flatMap { index.locate($0, .data) })
        #expect(sample.storage.damage(RepositoryNames.pack(place.pack)) { $0[Int(place.offset) + 20] ^= 1 })
        let report = try verify(sample, [one])
        #expect(report.isSound && report.damagedPacks == [place.pack])
        #expect(try sample.repository.affected(by: report, among: [one, both]) == [both])
        #expect(try !sample.repository.check([both], data: .none).isSound, "a pack that was noted is read in any case")
        let rest = try sample.repository.loadIndex()
        #expect(!rest.hasDoomedBlobs, "only who writes has to know")
    }

    @Test("A pack that is found whole again is built upon again")
    func putBack() throws {
        let ground = try ground()
        let sample = ground.sample
        let before = sample.storage.objects
        let pack = try #require(try sample.names("data").first)
        try inflict(.flipped, on: pack, of: sample)
        #expect(try !verify(sample).isSound)
        #expect(try sample.names(RepositoryNames.damageFolder).count == 1)
        #expect(try !verify(sample).isSound)
        #expect(try sample.names(RepositoryNames.damageFolder).count == 1)
        let sound = try #require(before[pack])
        #expect(sample.storage.damage(pack) { $0 = sound })
        #expect(try verify(sample, nil, .none).isSound)
        #expect(sample.storage.objects == before)
        let writer = try sample.repository.beginWriting()
        #expect(!writer.repository.hasDoomedBlobs)
        _ = try writer.save(ground.newTree, using: writer.makeSealer())
        #expect(try writer.finish().blobs == 0)
    }

    @Test("A wrong bit that is read once only is no damage")
    func flippedOnTheWay() throws {
        let sample = try ground().sample
        let faulty = FaultyStorage(sample.storage, faults: [Fault([.read], below: "data/", .flipBit(at: 300))])
        #expect(try sample.reopened(through: faulty).check(data: .all).isSound)
    }

    @Test("Where nothing can be written, damage is found and not noted")
    func readOnly() throws {
        let ground = try ground()
        let pack = try #require(try ground.sample.names("data").first)
        try inflict(.flipped, on: pack, of: ground.sample)
        let before = ground.sample.storage.objects
        let repository = try ground.sample.reopened(through: ReadOnlyStorage(ground.sample.storage))
        let report = try repository.check(data: .all)
        #expect(!report.isSound)
        try repository.note(report)
        #expect(ground.sample.storage.objects == before)
    }

    @Test("Of two who note damage at once neither takes back what the other notes")
    func notesAtOnce() throws {
        let sample = try ground().sample
        let repository = sample.repository
        let packs = try repository.loadIndexContents().packs.keys.sorted()
        try repository.changeNotes(adding: [packs[0]], removing: [])
        let done = Box<Bool>()
        let others = Set([packs[1]])
        let watched = WatchedStorage(
            sample.storage,
            before: { operation in
                guard operation.kind == .write, done.value == nil else { return }
                done.value = true
                #expect(throws: Never.self) { try repository.changeNotes(adding: others, removing: []) }
            })
        try sample.reopened(through: watched).changeNotes(adding: [packs[2]], removing: [])
        #expect(try repository.packsNotedDamaged() == Set(packs[0...2]))
        try repository.changeNotes(adding: [], removing: Set(packs))
        #expect(try sample.names("holdfast").isEmpty)
    }
}
