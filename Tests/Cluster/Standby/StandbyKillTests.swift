import Glibc
import HostIO
import Synchronization
import TestSupport
import Testing

private let canMountRemotely = SFTPMount.isPossible("a standby behind a share whose server dies")

/// kill -9 of every command at every step, and shares that go away. Afterwards there is one active installation, and the same command goes on.
@Suite(.timeLimit(.minutes(10))) struct StandbyKillTests {
    @Test func `whatever is killed goes on, with a point to promote and one active installation at any moment`() throws {
        var random = SeededRandom(named: "death of a standby")
        let pair = try StandbyPair()
        try pair.primary.succeed("backup", "create", "--target", "nas", "--name", "first")
        let start = ["standby", "start", "--from", pair.nas.standby, "--cluster", "acme", "--yes"]
        for _ in 0..<2 { try pair.kill(start, of: pair.standby, after: Int.random(in: 300...1500, using: &random)) }
        #expect(try pair.standby.run(start).status == 0)
        #expect(try pair.standby.content() == pair.primary.content())
        for round in 0..<2 {
            try pair.primary.put(random.bytes(3 << 20), at: "uploads/round\(round)")
            try pair.primary.sql("INSERT INTO accounts VALUES (\(9000 + round), 'round');")
            try pair.primary.succeed("backup", "create", "--target", "nas")
            try pair.kill(["standby", "sync"], of: pair.standby, after: Int.random(in: 200...1500, using: &random))
            let status = try pair.standby.run("standby", "status", "--json").json("standby")
            #expect((status["points"] as? [Any])?.isEmpty == false, "\(status)")
            try pair.standby.succeed("standby", "sync")
            #expect(try pair.standby.content() == pair.primary.content())
        }
        let content = try pair.primary.content()
        for event in ["fence", "promote", "check"] {
            try pair.killAt(event)
            #expect(throws: (any Error).self) { try pair.standby.run("standby", "promote", "--yes") }
            // It has raised the epoch: the old primary is not the active one any more, and the new one is not yet.
            #expect(try pair.primary.run("snapshot", "create", "late").status == 15)
            #expect(try [pair.role(pair.primary), pair.role(pair.standby)] == ["fenced", "standby"])
        }
        try pair.standby.succeed("standby", "promote", "--yes")
        #expect(try pair.role(pair.standby) == "active" && pair.standby.content() == content)
        #expect(try pair.events("b") == ["fence", "fence", "promote", "promote", "check", "check"])
        try failBack(pair, &random)
    }

    private func failBack(_ pair: StandbyPair, _ random: inout SeededRandom) throws {
        try pair.primary.put([4, 5, 6], at: "uploads/diverged")
        try pair.standby.put([7], at: "uploads/on-b")
        try pair.standby.succeed("backup", "create", "--target", "nas")
        let back = ["standby", "start", "--from", pair.nas.primary, "--cluster", "acme", "--yes"]
        for _ in 0..<2 { try pair.kill(back, of: pair.primary, after: Int.random(in: 300...1800, using: &random)) }
        #expect(try pair.primary.run(back).status == 0)
        #expect(try pair.primary.content() == pair.standby.content())
        let saved = try pair.primary.snapshots().filter { $0.hasPrefix("diverged-") }
        #expect(!saved.isEmpty)
        for name in saved { try pair.primary.succeed("snapshot", "validate", name) }
        let (status, roles) = (try pair.primary.run("standby", "status").status, try [pair.role(pair.primary), pair.role(pair.standby)])
        #expect(status == 0 && roles == ["standby", "active"])
    }

    @Test(.enabled(if: canMountRemotely)) func `a share that goes away on either side leaves one active installation`() throws {
        let share = try SFTPMount()
        let pair = try StandbyPair(nas: (share.path + "/acme", share.backing + "/acme"), lease: "600ms")
        try pair.primary.succeed("backup", "create", "--target", "nas", "--name", "first")
        _ = try pair.start()
        try pair.primary.succeed("backup", "create", "--target", "nas", "--name", "second")
        #expect(try pair.role(pair.primary) == "active")
        let service = try RunningService(pair.primary)
        try service.event("started")
        try share.die()
        // The primary is cut off: its lease runs out, and it says so.
        var message = ""
        while !message.contains("suspended") { message = try service.event("standing")["message"] as? String ?? "" }
        #expect(try pair.events("a").last == "on-suspended" && pair.primary.run("backup", "create", "--target", "nas").status != 0)
        try pair.standby.succeed("standby", "promote", "--yes")
        #expect(try pair.role(pair.standby) == "active")
        try share.connect()
        while !message.contains("fenced") { message = try service.event("standing")["message"] as? String ?? "" }
        #expect(service.stop(SIGTERM) == 0)
        #expect(try pair.events("a").last == "on-fenced" && pair.role(pair.primary) == "fenced")
        try failBack(pair, share)
    }

    /// Now the standby is the one behind the share, and loses it in the middle of a sync.
    private func failBack(_ pair: StandbyPair, _ share: SFTPMount) throws {
        var random = SeededRandom(named: "share of a standby")
        let back = ["standby", "start", "--from", pair.nas.primary, "--cluster", "acme", "--yes", "--json"]
        #expect(try pair.primary.run(back).status == 0)
        for file in 0..<8 { try pair.standby.put(random.bytes(6 << 20), at: "uploads/large\(file)") }
        try pair.standby.succeed("backup", "create", "--target", "nas")
        let locks = share.backing + "/acme/locks"
        let (file, root) = (pair.primary.file, pair.primary.root)
        let status = Mutex<Int32?>(nil)
        let failing = try WorkerThread(named: "sync") {
            let result = try HoldfastProgram.run(["standby", "sync", "--json", "-c", file], in: root)
            status.withLock { $0 = result.status }
        }
        while try FileTree.files(below: locks).isEmpty, status.withLock({ $0 == nil }) { sched_yield() }
        try share.die()
        try failing.join()
        #expect(status.withLock { $0 } == 10)
        #expect(try pair.primary.run("standby", "status", "--json").json("standby")["lastFailure"] is String)
        try share.connect()
        try pair.primary.succeed("standby", "sync")
        #expect(try pair.primary.content() == pair.standby.content())
    }
}
