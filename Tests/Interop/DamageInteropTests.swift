import HostIO
import Model
import ObjectStorage
import RepositoryEngine
import ResticFormat
import Testing
import TestSupport

/// What our check finds in damaged repositories against what restic's check finds.
@Suite(.enabled(if: Restic.isInstalled), .timeLimit(.minutes(10)))
struct DamageInteropTests {
    private struct Ground: Sendable {
        let shared: SharedRepository
        var made: [StoredSnapshot: SampleTree] = [:]
        var random: SeededRandom
    }

    private static let byUs = Result { try make(byRestic: false) }
    private static let byRestic = Result { try make(byRestic: true) }

    /// A copy of one of the two.
    private func ground(byRestic: Bool) throws -> Ground {
        let template = try (byRestic ? Self.byRestic : Self.byUs).get()
        return Ground(shared: try template.shared.copy(), made: template.made, random: SeededRandom(named: "damage"))
    }

    enum Damage: String, CaseIterable, Sendable {
        case flipInPack, flipInPackHeader, truncatePack, extendPack, deletePack, emptyPack
        case flipInIndex, truncateIndex, deleteIndex
        case flipInSnapshot, truncateSnapshot
        case orphanPack

        /// What restic wants to read of such a pack it tries to read for a minute: its check of sizes is enough, and trees are left alone.
        var shortensPack: Bool { [.truncatePack, .deletePack, .emptyPack].contains(self) }
    }

