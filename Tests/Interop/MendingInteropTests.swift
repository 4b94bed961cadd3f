import HostIO
import Model
import ObjectStorage
import RepositoryEngine
import ResticFormat
import TestSupport
import Testing

/// A damaged repository is mended by the next backup and a prune, in the eyes of restic too.
@Suite(.enabled(if: Restic.isInstalled), .timeLimit(.minutes(10)))
struct MendingInteropTests {
    private struct Ground: Sendable {
        let shared: SharedRepository
        var made: [StoredSnapshot: SampleTree] = [:]
        /// Of the last snapshot.
        var tree = SampleTree()
    }

    private static let byUs = Result { try make(byRestic: false) }
    private static let byRestic = Result { try make(byRestic: true) }

    /// Three snapshots, each of which has dropped, changed and added something.
    private static func make(byRestic: Bool) throws -> Ground {
        var ground = Ground(shared: try SharedRepository())
        var random = SeededRandom(named: "mending")
        if byRestic { try ground.shared.createByRestic() } else { _ = try ground.shared.create() }
        var tree = SampleTree.random(&random, files: 12, bytes: 40_000)
        for round in 0..<3 {
            tree = tree.changed(&random)
            ground.tree = tree
            let known = Set(try ground.shared.open().snapshots().snapshots)
            if byRestic {
                try ground.shared.restic.run("backup", ".", workingDirectory: ground.shared.folder("source\(round)", tree))
            } else {
                try ground.shared.open().backUp(tree, chunk: 8192)
            }
            ground.made[try #require(try ground.shared.open().snapshots().snapshots.first { !known.contains($0) })] = tree
        }
        return ground
    }

    @Test(
        "An index file that is damaged or gone is written anew by a prune, and restic finds no fault", arguments: PackDamage.allCases,
        [false, true])
    func mendedIndex(damage: PackDamage, byRestic: Bool) throws {
        let template = try (byRestic ? Self.byRestic : Self.byUs).get()
        let shared = try template.shared.copy()
        var random = SeededRandom(named: "mendedIndex")
        let index = try #require(try shared.storage.list("index").map(\.name).sorted().randomElement(using: &random))
        try inflict(damage, on: index, of: shared)
        let repository = try shared.open()
        _ = try repository.prune(PruneOptions(grace: 0))
        expectHolds(template.made, in: repository, "seed \(random.seed)")
        try shared.restic.check()
    }

    private func inflict(_ damage: PackDamage, on pack: ObjectName, of shared: SharedRepository) throws {
        let path = Path.join(shared.restic.repository, pack.text)
        let left = damage.afflict(try SharedRepository.bytes(of: path))
        if let left { try SharedRepository.put(left, at: path) } else { try shared.storage.remove(pack) }
    }

    @Test(
        "The next backup is whole whatever pack is damaged; after a prune restic finds no fault and restores all that was not lost for good",
        arguments: PackDamage.allCases, [false, true])
    func mended(damage: PackDamage, byRestic: Bool) throws {
        let template = try (byRestic ? Self.byRestic : Self.byUs).get()
        var random = SeededRandom(named: "mended")
        var packs = try template.shared.storage.list("data").map(\.name).sorted()
        packs.shuffle(using: &random)
        for pack in packs.prefix(2) {
            let shared = try template.shared.copy()
            let context = "seed \(random.seed), \(damage) of \(pack)"
            try inflict(damage, on: pack, of: shared)
            let repository = try shared.open()
            if damage.isInside { try repository.note(try repository.check(data: .all)) }
            // Files in one piece each, as restic cuts files of this size.
            let again = try repository.backUp(template.tree, chunk: byRestic ? 1 << 20 : 8192)
            let report = try repository.check([again], data: .all)
            #expect(report.isSound, "\(context): \(report.problems.map(\.text))")
            let lost = Set(try repository.affected(by: repository.check(data: .all), among: Array(template.made.keys)))
            if !byRestic { #expect(!lost.contains { template.made[$0] == template.tree }, "\(context): the same tree was stored again") }
            if damage.sparesBlobs { #expect(lost.isEmpty, "\(context)") }
            for snapshot in lost { try repository.removeSnapshot(snapshot.id) }
            _ = try repository.prune(PruneOptions(grace: 0))
            var left = template.made.filter { !lost.contains($0.key) }
            left[again] = template.tree
            expectHolds(left, in: repository, context)
            try shared.restic.check()
            for (snapshot, tree) in left { #expect(try shared.resticRestore(snapshot.id) == tree, "\(context)") }
        }
    }
}
