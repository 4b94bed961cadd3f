import Glibc
import HostIO
import Model
import Synchronization
import TestSupport
import Testing

/// Hooks, signals, damage and full disks, as the command line tells them.
@Suite struct TroubleTests {
    private func protected(_ options: SampleCluster.Options = .init()) throws -> SampleCluster {
        let cluster = try SampleCluster(options)
        try cluster.succeed("cluster", "init")
        return cluster
    }

    @Test(.timeLimit(.minutes(10))) func `hooks hold the writers, and the pause is reported`() throws {
        let cluster = try protected(
            .init(stores: ["accounts"], more: "quiesce: {begin: \"echo begin >> $PWD/log\", end: \"echo end >> $PWD/log\"}"))
        let snapshot = try cluster.succeed("snapshot", "create", "one", "--json").json("snapshot")
        #expect(snapshot["consistency"] as? String == "quiesced")
        #expect((snapshot["pauseSeconds"] as? Double ?? 0) > 0)
        #expect(try cluster.succeed("snapshot", "show", "one").out.contains("writers were held for"))
    }

    @Test(.timeLimit(.minutes(10))) func `a snapshot of files that are read after the hooks does not claim one instant`() throws {
        let cluster = try protected(.init(more: "quiesce: {begin: \"true\", end: \"true\"}"))
        let snapshot = try cluster.succeed("snapshot", "create", "one", "--json").json("snapshot")
        let stores = try #require(snapshot["stores"] as? [[String: Any]])
        guard stores.contains(where: { $0["precision"] as? String == "fuzzy" }) else { return }
        #expect(snapshot["consistency"] as? String == "bounded")
    }

    @Test(.timeLimit(.minutes(10))) func `a hook that fails means no snapshot, and the writers go on`() throws {
        let folder = try TemporaryDirectory()
        let resumed = folder.file("resumed")
        let cluster = try SampleCluster(in: folder, .init(more: "quiesce: {begin: \"exit 3\", end: \"touch \(resumed)\"}"))
        try cluster.succeed("cluster", "init")
        #expect(try cluster.fail("hook", 13, "snapshot", "create", "one").contains("status 3"))
        #expect(try cluster.snapshots().isEmpty)
        #expect(try statusOfPath(resumed) != nil)
    }

    @Test(.timeLimit(.minutes(10))) func `a signal ends a snapshot between two steps and leaves no lock`() throws {
        let folder = try TemporaryDirectory()
        let (begun, go) = (folder.file("begun"), folder.file("go"))
        #expect(mkfifo(begun, 0o600) == 0 && mkfifo(go, 0o600) == 0)
        let hooks = "quiesce: {begin: \"true\", end: \"echo $PPID > \(begun); cat \(go)\", timeout: 60s}"
        let cluster = try SampleCluster(in: folder, .init(more: hooks))
        try cluster.succeed("cluster", "init")
        let (arguments, root) = (["snapshot", "create", "one", "--json", "-c", cluster.file], cluster.root)
        let result = Mutex<HoldfastProgram.Result?>(nil)
        let running = try WorkerThread(named: "snapshot") {
            let outcome = try HoldfastProgram.run(arguments, in: root)
            result.withLock { $0 = outcome }
        }
        let text = String(decoding: try AtomicFile.read(begun), as: UTF8.self)
        let process = try #require(Int32(text.filter(\.isNumber)))
        #expect(kill(process, SIGTERM) == 0)
        try Descriptor.open(go, [.write]).write([0x0A])
        try running.join()
        let outcome = try #require(result.withLock { $0 })
        #expect(outcome.status == FailureCode.cancelled.exitStatus, "\(outcome)")
        #expect(try outcome.errorCode() == "cancelled")
        #expect(try FileTree.files(below: root + "/storage/locks").isEmpty)
        #expect(try cluster.snapshots().isEmpty)
    }

    @Test(.timeLimit(.minutes(10))) func `damage in a target is found, and every backup that it hits is named`() throws {
        let cluster = try protected()
        try cluster.succeed("target", "add", "nas", "nas")
        try cluster.succeed("backup", "create", "--name", "one")
        try cluster.succeed("backup", "create", "--name", "two")
        let packs = try FileTree.files(below: cluster.root + "/nas/data").map { cluster.root + "/nas/data/" + $0 }
        let sizes = try packs.map { ($0, try statusOfPath($0)?.size ?? 0) }
        let largest = try #require(sizes.max { $0.1 < $1.1 }?.0)
        var bytes = try AtomicFile.read(largest)
        bytes[bytes.count / 2] ^= 1
        try AtomicFile.write(bytes, to: largest)
        try cluster.succeed("backup", "verify", "one")
        let human = try cluster.run("backup", "verify", "one", "--read-data")
        #expect(human.status == 12 && human.out.contains("also affected: two"), "\(human)")
        let program = try cluster.run("backup", "verify", "one", "--read-data", "--json")
        #expect(program.status == 12)
        #expect(try program.json("verification")["alsoAffected"] as? [String] == ["two"])
        let other = try SampleCluster(in: cluster.folder, at: "b", filled: false, .init(password: "../a/password"))
        _ = try other.fail("damaged", 12, "cluster", "restore", "one", "--from", cluster.root + "/nas", "--yes")
        #expect(try statusOfPath(other.root + "/uploads") == nil)
    }

    @Test(.enabled(if: isRoot), .timeLimit(.minutes(10))) func `a full target says so and keeps what it had`() throws {
        let disk = try MountedFileSystem.tmpfs(megabytes: 3)
        let cluster = try protected()
        try cluster.succeed("target", "add", "nas", disk.path + "/acme")
        try cluster.succeed("backup", "create", "--name", "one")
        var random = SeededRandom(named: "full target")
        try cluster.put((0..<4_000_000).map { _ in UInt8.random(in: 0...255, using: &random) }, at: "uploads/large")
        _ = try cluster.fail("space", 11, "backup", "create", "--name", "two")
        #expect(try cluster.backups() == ["one"])
        try cluster.succeed("backup", "verify", "one", "--read-data")
    }

    @Test(.enabled(if: isRoot), .timeLimit(.minutes(10))) func `an entry that cannot be read is told, and the status is 14`() throws {
        let cluster = try SampleCluster()
        let wrapper = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        var folder = cluster.root
        while PathText.parent(of: folder).contains("/holdfast-tests") {
            folder = PathText.parent(of: folder)
            #expect(chmod(folder, 0o711) == 0)
        }
        #expect(try ChildProcess(["chown", "-R", "65534:65534", cluster.root]).run().succeeded)
        #expect(chown(cluster.root + "/uploads/a.txt", 0, 0) == 0 && chmod(cluster.root + "/uploads/a.txt", 0o600) == 0)
        guard access(HoldfastProgram.path, X_OK) == 0, try HoldfastProgram.run(["--version"], in: "/", wrapper: wrapper).status == 0 else {
            return
        }
        #expect(try cluster.run(["cluster", "init"], wrapper: wrapper).status == 0)
        let result = try cluster.run(["snapshot", "create", "one", "--json"], wrapper: wrapper)
        #expect(result.status == 14, "\(result)")
        let stores = try #require(try result.json("snapshot")["stores"] as? [[String: Any]])
        #expect(stores.map { $0["unreadable"] as? Int } == [0, 1, 0])
        #expect(try cluster.run(["snapshot", "ls", "--json"], wrapper: wrapper).out.contains("\"name\":\"one\""))
    }
}
