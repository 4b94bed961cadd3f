import Glibc
import HostIO
import Synchronization
import TestSupport
import Testing

private let canMountRemotely = SFTPMount.isPossible("a target on sshfs whose server dies")

/// A target on a share: mounted through sshfs, from a server that dies while a backup is being written.
@Suite(.enabled(if: canMountRemotely), .timeLimit(.minutes(10))) struct LostMountTests {
    private let share: SFTPMount
    private let cluster: SampleCluster

    init() throws {
        share = try SFTPMount()
        cluster = try SampleCluster()
        try cluster.succeed("cluster", "init")
        try cluster.succeed("target", "add", "nas", share.path + "/acme")
        try cluster.succeed("backup", "create", "--name", "keep")
    }

    private func packs() throws -> Int { try FileTree.files(below: share.backing + "/acme/data").count }

    private func expectKept(_ names: [String]) throws {
        #expect(try cluster.backups() == names)
        for name in names { try cluster.succeed("backup", "verify", name, "--read-data") }
        if Restic.isInstalled {
            let password = try AtomicFile.read(cluster.root + "/password").prefix { $0 != 0x0A }
            try Restic(share.backing + "/acme", password: String(decoding: password, as: UTF8.self)).run(
                "check", "--read-data", "--no-lock")
        }
    }

    @Test func `a server that dies in the middle of a backup is one error, and the next run completes`() throws {
        var random = SeededRandom(named: "lost mount")
        for file in 0..<12 { try cluster.put(random.bytes(8 << 20), at: "uploads/large\(file)") }
        try cluster.succeed("snapshot", "create", "big")
        let before = try packs()
        let arguments = ["backup", "create", "--name", "lost", "--snapshot", "big", "--json", "-c", cluster.file]
        let root = cluster.root
        let result = Mutex<HoldfastProgram.Result?>(nil)
        let running = try WorkerThread(named: "backup") {
            let outcome = try HoldfastProgram.run(arguments, in: root)
            result.withLock { $0 = outcome }
        }
        // Some of it has arrived and most has not.
        while try packs() == before, result.withLock({ $0 == nil }) { sched_yield() }
        try share.die()
        try running.join()
        let outcome = try #require(result.withLock { $0 })
        #expect(outcome.status == 10, "\(outcome)")
        let error = try #require(try outcome.json()["error"] as? [String: Any], "\(outcome)")
        #expect(error["code"] as? String == "storage" && (error["hint"] as? String)?.contains("mount") == true, "\(error)")
        #expect(outcome.lines.filter { $0.contains("\"error\"") }.count == 1)
        #expect(try Descriptor.openDirectory(share.path).isEmptyDirectory(), "nothing may be written where nothing is mounted")
        #expect(try cluster.fail("storage", 10, "backup", "create", "--name", "lost", "--snapshot", "big").contains("mount"))
        #expect(try cluster.run("cluster", "status").status == 10)
        try share.connect()
        try expectKept(["keep"])
        try cluster.succeed("backup", "create", "--name", "lost", "--snapshot", "big")
        try expectKept(["keep", "lost"])
    }

    @Test func `deletions and prunes go through a share as well`() throws {
        try cluster.put([UInt8](repeating: 7, count: 100_000), at: "uploads/a.txt")
        try cluster.succeed("backup", "create", "--name", "second")
        try cluster.succeed("backup", "delete", "keep", "--yes")
        try cluster.succeed("target", "prune", "nas", "--grace", "0s", "--yes")
        try expectKept(["second"])
        #expect(try FileTree.files(below: share.backing + "/acme/locks").isEmpty)
    }
}
