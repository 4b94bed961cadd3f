import Foundation
import Glibc
import HostIO
import Synchronization
import TestSupport
import Testing

/// kill -9 of both sides of a planned switchover, and of a service that syncs. Afterwards the same command, or a restart, goes on.
@Suite(.timeLimit(.minutes(10))) struct StandbyServiceKillTests {
    private let pair: StandbyPair

    init() throws {
        pair = try StandbyPair()
        try pair.primary.succeed("backup", "create", "--target", "nas", "--name", "first")
        _ = try pair.start()
    }

    private func roles() throws -> [String] { try [pair.role(pair.primary), pair.role(pair.standby)] }

    /// Numbers that were committed on a site; nobody writes there any more.
    private func write(at cluster: SampleCluster) throws -> [Int] {
        let writer = try NumberedWriter(at: cluster.root)
        writer.wait(for: 5)
        return try writer.end().map(\.number)
    }

    @Test func `a planned switchover goes on when either side is killed, and no committed write is lost`() throws {
        var random = SeededRandom(named: "death of a switchover")
        let written = try write(at: pair.primary)
        try killActiveSide(random: &random)
        #expect(try NumberedWriter.numbers(at: pair.standby.root) == written && roles() == ["fenced", "active"])
        try pair.primary.succeed("standby", "start", "--from", pair.nas.primary, "--cluster", "acme", "--yes")
        let more = try written + write(at: pair.standby)
        try killStandbySide(random: &random)
        #expect(try NumberedWriter.numbers(at: pair.primary.root) == more && roles() == ["active", "fenced"])
    }

    /// While its applications are stopped, and somewhere between that and the epoch.
    private func killActiveSide(random: inout SeededRandom) throws {
        try pair.killAt("handover")
        var service = try RunningService(pair.primary)
        try service.event("started")
        let (file, root) = (pair.standby.file, pair.standby.root)
        let status = Mutex<Int32?>(nil)
        let promoting = try WorkerThread(named: "promote") {
            let arguments = ["standby", "promote", "--planned", "--patience", "3m", "--yes", "--json", "-c", file]
            let result = try HoldfastProgram.run(arguments, in: root)
            status.withLock { $0 = result.status }
        }
        #expect(service.end() == SIGKILL)
        #expect(try roles() == ["active", "standby"] && status.withLock { $0 } == nil)
        service = try RunningService(pair.primary)
        usleep(UInt32.random(in: 100_000...900_000, using: &random))
        _ = service.stop(SIGKILL)
        #expect(try roles().filter { $0 == "active" }.count <= 1)
        service = try RunningService(pair.primary)
        try promoting.join()
        #expect(status.withLock { $0 } == 0)
        #expect(service.stop(SIGTERM) == 0)
    }

    /// While it waits, and at any step after that.
    private func killStandbySide(random: inout SeededRandom) throws {
        let service = try RunningService(pair.standby)
        try service.event("started")
        let promote = ["standby", "promote", "--planned", "--yes"]
        for _ in 0..<2 {
            try pair.kill(promote, of: pair.primary, after: Int.random(in: 200...3500, using: &random))
            #expect(try roles().filter { $0 == "active" }.count <= 1)
        }
        if try pair.role(pair.primary) != "active" { try pair.primary.succeed("standby", "promote", "--planned", "--yes") }
        #expect(service.stop(SIGTERM) == 0)
    }

    @Test func `a service that is killed while it fetches or applies goes on when it is started again`() throws {
        var random = SeededRandom(named: "death of a service")
        for (name, mark) in [("second", "fetching"), ("third", "applying")] {
            for file in 0..<4 { try pair.primary.put(random.bytes(5 << 20), at: "uploads/\(name)\(file)") }
            try pair.primary.succeed("backup", "create", "--target", "nas", "--name", name)
            let service = try RunningService(pair.standby)
            while try !isSyncing(mark, to: name) { sched_yield() }
            #expect(service.stop(SIGKILL) == SIGKILL)
            let left = try pair.standby.run("standby", "status", "--json").json("standby")
            #expect((left["points"] as? [Any])?.isEmpty == false, "\(left)")
            #expect((left["applied"] as? [String: Any])?["name"] as? String != name, "it was killed too late: \(left)")
            let again = try RunningService(pair.standby)
            var message = ""
            while !message.contains("standby at \(name)") { message = try again.event("standing")["message"] as? String ?? "" }
            #expect(again.stop(SIGTERM) == 0)
            #expect(try pair.standby.content() == pair.primary.content())
        }
        #expect(try roles() == ["active", "standby"])
    }

    /// Whether the standby is in that part of a sync to the backup.
    private func isSyncing(_ mark: String, to name: String) throws -> Bool {
        let root = pair.standby.root
        let record = String(decoding: try AtomicFile.readIfPresent(root + "/state/standby.json", limit: 1 << 20) ?? [], as: UTF8.self)
        guard mark == "fetching" else { return record.contains("\"applying\"") }
        return try !FileTree.files(below: root + "/storage/locks").isEmpty && record.contains("\"\(name)\"")
    }
}
