import HostIO
import Model
import TestSupport
import Testing

private let canMountBtrfs = canMount("two clusters in one storage on btrfs")

/// Two clusters whose files name one storage, on btrfs, where their stores have native images.
@Suite(.enabled(if: canMountBtrfs), .timeLimit(.minutes(10))) struct SharedStorageTests {
    private let disk: MountedFileSystem
    private let folder: TemporaryDirectory
    private let acme: SampleCluster
    private let other: SampleCluster

    init() throws {
        disk = try MountedFileSystem.loop(.btrfs, megabytes: 512)
        folder = try TemporaryDirectory(in: disk.path)
        acme = try SampleCluster(in: folder, at: "a", filled: false, .init(storage: "../shared"))
        other = try SampleCluster(in: folder, at: "b", filled: false, .init(name: "other", password: "../a/password", storage: "../shared"))
        for cluster in [acme, other] {
            for store in ["uploads", "lake"] { try run(["btrfs", "-q", "subvolume", "create", "\(cluster.root)/\(store)"]) }
            try cluster.fill()
            try cluster.succeed("cluster", "init")
        }
    }

    private func run(_ arguments: [String]) throws {
        let outcome = try ChildProcess(arguments).run()
        guard outcome.succeeded else { throw ToolFailed(arguments: arguments, outcome: outcome) }
    }

    private var images: String { folder.file("shared/holdfast/images/uploads") }

    private func id(of cluster: SampleCluster) throws -> String {
        try #require(try cluster.succeed("cluster", "status", "--json").json("cluster")["id"] as? String)
    }

    @Test func `an image that one has cut and not committed yet survives a snapshot of the other`() throws {
        // The hook that lets the writers go runs between the cut and the commit.
        let second = "\(HoldfastProgram.path) snapshot create second -c \(other.file)"
        try acme.write(.init(storage: "../shared", more: "quiesce: {begin: \"true\", end: \"\(second)\", timeout: 60s}"))
        try acme.succeed("snapshot", "create", "first")
        #expect(try other.snapshots() == ["second"])
        #expect(try acme.snapshots() == ["first"])
        try acme.write(.init(storage: "../shared"))
        for (cluster, name) in [(acme, "first"), (other, "second")] {
            try cluster.succeed("snapshot", "validate", name)
            let before = try cluster.content()
            try cluster.put([1], at: "uploads/deep/b.bin")
            try cluster.succeed("snapshot", "restore", name, "--yes")
            #expect(try cluster.content() == before)
        }
    }

    @Test func `only left-overs of one's own are removed`() throws {
        let own = "\(try id(of: acme).prefix(12))-20261123-175000-00000000"
        let foreign = "\(try id(of: other).prefix(12))-20261123-175000-00000000"
        let old = "20261123-175000-00000000"
        for name in [own, own + ".partial", foreign, old] { try makeDirectories("\(images)/\(name)/deep") }
        let result = try acme.succeed("snapshot", "create", "first")
        #expect(result.err.contains("removed the native image uploads/\(own)"), "\(result)")
        let left = try Descriptor.openDirectory(images).entries().map { FileName.text($0.name) }
        #expect(Set(left).isSuperset(of: [foreign, old]) && !left.contains { $0.hasPrefix(own) })
        #expect(left.filter { !$0.hasSuffix(".origins") }.count == 3, "\(left)")
    }

    @Test func `a cluster is not deleted with another one's image`() throws {
        let foreign = "\(try id(of: other).prefix(12))-20261123-175000-00000000"
        try makeDirectories("\(images)/\(foreign)")
        let before = try acme.content()
        #expect(try acme.fail("refused", 6, "cluster", "delete", "--confirm", "acme").contains(foreign))
        #expect(try acme.content() == before)
    }
}
