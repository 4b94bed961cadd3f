import Glibc
import HostIO
import Model
import TestSupport
import Testing

/// What must not be done ends with its own exit status, one error and a remedy, and changes nothing.
@Suite struct RefusalTests {
    private func protected(_ options: SampleCluster.Options = .init()) throws -> SampleCluster {
        let cluster = try SampleCluster(options)
        try cluster.succeed("cluster", "init")
        return cluster
    }

    @Test(.timeLimit(.minutes(10))) func `another release is refused with the way across, unless it is allowed`() throws {
        let cluster = try protected()
        try cluster.succeed("snapshot", "create", "one")
        try cluster.write(.init(release: "7.0"))
        try cluster.put([1], at: "uploads/a.txt")
        let before = try cluster.content()
        let words = try cluster.fail("refused", 6, "snapshot", "restore", "one", "--yes")
        #expect(words.contains("6.2.1") && words.contains("7.0") && words.contains("holdfast backup create"))
        #expect(try cluster.content() == before)
        try cluster.succeed("snapshot", "restore", "one", "--yes", "--allow-release-change")
    }

    @Test(.timeLimit(.minutes(10))) func `another cluster's snapshot is refused`() throws {
        let cluster = try protected()
        try cluster.succeed("snapshot", "create", "one")
        let other = try SampleCluster(
            in: cluster.folder, at: "b", .init(name: "other", password: "../a/password", storage: "../a/storage"))
        #expect(try other.fail("refused", 6, "cluster", "init").contains("a storage of its own"))
        try other.write(.init(name: "other", password: "../a/password"))
        try other.succeed("cluster", "init")
        try other.write(.init(name: "other", password: "../a/password", storage: "../a/storage"))
        let before = try other.content()
        #expect(try other.fail("refused", 6, "snapshot", "restore", "one", "--yes").contains("another cluster"))
        #expect(try other.content() == before)
    }

    @Test(.timeLimit(.minutes(10))) func `a wrong password opens nothing`() throws {
        let cluster = try protected()
        try cluster.succeed("snapshot", "create", "one")
        try cluster.put(Array("wrong\n".utf8), at: "password")
        #expect(chmod(cluster.root + "/password", 0o600) == 0)
        _ = try cluster.fail("password", 7, "snapshot", "ls")
        _ = try cluster.fail("password", 7, "snapshot", "create", "two")
    }

    @Test(.timeLimit(.minutes(10))) func `a missing store stops a snapshot and is seen in the status`() throws {
        let cluster = try protected()
        #expect(rename(cluster.root + "/uploads", cluster.root + "/elsewhere") == 0)
        #expect(try cluster.fail("store", 9, "snapshot", "create", "one").contains("uploads"))
        #expect(try cluster.snapshots().isEmpty)
        let status = try cluster.run("cluster", "status", "--json")
        #expect(status.status == 9)
        let stores = try #require(try status.json("cluster")["stores"] as? [[String: Any]])
        #expect(stores.map { $0["problem"] != nil } == [false, true, false])
        #expect(rename(cluster.root + "/elsewhere", cluster.root + "/uploads") == 0)
        try cluster.succeed("snapshot", "create", "one")
    }

    @Test(.timeLimit(.minutes(10))) func `a store that is gone comes back from a snapshot`() throws {
        let cluster = try protected()
        try cluster.succeed("snapshot", "create", "one")
        let good = try cluster.content()
        try cluster.remove("uploads")
        try cluster.succeed("snapshot", "restore", "one", "--yes")
        #expect(try cluster.content() == good)
    }

    @Test(.timeLimit(.minutes(10))) func `a target that is not mounted is not made anew`() throws {
        let cluster = try protected()
        try cluster.succeed("target", "add", "nas", "nas")
        try cluster.succeed("backup", "create", "--name", "b")
        #expect(rename(cluster.root + "/nas", cluster.root + "/away") == 0)
        try makeDirectories(cluster.root + "/nas")
        #expect(try cluster.fail("storage", 10, "backup", "create", "--name", "c").contains("mount"))
        #expect(try FileTree.files(below: cluster.root + "/nas").isEmpty)
        #expect(try cluster.run("target", "ls").status == 10)
        try cluster.remove("nas")
        #expect(rename(cluster.root + "/away", cluster.root + "/nas") == 0)
        #expect(try cluster.backups() == ["b"])
    }