    /// Three snapshots of which each shares files with the one before, in many small packs.
    private static func make(byRestic: Bool) throws -> Ground {
        var ground = Ground(shared: try SharedRepository(), random: SeededRandom(named: "ground"))
        if byRestic { try ground.shared.createByRestic() } else { _ = try ground.shared.create() }
        var tree = SampleTree.random(&ground.random, files: 12, bytes: 40_000)
        for round in 0..<3 {
            if byRestic {
                let known = Set(try ground.shared.open().snapshots().snapshots)
                try ground.shared.restic.run("backup", ".", workingDirectory: ground.shared.folder("source\(round)", tree))
                let new = try ground.shared.open().snapshots().snapshots.first { !known.contains($0) }
                ground.made[try #require(new)] = tree
            } else {
                ground.made[try ground.shared.open().backUp(tree, chunk: 8192)] = tree
            }
            tree = tree.changed(&ground.random)
            tree.files["of round \(round)"] = ground.random.bytes(50_000)
        }
        return ground
    }

    private func change(_ path: String, _ body: (inout [UInt8]) -> Void) throws {
        var bytes = try SharedRepository.bytes(of: path)
        body(&bytes)
        try SharedRepository.put(bytes, at: path)
    }

    private func inflict(_ damage: Damage, on ground: inout Ground) throws {
        let root = ground.shared.restic.repository
        let folder = ["Index": "index", "Snapshot": "snapshots"].first { damage.rawValue.hasSuffix($0.key) }?.value ?? "data"
        var entries = try ground.shared.storage.list(folder).sorted { $0.name < $1.name }
        if damage.shortensPack {
            let trees = try ground.shared.open().packs(of: .tree)
            entries.removeAll { entry in trees.contains { entry.name.text.hasSuffix($0.hex) } }
        }
        let entry = try #require(entries.randomElement(using: &ground.random))
        let path = Path.join(root, entry.name.text)
        let size = Int(entry.size)
        switch damage {
        case .flipInPack, .flipInIndex, .flipInSnapshot:
            let place = Int.random(in: 0..<(size - 200), using: &ground.random)
            try change(path) { $0[place] ^= 0x20 }
        case .flipInPackHeader: try change(path) { $0[size - 30] ^= 1 }
        case .truncatePack, .truncateIndex, .truncateSnapshot: try change(path) { $0.removeLast($0.count / 3) }
        case .extendPack: try change(path) { $0 += [0, 0, 0, 0] }
        case .emptyPack: try change(path) { $0.removeAll() }
        case .deletePack, .deleteIndex: try ground.shared.storage.remove(entry.name)
        case .orphanPack:
            let id = String(repeating: "ab", count: 32)
            try makeDirectories(Path.join(root, "data/ab"))
            try SharedRepository.put(try SharedRepository.bytes(of: path), at: Path.join(root, "data/ab/\(id)"))
        }
    }

    @Test("We find what restic finds, and what we call unaffected is restored by both", arguments: Damage.allCases)
    func sameVerdict(damage: Damage) throws {
        try expectSameVerdict(damage, byRestic: false)
    }

    @Test(
        "So it is with repositories that restic made",
        arguments: [Damage.flipInPack, .flipInPackHeader, .truncatePack, .deletePack, .flipInIndex, .flipInSnapshot])
    func sameVerdictOnTheirs(damage: Damage) throws {
        try expectSameVerdict(damage, byRestic: true)
    }

    private func expectSameVerdict(_ damage: Damage, byRestic: Bool) throws {
        var ground = try ground(byRestic: byRestic)
        try inflict(damage, on: &ground)
        let repository = try ground.shared.open()
        let report = try repository.check(data: .all)
        let restic = try ground.shared.restic.attempt(["check"] + (damage.shortensPack ? [] : ["--read-data"]))
        let context = "seed \(ground.random.seed): \(report.problems.map(\.text)) against \(restic.errorText.prefix(1500))"
        if damage == .orphanPack {
            #expect(report.isSound && report.orphanedPacks.count == 1, "\(context)")
        } else {
            #expect(!restic.succeeded && !report.isSound, "\(context)")
        }
        if damage != .flipInIndex, damage != .truncateIndex { expectSamePacks(report, restic, context) }
        let listing = try repository.snapshots()
        let readable = listing.snapshots
        let affected = Set(try repository.affected(by: report, among: readable).map(\.id))
        #expect(listing.unreadable.count == (damage == .flipInSnapshot || damage == .truncateSnapshot ? 1 : 0))
        #expect(report.isRestorable == (affected.isEmpty && listing.unreadable.isEmpty), "\(context)")
        for snapshot in readable {
            let tree = try #require(ground.made[snapshot])
            if affected.contains(snapshot.id) {
                #expect(throws: (any Error).self, "\(context)") { try repository.restore(snapshot) }
            } else {
                #expect(try repository.restore(snapshot) == tree, "\(context)")
            }
        }
    }

    /// Packs that one of the two names and the other does not.
    private func expectSamePacks(_ report: CheckReport, _ restic: ChildProcess.Outcome, _ context: String) {
        let ours = Set(
            report.problems.compactMap { problem -> String? in
                switch problem.place {
                case .pack(let id), .packFile(let id): id.short
                default: nil
                }
            })
        let text = restic.errorText + restic.outputText
        for pack in ours { #expect(text.contains(pack), "restic does not name \(pack); \(context)") }
        let words = text.split { !$0.isLetter && !$0.isNumber }
        for (index, word) in words.enumerated() where word == "pack" && index + 1 < words.count {
            let next = String(words[index + 1].prefix(8))
            guard next.count == 8, next.allSatisfy(\.isHexDigit), !report.orphanedPacks.map(\.short).contains(next) else { continue }
            #expect(ours.contains(next), "we do not name \(next); \(context)")
        }
    }

    @Test("A repository whose only key is damaged is opened by nobody; with a second key by both")
    func damagedKey() throws {
        let ground = try ground(byRestic: false)
        let repository = try ground.shared.open()
        let path = Path.join(ground.shared.restic.repository, "keys/\(repository.openedWith.hex)")
        let sound = try SharedRepository.bytes(of: path)
        for place in stride(from: 0, to: sound.count, by: 97) {
            try change(path) { $0[place] ^= 0x08 }
            #expect(throws: RepositoryError.self) { try ground.shared.open() }
            try SharedRepository.put(sound, at: path)
        }
        _ = try repository.addKey(Password("second"), cost: .quick)
        try change(path) { $0[40] ^= 1 }
        let again = try OpenRepository.open(ground.shared.storage, password: Password("second"), host: ground.shared.host)
        expectHolds(ground.made, in: again)
        try Restic(ground.shared.restic.repository, password: "second").check()
    }
}

extension OpenRepository {
    /// Packs that hold a blob of that kind which a snapshot needs.
    fileprivate func packs(of kind: BlobKind) throws -> Set<PackID> {
        let index = try loadIndex()
        var packs: Set<PackID> = []
        var trees = try snapshots().snapshots.map(\.file.tree)
        while let id = trees.popLast() {
            let tree = try index.tree(id, using: index.makeOpener())
            if kind == .tree, let place = index.locate(id.naming(BlobNamed.self), .tree) { packs.insert(place.pack) }
            for node in tree.nodes {
                if kind == .data { packs.formUnion((node.content ?? []).compactMap { index.locate($0, .data)?.pack }) }
                if let subtree = node.subtree { trees.append(subtree) }
            }
        }
        return packs
    }
}
