import HostIO
import Model
import RepositoryEngine
import ResticFormat
import Testing
import TestSupport

/// The engine reads, checks and extends what restic writes.
@Suite(.enabled(if: Restic.isInstalled), .timeLimit(.minutes(10)))
struct TheirsToOursTests {
    /// How a repository of restic's is made.
    struct Kind: CustomTestStringConvertible, Sendable {
        let version: Int
        let compression: String

        var testDescription: String { "version \(version), compression \(compression)" }
    }

    private static let kinds = [
        Kind(version: 2, compression: "auto"), Kind(version: 2, compression: "max"), Kind(version: 2, compression: "off"),
        Kind(version: 1, compression: "auto"),
    ]

    private func make(_ shared: SharedRepository, _ kind: Kind) throws {
        try shared.createByRestic(version: kind.version)
    }

    /// Backs up with restic and gives the snapshot.
    private func backUp(_ shared: SharedRepository, _ name: String, _ tree: SampleTree, _ kind: Kind) throws -> StoredSnapshot {
        let before = Set(try shared.open().snapshots().snapshots)
        let folder = try shared.folder(name, tree)
        let flags = kind.version == 2 ? ["--compression", kind.compression] : []
        try shared.restic.run(["backup"] + flags + ["."], workingDirectory: folder)
        return try #require(try shared.open().snapshots().snapshots.first { !before.contains($0) })
    }

    /// More than the longest chunk of restic's; compresses well.
    private func large(_ random: inout SeededRandom) -> [UInt8] {
        let block = random.text(64 << 10)
        var bytes: [UInt8] = []
        for _ in 0..<140 {
            bytes.append(contentsOf: block)
            bytes.append(contentsOf: random.bytes(100))
        }
        return bytes
    }

    private func readEveryBlob(_ repository: OpenRepository) throws -> Int {
        let index = try repository.loadIndex()
        let reached = try Reachability.walk(try repository.snapshots().snapshots.map(\.file.tree), in: index)
        #expect(reached.problems.isEmpty)
        return index.blobCount
    }

    @Test("Repositories of restic are opened, checked and read whole", arguments: kinds)
    func readAll(kind: Kind) throws {
        let shared = try SharedRepository()
        try make(shared, kind)
        var random = SeededRandom(named: "readAll")
        var first = SampleTree.random(&random, files: 60, bytes: 30_000)
        first.files["large"] = large(&random)
        first.files["empty"] = []
        let second = first.changed(&random)
        var made: [StoredSnapshot: SampleTree] = [:]
        made[try backUp(shared, "first", first, kind)] = first
        made[try backUp(shared, "second", second, kind)] = second
        let repository = try shared.open()
        #expect(repository.config.version == kind.version)
        #expect(try readEveryBlob(repository) > 60)
        expectHolds(made, in: repository)
        let report = try repository.check(data: .all)
        #expect(report.packsRead == report.packs && report.packs > 2 && report.orphanedPacks.isEmpty)
        #expect(try repository.liveLocks().isEmpty)
    }

    @Test("A repository of restic is extended by us, and restic checks and restores both parts", arguments: kinds)
    func extend(kind: Kind) throws {
        let shared = try SharedRepository()
        try make(shared, kind)
        var random = SeededRandom(named: "extend")
        let first = SampleTree.random(&random, files: 30, bytes: 30_000)
        let theirs = try backUp(shared, "first", first, kind)
        let second = SampleTree.random(&random, files: 30, bytes: 30_000)
        let ours = try shared.open().backUp(second)
        try shared.restic.check()
        #expect(try shared.resticRestore(ours.id) == second)
        #expect(try shared.resticRestore(theirs.id) == first)
        expectHolds([theirs: first, ours: second], in: try shared.open())
        #expect(try shared.restic.run("stats", "--mode", "raw-data").contains("Total Blob Count"))
    }

    @Test("We prune what restic wrote, and restic prunes what we left", arguments: kinds)
    func pruneBothWays(kind: Kind) throws {
        let shared = try SharedRepository()
        try make(shared, kind)
        var random = SeededRandom(named: "pruneBothWays")
        let kept = SampleTree.random(&random, files: 30, bytes: 30_000)
        let gone = try backUp(
            shared, "gone", SampleTree(files: kept.files, folders: ["more": .random(&random, files: 40, bytes: 30_000)]), kind)
        let theirs = try backUp(shared, "kept", kept, kind)
        let ours = try shared.open().backUp(kept)
        let repository = try shared.open()
        try repository.removeSnapshot(gone.id)
        let outcome = try repository.prune(PruneOptions(grace: 0))
        #expect(outcome.packsDeleted > 0)
        try shared.restic.check()
        expectHolds([theirs: kept, ours: kept], in: repository)
        // Marked only: restic finds the marked packs unused too, and takes them first.
        try repository.removeSnapshot(theirs.id)
        _ = try repository.prune(PruneOptions())
        try shared.restic.run("prune", "--max-unused", "0")
        try shared.restic.check()
        _ = try repository.prune(PruneOptions(grace: 0))
        try shared.restic.check()
        expectHolds([ours: kept], in: repository)
        #expect(try shared.resticRestore(ours.id) == kept)
    }

    @Test("Many small files in one directory")
    func manySmallFiles() throws {
        let shared = try SharedRepository()
        try shared.createByRestic()
        var random = SeededRandom(named: "manySmallFiles")
        var tree = SampleTree()
        for index in 0..<3000 { tree.files["file \(index)"] = random.bytes(index % 50) }
        let made = try backUp(shared, "source", tree, Self.kinds[0])
        expectHolds([made: tree], in: try shared.open())
    }

    @Test("Every password of a repository of restic's opens it, until its key is removed")
    func keys() throws {
        let shared = try SharedRepository()
        try shared.restic.initialise()
        let file = shared.directory.file("second")
        try AtomicFile.write(Array("second\n".utf8), to: file)
        try shared.restic.run("key", "add", "--new-password-file", file)
        let first = try shared.open()
        let second = try OpenRepository.open(shared.storage, password: Password("second"), host: shared.host)
        #expect(first.id == second.id && first.openedWith != second.openedWith)
        #expect(try first.keys().count == 2)
        #expect(throws: RepositoryError.self) {
            try OpenRepository.open(shared.storage, password: Password("third"), host: shared.host)
        }
        try second.removeKey(first.openedWith)
        #expect(throws: RepositoryError.self) { try shared.open() }
        #expect(try !shared.restic.attempt("snapshots").succeeded)
        let other = try Restic(shared.restic.repository, password: "second")
        try other.check()
    }
}
