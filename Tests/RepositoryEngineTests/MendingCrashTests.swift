import HostIO
import ObjectStorage
import ResticFormat
import TestSupport
import Testing

@testable import RepositoryEngine

/// Damage is noted, stored again and pruned away, with a death at every change on the way.
@Suite(.timeLimit(.minutes(10)))
struct MendingCrashTests {
    private struct Script {
        let sample: SampleRepository
        let tree: SampleTree
        /// Can be restored from the start on.
        let whole: StoredSnapshot
        let wholeTree: SampleTree

        /// Everything from the finding of the damage on. May be run again and again.
        func run(through storage: any ObjectStorage) throws {
            let repository = try sample.reopened(through: storage)
            try repository.note(try repository.check(data: .all))
            sample.clock.advance(by: .seconds(1))
            try repository.backUp(tree)
            _ = try repository.prune(PruneOptions(tolerableWaste: 0))
            sample.clock.advance(by: SampleRepository.day)
            _ = try repository.prune(PruneOptions(tolerableWaste: 0))
        }

        /// The process that died is gone, its locks go stale; what was whole must be so, what was stored since too.
        func complaints() throws -> [String] {
            sample.clock.advance(by: .seconds(1801))
            let repository = sample.repository
            let index = try repository.loadIndex()
            let snapshots = try repository.snapshots().snapshots
            // The damaged snapshot is whole again when there is another one of its tree.
            let promised = snapshots.count > 2 ? snapshots : [whole]
            var complaints: [String] = []
            for snapshot in promised where try index.sample(snapshot.file.tree) != (snapshot == whole ? wholeTree : tree) {
                complaints.append("\(snapshot.id.short) differs")
            }
            return complaints
        }
    }

    private func script(_ damage: PackDamage) throws -> Script {
        let sample = try SampleRepository()
        var random = SeededRandom(seed: 77)
        let wholeTree = SampleTree.random(&random, files: 4, bytes: 3000)
        let whole = try sample.repository.backUp(wholeTree)
        let tree = wholeTree.changed(&random)
        let known = Set(try sample.names("data"))
        sample.clock.advance(by: .seconds(1))
        try sample.repository.backUp(tree)
        let pack = try #require(try sample.names("data").first { !known.contains($0) })
        if damage == .lost { try sample.storage.remove(pack) }
        _ = sample.storage.damage(pack) { $0 = damage.afflict($0) ?? [] }
        return Script(sample: sample, tree: tree, whole: whole, wholeTree: wholeTree)
    }

    @Test(
        "A crash before or after any change of the mending loses nothing, and the mending can be done again",
        arguments: [PackDamage.flipped, .lost, .halved, .withoutItsEnd], [false, true])
    func crash(damage: PackDamage, effectTaken: Bool) throws {
        let undisturbed = try script(damage)
        let counted = FaultyStorage(undisturbed.sample.storage)
        try undisturbed.run(through: counted)
        #expect(try undisturbed.complaints() == [])
        expectSound(undisturbed.sample.repository)
        #expect(try undisturbed.sample.names("holdfast").isEmpty)
        let changes = counted.changeCount
        #expect(changes > 15)
        for change in 1...changes {
            let script = try script(damage)
            let faulty = FaultyStorage(script.sample.storage)
            faulty.crash(atChange: change, effectTaken: effectTaken)
            try? script.run(through: faulty)
            #expect(try script.complaints() == [], "crash at change \(change) of \(changes)")
            try script.run(through: script.sample.storage)
            #expect(try script.complaints() == [], "crash at change \(change) of \(changes), done again")
            try script.sample.pruneAtOnce()
            expectSound(script.sample.repository, "crash at change \(change) of \(changes), done again:")
            #expect(try script.sample.names("holdfast").isEmpty, "crash at change \(change) of \(changes)")
        }
    }
}
