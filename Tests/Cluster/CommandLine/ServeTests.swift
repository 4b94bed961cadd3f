import Glibc
import HostIO
import Model
import TestSupport
import Testing

/// The real program as a service, with periods of a second.
@Suite(.timeLimit(.minutes(10))) struct ServeTests {
    private let cluster: SampleCluster
    private let policy = "snapshot policy"

    init() throws {
        cluster = try SampleCluster()
        try cluster.succeed("cluster", "init")
        try cluster.succeed("snapshot", "policy", "update", "--every", "1s", "--keep", "3@1s,2@1m")
    }

    @Test func `it says when it is ready, serves, lets commands work, and ends when it is told to`() throws {
        let supervisor = try SupervisorDouble(at: cluster.folder.file("notify"))
        let service = try RunningService(cluster, environment: ["NOTIFY_SOCKET": supervisor.path])
        #expect(supervisor.receive().contains("READY=1"))
        for _ in 0..<4 { try service.event("finished", policy) }
        #expect(try cluster.fail("refused", 6, "serve").contains("holdfast serve"))
        try cluster.succeed("snapshot", "create", "by-hand")
        try cluster.succeed("target", "add", "nas", "nas")
        try cluster.succeed("backup", "policy", "create", "often", "--every", "2s", "--keep", "2@2s")
        let text = try cluster.succeed("cluster", "status").out
        #expect(text.contains("served by") && text.contains("holdfast serve") && text.contains("policy often"), "\(text)")
        for _ in 0..<3 { try service.event("finished", "backup policy often") }
        try cluster.succeed("snapshot", "pin", "by-hand")
        #expect(service.stop(SIGTERM) == 0)
        #expect(service.events.last?["event"] as? String == "stopped")
        #expect(!service.events.contains { $0["event"] as? String == "failed" }, "\(service.events)")
        let names = try cluster.snapshots()
        #expect(names.contains("by-hand") && (3...8).contains(names.count { $0.hasPrefix("periodic-") }), "\(names)")
        for name in names { try cluster.succeed("snapshot", "validate", name) }
        let backups = try cluster.backups()
        #expect((1...3).contains(backups.count), "\(backups)")
        for name in backups { try cluster.succeed("backup", "verify", name, "--read-data") }
        #expect(try cluster.succeed("cluster", "status").out.contains("nobody: holdfast serve does not run"))
        let status = try cluster.succeed("backup", "policy", "status", "often", "--json").json("status")
        #expect(try #require(status["runs"] as? [[String: Any]]).contains { $0["outcome"] as? String == "ok" })
    }

    @Test func `what took the service down is told by the next one, and is critical when it did so twice`() throws {
        let folder = cluster.root + "/state/jobs"
        try makeDirectories(folder)
        for number in 901...902 {
            let record = """
                {"number": \(number), "command": "snapshot policy", "cause": "snapshot policy", "process": 4194311, "began": "2026-01-01T00:00:00Z",
                 "outcome": "running", "isUnattended": true}
                """
            try AtomicFile.write(Array(record.utf8), to: "\(folder)/\(number).json")
            try AtomicFile.write([], to: "\(folder)/\(number).log")
            let status = try cluster.run("status")
            #expect(status.out.contains(number == 901 ? "warning: the last run of snapshot policy" : "critical: each of the last 2 runs"))
        }
        let service = try RunningService(cluster)
        let told = try service.event("failed")
        #expect((told["message"] as? String)?.contains("ended the whole process") == true && told["hint"] is String, "\(told)")
        try service.event("finished", policy)
        #expect(service.stop(SIGTERM) == 0)
        #expect(try !cluster.run("status").out.contains("ended the whole process"))
    }

    @Test func `one that is killed at any moment goes on where it was, and loses nothing that was listed`() throws {
        var random = SeededRandom(named: "death of a service")
        for _ in 0..<5 {
            let service = try RunningService(cluster)
            for _ in 0..<Int.random(in: 0...2, using: &random) { try service.event("finished", policy) }
            try service.event("running", policy)
            let before = try cluster.snapshots()
            #expect(service.stop(SIGKILL) == SIGKILL)
            let after = try cluster.snapshots()
            #expect(after.count >= min(before.count, 3))
            for name in after { try cluster.succeed("snapshot", "validate", name) }
        }
        let service = try RunningService(cluster)
        for _ in 0..<4 { try service.event("finished", policy) }
        #expect(service.stop(SIGTERM) == 0)
        let names = try cluster.snapshots()
        #expect(names.count <= 6, "what a crash left unnoted has arrived and goes by the rules: \(names)")
    }

    @Test func `a job that a kill ended is interrupted, and the next one is done`() throws {
        let (begun, go) = (cluster.folder.file("begun"), cluster.folder.file("go"))
        #expect(mkfifo(begun, 0o600) == 0 && mkfifo(go, 0o600) == 0)
        try cluster.write(.init(more: "quiesce: {begin: \"echo > \(begun); cat \(go)\", end: \"true\", timeout: 100s}"))
        let service = try RunningService(cluster)
        _ = try AtomicFile.read(begun)
        func outcomes() throws -> [String] {
            let jobs = try cluster.succeed("jobs", "--json").json()["jobs"] as? [[String: Any]]
            return try #require(jobs).filter { $0["command"] as? String == "snapshot policy run" }.compactMap { $0["outcome"] as? String }
                .filter { $0 != "skipped" }
        }
        #expect(try outcomes() == ["running"])
        #expect(service.stop(SIGKILL) == SIGKILL)
        #expect(try outcomes() == ["interrupted"], "the hook that lives on does not stand for it")
        try Descriptor.open(go, [.write]).write([0x0A])
        try cluster.write(.init())
        try cluster.succeed("serve", "--once")
        #expect(try outcomes() == ["interrupted", "done"])
        let number = try #require(try (cluster.succeed("jobs", "--json").json()["jobs"] as? [[String: Any]])?.last?["number"] as? Int)
        let shown = try cluster.succeed("jobs", "show", "\(number)").out
        #expect(shown.contains("snapshot policy") && shown.contains("archiving") && shown.contains("done in"), "\(shown)")
    }

    @Test func `a stop in the middle of a run gives it up cleanly`() throws {
        let (begun, go) = (cluster.folder.file("begun"), cluster.folder.file("go"))
        #expect(mkfifo(begun, 0o600) == 0 && mkfifo(go, 0o600) == 0)
        try cluster.write(.init(more: "quiesce: {begin: \"echo > \(begun); cat \(go)\", end: \"true\", timeout: 100s}"))
        let service = try RunningService(cluster)
        _ = try AtomicFile.read(begun)
        // What would keep it for a hundred seconds is told to end as well.
        service.send(SIGTERM)
        #expect(service.end() == 0)
        for name in try cluster.snapshots() { try cluster.succeed("snapshot", "validate", name) }
        try cluster.write(.init())
        #expect(try cluster.succeed("serve", "--once", "--json").json()["service"] != nil)
        let names = try cluster.snapshots()
        #expect((1...2).contains(names.count))
        for name in names { try cluster.succeed("snapshot", "validate", name) }
    }
}