    @Test(.timeLimit(.minutes(10))) func `a store that the new file lacks is an error that names it`() throws {
        let cluster = try protected()
        try cluster.succeed("target", "add", "nas", "nas")
        try cluster.succeed("backup", "create", "--name", "b")
        let small = try SampleCluster(
            in: cluster.folder, at: "b", filled: false, .init(password: "../a/password", stores: ["accounts", "uploads"]))
        let nas = cluster.root + "/nas"
        #expect(try small.fail("refused", 6, "cluster", "restore", "b", "--from", nas, "--yes").contains("--without lake"))
        #expect(try statusOfPath(small.root + "/uploads") == nil)
        let words = try small.fail("not-found", 4, "cluster", "restore", "b", "--from", nas, "--without", "lak", "--yes")
        #expect(words.contains("lake"))
        try small.succeed("cluster", "restore", "b", "--from", nas, "--without", "lake", "--yes")
        #expect(try small.content(besides: ["lake"]) == cluster.content(besides: ["lake"]))
    }

    @Test(.timeLimit(.minutes(10))) func `a cluster that is not empty is not restored into`() throws {
        let cluster = try protected()
        try cluster.succeed("target", "add", "nas", "nas")
        try cluster.succeed("backup", "create", "--name", "b")
        let nas = cluster.root + "/nas"
        _ = try cluster.fail("refused", 6, "cluster", "restore", "b", "--from", nas, "--yes")
        let other = try SampleCluster(in: cluster.folder, at: "b", filled: false, .init(password: "../a/password"))
        try makeDirectories(other.root + "/uploads")
        try other.put([1], at: "uploads/mine")
        #expect(try other.fail("refused", 6, "cluster", "restore", "b", "--from", nas, "--yes").contains("uploads"))
        #expect(try AtomicFile.read(other.root + "/uploads/mine") == [1])
    }

    @Test(.timeLimit(.minutes(10))) func `names are unique, known and near ones are suggested`() throws {
        let cluster = try protected()
        try cluster.succeed("snapshot", "create", "nightly")
        _ = try cluster.fail("exists", 5, "snapshot", "create", "nightly")
        _ = try cluster.fail("exists", 5, "cluster", "init")
        #expect(try cluster.fail("not-found", 4, "snapshot", "restore", "nigthly", "--yes").contains("nightly"))
        _ = try cluster.fail("not-found", 4, "snapshot", "undo", "--yes")
        _ = try cluster.fail("not-found", 4, "backup", "create")
        #expect(try cluster.run("snapshot", "create", String(repeating: "n", count: 45)).status == 64)
        try cluster.succeed("snapshot", "create", String(repeating: "n", count: 44))
    }

    @Test(.timeLimit(.minutes(10))) func `nobody to ask is a refusal`() throws {
        let cluster = try protected()
        try cluster.succeed("snapshot", "create", "one")
        try cluster.put([1], at: "uploads/a.txt")
        let before = try cluster.content()
        #expect(try cluster.fail("refused", 6, "snapshot", "restore", "one").contains("--yes"))
        #expect(try cluster.fail("refused", 6, "cluster", "delete").contains("--confirm acme"))
        #expect(try cluster.content() == before)
    }

    @Test(.timeLimit(.minutes(10))) func `two at once: the second says who holds the cluster`() throws {
        let cluster = try protected()
        let lock = try FileLock.take(cluster.root + "/state/lock", purpose: "snapshot create slow", host: .current())
        #expect(try cluster.fail("locked", 8, "snapshot", "create", "one", "--wait", "0").contains("snapshot create slow"))
        lock.release()
        try cluster.succeed("snapshot", "create", "one")
    }
}
