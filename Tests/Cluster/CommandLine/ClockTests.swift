import Glibc
import HostIO
import Model
import Synchronization
import TestSupport
import Testing

private let canFakeTime = isInstalled("faketime", package: "faketime")

/// The real program under a clock that jumps: nothing expires wrongly, names differ, locks hold, and what was listed stays listed.
@Suite(.enabled(if: canFakeTime), .timeLimit(.minutes(10))) struct ClockTests {
    private let cluster: SampleCluster

    init() throws {
        cluster = try SampleCluster()
        try cluster.succeed("cluster", "init")
    }

    /// `clock`: "-2h", or "@2026-01-01 00:00:00 i0" for one that stands still.
    @discardableResult
    private func succeed(_ clock: String, _ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation) throws
        -> HoldfastProgram.Result
    {
        let result = try cluster.run(arguments, wrapper: ["faketime", "-f", clock])
        try #require(result.status == 0, "\(clock) \(arguments): \(result.out)\(result.err)", sourceLocation: sourceLocation)
        return result
    }

    @Test func `snapshots are listed by their time, whatever the clock says now`() throws {
        try cluster.succeed("snapshot", "create", "noon")
        try cluster.put([1], at: "uploads/a.txt")
        try succeed("-2h", "snapshot", "create", "morning")
        try cluster.put([2], at: "uploads/a.txt")
        try succeed("-1h", "snapshot", "create", "forenoon")
        for clock in ["-3h", "-90m", "+0", "+1d"] {
            let list = try succeed(clock, "snapshot", "ls")
            let names = list.lines.dropFirst().filter { !$0.hasPrefix(" ") }.compactMap { $0.split(separator: " ").first }
            #expect(names == ["morning", "forenoon", "noon"], "\(list.out)")
            #expect(!list.out.contains(" -"), "no age is negative: \(list.out)")
            try succeed(clock, "cluster", "status")
        }
        for name in ["noon", "morning", "forenoon"] { try cluster.succeed("snapshot", "validate", name) }
        try succeed("-4h", "snapshot", "restore", "morning", "--yes")
        #expect(try AtomicFile.read(cluster.root + "/uploads/a.txt") == [1])
        try succeed("-6h", "snapshot", "undo", "--yes")
        #expect(try AtomicFile.read(cluster.root + "/uploads/a.txt") == [2])
    }

    @Test func `a clock that was put back lets nothing expire, and one that came back lets nothing live for ever`() throws {
        try cluster.succeed("snapshot", "create", "hour", "--ttl", "1h")
        try succeed("-2h", "snapshot", "create", "early", "--ttl", "90m")
        #expect(try cluster.snapshots() == ["early", "hour"], "a listing removes nothing")
        try succeed("-3h", "snapshot", "create", "a")
        #expect(try Set(cluster.snapshots()) == ["hour", "early", "a"])
        try cluster.succeed("snapshot", "create", "b")
        #expect(try Set(cluster.snapshots()) == ["hour", "a", "b"], "early ended half an hour ago")
        try succeed("+2h", "snapshot", "create", "c")
        #expect(try Set(cluster.snapshots()) == ["a", "b", "c"])
        try cluster.succeed("snapshot", "create", "d", "--ttl", "1d")
        let extended = try succeed("-2d", "snapshot", "extend", "d", "--by", "1d", "--json").json("snapshot")
        let end = try #require((extended["expires"] as? String).flatMap { Timestamp(text: $0) })
        #expect(end.secondsSince(SystemClock().now()) > 47 * 3600, "added to what is left, however little the clock says it is")
    }

    @Test func `names that are made of the time differ under a clock that stands still`() throws {
        let clock = "@2026-11-23 17:50:00 i0"
        try cluster.succeed("target", "add", "nas", "nas")
        try succeed(clock, "snapshot", "create", "base")
        for round in 0..<3 {
            try cluster.put([UInt8(round)], at: "uploads/a.txt")
            try succeed(clock, "snapshot", "restore", "base", "--yes")
            try succeed(clock, "backup", "create")
        }
        let names = try cluster.snapshots()
        #expect(Set(names).count == names.count && names.count == 7, "\(names)")
        #expect(names.contains("safety-20261123-175000-3") && names.contains("for-backup-20261123-175000-3"), "\(names)")
        #expect(try Set(cluster.backups()) == ["20261123-175000-full", "20261123-175000-full-2", "20261123-175000-full-3"])
        for name in names { try cluster.succeed("snapshot", "validate", name) }
        try succeed(clock, "snapshot", "undo", "--yes")
        #expect(try AtomicFile.read(cluster.root + "/uploads/a.txt") == [2])
    }

    @Test(arguments: ["-2h", "+0"]) func `a lock of a backup under way holds for a prune whose clock was put back`(_ clock: String) throws {
        let (prune, backup) = try pruneDuringBackup(clock)
        #expect(prune["packsDeleted"] as? Int == 0 && (prune["packsMarked"] as? Int ?? 0) > 0, "\(prune)")
        #expect(backup.status == 0, "\(backup)")
        try cluster.succeed("backup", "verify", "kept", "--read-data")
        try cluster.succeed("target", "prune", "nas", "--grace", "0s", "--yes")
        try cluster.succeed("backup", "verify", "kept", "--read-data")
    }

    @Test func `a backup that a prune on a clock far ahead has cut the ground from is not listed`() throws {
        let (prune, backup) = try pruneDuringBackup("+2h")
        #expect(prune["packsDeleted"] as? Int ?? 0 > 0, "\(prune)")
        #expect(backup.status == FailureCode.locked.exitStatus && backup.err.contains("clock"), "\(backup)")
        #expect(try cluster.backups().isEmpty)
        try cluster.write(.init())
        try cluster.succeed("backup", "create", "--name", "kept")
        try cluster.succeed("backup", "verify", "kept", "--read-data")
    }

    /// The backup `kept` needs what only the deleted `old` had, and begins before a prune that would take that away.
    private func pruneDuringBackup(_ clock: String) throws -> (prune: [String: Any], backup: HoldfastProgram.Result) {
        let folder = cluster.folder
        let (begun, go) = (folder.file("begun"), folder.file("go"))
        #expect(mkfifo(begun, 0o600) == 0 && mkfifo(go, 0o600) == 0)
        var random = SeededRandom(named: "lock and clock")
        try cluster.put(random.bytes(3 << 20), at: "uploads/large")
        try cluster.succeed("target", "add", "nas", "nas")
        try cluster.succeed("backup", "create", "--name", "old")
        try cluster.succeed("backup", "delete", "old", "--yes")
        try cluster.write(.init(more: "quiesce: {begin: \"echo > \(begun); cat \(go)\", end: \"true\", timeout: 100s}"))
        let (arguments, root) = (["backup", "create", "--name", "kept", "-c", cluster.file], cluster.root)
        let result = Mutex<HoldfastProgram.Result?>(nil)
        let running = try WorkerThread(named: "backup") {
            let outcome = try HoldfastProgram.run(arguments, in: root)
            result.withLock { $0 = outcome }
        }
        _ = try AtomicFile.read(begun)
        let prune = try succeed(clock, "target", "prune", "nas", "--grace", "0s", "--yes", "--json").json("prune")
        try Descriptor.open(go, [.write]).write([0x0A])
        try running.join()
        return (prune, try #require(result.withLock { $0 }))
    }
}
