import Glibc
import HostIO
import Model
import Synchronization
import TestSupport
import Testing

private let canFakeTime = isInstalled("faketime", package: "faketime")

/// Times of files are those of the disk: a restore sees whether they are kept.
private func under(_ clock: String) -> [String] { ["env", "NO_FAKE_STAT=1", "faketime", "-f", clock] }

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
        let result = try cluster.run(arguments, wrapper: under(clock))
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
            let names = list.lines.dropFirst().filter { !$0.hasPrefix(" ") && !$0.hasPrefix("policy:") }.compactMap {
                $0.split(separator: " ").first
            }
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
        try cluster.succeed("backup", "delete", "old", "--confirm", "acme")
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

/// The policies under a clock that jumps between runs of the real program.
@Suite(.enabled(if: canFakeTime), .timeLimit(.minutes(10))) struct PolicyClockTests {
    private let cluster: SampleCluster

    init() throws {
        cluster = try SampleCluster()
        try cluster.succeed("cluster", "init")
    }

    private func serve(_ clock: String) throws {
        let result = try cluster.run(["serve", "--once"], wrapper: under(clock))
        try #require(result.status == 0, "\(clock): \(result.out)\(result.err)")
    }

    private func periodic() throws -> [String] { try cluster.snapshots().filter { $0.hasPrefix("periodic-") } }

    private func record() throws -> [String: Any] {
        let policy = try cluster.succeed("snapshot", "policy", "show", "--json").json("policy")
        return try #require(policy["record"] as? [String: Any])
    }

    @Test func `slots that were missed give one run, and a clock that was put back is not waited for`() throws {
        try serve("@2026-11-23 10:10:00")
        try serve("@2026-11-23 10:20:00")
        #expect(try periodic().count == 1, "one run a slot")
        try serve("@2026-11-23 20:10:00")
        #expect(try periodic().count == 2)
        #expect(try record()["missedRuns"] as? Int == 9, "11 to 19 o'clock")
        try serve("@2026-11-23 10:30:00")
        #expect(try periodic().count == 2, "the run of 10 o'clock was made")
        try serve("@2026-11-23 11:05:00")
        let last = try #require((try record()["lastGood"] as? String).flatMap(Timestamp.init(text:)))
        #expect(last.civil.hour == 11 && last.civil.minute == 5, "and not only when 21 o'clock comes again")
    }

    @Test func `a clock that jumps by years takes no more than the last backup of a policy, and none of a person`() throws {
        try cluster.succeed("target", "add", "nas", "nas")
        try cluster.succeed("backup", "policy", "create", "daily", "--every", "1d", "--keep", "7@1d,4@1w")
        try cluster.succeed("backup", "create", "--name", "by-hand")
        for clock in ["+1d", "+400d", "+2d", "-300d", "+3d"] {
            let before = try cluster.backups()
            try serve(clock)
            try serve(clock)
            let after = try cluster.backups()
            #expect(after.contains("by-hand") && !after.isEmpty)
            #expect(Set(before).subtracting(after).count <= 1, "\(clock): \(before) became \(after)")
            for name in after { try cluster.succeed("backup", "verify", name) }
        }
    }
}
