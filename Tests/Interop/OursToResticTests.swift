import HostIO
import Model
import RepositoryEngine
import ResticFormat
import Testing
import TestSupport

/// restic reads what the engine writes.
@Suite(.enabled(if: Restic.isInstalled), .timeLimit(.minutes(10)))
struct OursToResticTests {
    @Test("restic checks, lists and restores what the engine wrote, byte for byte")
    func checkListRestore() throws {
        let shared = try SharedRepository()
        let repository = try shared.create()
        var random = SeededRandom(named: "checkListRestore")
        var tree = SampleTree.random(&random, files: 40, bytes: 60_000)
        var made: [StoredSnapshot: SampleTree] = [:]
        for round in 0..<3 {
            made[try repository.backUp(tree, tags: ["round \(round)"])] = tree
            tree = tree.changed(&random)
        }
        try shared.restic.check()
        let listed = try shared.restic.snapshots()
        #expect(Set(listed.map(\.id)) == Set(made.keys.map(\.id.hex)))
        #expect(Set(listed.map(\.tree)) == Set(made.keys.map(\.file.tree.hex)))
        #expect(Set(listed.flatMap { $0.tags ?? [] }) == ["round 0", "round 1", "round 2"])
        #expect(listed.allSatisfy { $0.hostname == "testhost" && $0.paths == ["/sample"] })
        for (snapshot, tree) in made { #expect(try shared.resticRestore(snapshot.id) == tree) }
        expectHolds(made, in: try shared.open())
    }

    @Test("restic reads every compression and pack size of ours", arguments: [BlobSealer.Compression.off, .fast, .standard, .better])
    func compressions(compression: BlobSealer.Compression) throws {
        let shared = try SharedRepository()
        let repository = try shared.create()
        var random = SeededRandom(named: "compressions")
        var tree = SampleTree.random(&random, files: 20, bytes: 300_000)
        tree.files["empty"] = []
        tree.files["one byte"] = [7]
        tree.files["zeros"] = [UInt8](repeating: 0, count: 2_000_000)
        let snapshot = try repository.backUp(tree, options: WriteOptions(compression: compression, packSize: 1 << 20), chunk: 1 << 20)
        try shared.restic.check()
        #expect(try shared.resticRestore(snapshot.id) == tree)
    }

    @Test("restic's cat shows config, index, snapshot, tree, pack and key of ours")
    func cat() throws {
        let shared = try SharedRepository()
        let repository = try shared.create()
        let snapshot = try repository.backUp(SampleTree(files: ["a": Array("hello".utf8)], folders: ["b": SampleTree()]))
        #expect(try shared.restic.run("cat", "config").contains(repository.id))
        #expect(try shared.restic.run("cat", "snapshot", snapshot.id.hex).contains(snapshot.file.tree.hex))
        let tree = try shared.restic.run("cat", "blob", snapshot.file.tree.hex)
        #expect(Array(tree.utf8).count > 10 && tree.contains("\"name\":\"a\""))
        for index in try shared.restic.list("index") { #expect(try shared.restic.run("cat", "index", index).contains("packs")) }
        for key in try shared.restic.list("keys") { #expect(try shared.restic.run("cat", "key", key).contains("scrypt")) }
        #expect(try shared.restic.list("packs").count == 2)
    }

    @Test("restic reads a file of every length around a chunk's end, and one of many chunks")
    func lengths() throws {
        let shared = try SharedRepository()
        let repository = try shared.create()
        var random = SeededRandom(named: "lengths")
        var tree = SampleTree()
        for length in [0, 1, 31, 32, 33, 4095, 4096, 4097, 8191, 8192, 8193] { tree.files["n\(length)"] = random.bytes(length) }
        tree.files["many"] = random.text(3_000_000)
        let snapshot = try repository.backUp(tree, chunk: 4096)
        try shared.restic.check()
        #expect(try shared.resticRestore(snapshot.id) == tree)
    }

    @Test("restic opens a repository of ours with each of its passwords, and adds one that we open")
    func keysBothWays() throws {
        let shared = try SharedRepository()
        let repository = try shared.create()
        _ = try repository.addKey(Password("zweites Paßwort"), cost: .quick)
        let other = try Restic(shared.restic.repository, password: "zweites Paßwort")
        #expect(try other.snapshots().isEmpty)
        let file = shared.directory.file("new password")
        try AtomicFile.write(Array("third\n".utf8), to: file)
        try other.run("key", "add", "--new-password-file", file)
        _ = try OpenRepository.open(shared.storage, password: Password("third"), host: shared.host)
        #expect(try repository.keys().count == 3)
    }

    @Test("restic adds to a repository of ours, tags, forgets and prunes in it, and both find it sound")
    func resticWorksOnOurs() throws {
        let shared = try SharedRepository()
        let repository = try shared.create()
        var random = SeededRandom(named: "resticWorksOnOurs")
        let first = SampleTree.random(&random, files: 30, bytes: 50_000)
        let ours = try repository.backUp(first)
        let gone = try repository.backUp(SampleTree.random(&random, files: 30, bytes: 50_000))
        let second = first.changed(&random)
        let folder = try shared.folder("source", second)
        try shared.restic.run("backup", ".", workingDirectory: folder)
        try shared.restic.run("tag", "--add", "kept", ours.id.hex)
        try shared.restic.run("forget", gone.id.hex, "--prune")
        try shared.restic.check()
        expectSound(repository)
        let listing = try repository.snapshots().snapshots
        #expect(listing.count == 2)
        let tagged = try #require(listing.first { $0.file.tags == ["kept"] })
        #expect(tagged.file.original == ours.id)
        #expect(try repository.restore(tagged) == first)
        let theirs = try #require(listing.first { $0.id != tagged.id })
        let restored = try repository.restore(theirs)
        #expect(restored.files == second.files || restored.folders.values.contains { $0 == second })
    }
}
