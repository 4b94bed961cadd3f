import Foundation
import Glibc
import HostIO
import TestSupport
import Testing

/// `backup drill` and `backup report` of the built program.
@Suite(.timeLimit(.minutes(5))) struct DrillCommandTests {
    private static func withChecks(_ lines: String) throws -> SampleCluster {
        var options = SampleCluster.Options()
        options.more = "checks:\n\(lines)"
        let cluster = try SampleCluster(options)
        try cluster.succeed("cluster", "init")
        try cluster.succeed("target", "add", "nas", "nas")
        try cluster.succeed("backup", "create", "--name", "b")
        return cluster
    }

    @Test func `a drill tells what it proved, listings show it, and an altered report ends with 12`() throws {
        let cluster = try Self.withChecks(#"  - {name: users, store: accounts, sql: "SELECT count(*) FROM accounts", expect: "500"}"#)
        #expect(try cluster.succeed("backup", "ls").out.contains("never"))
        let drill = try cluster.succeed("backup", "drill", "latest", "--json").json("drill")
        #expect(Set(drill.keys) == ["verdict", "recoverySeconds", "problems", "gaps", "reportName", "reportPlace", "report", "answers"])
        #expect(drill["verdict"] as? String == "passed")
        let text = try cluster.succeed("backup", "drill", "b").out
        #expect(text.contains("the backup can be restored") && text.contains("proven: accounts: integrity_check finds nothing"), "\(text)")
        #expect(try cluster.succeed("backup", "ls").out.contains("passed "))
        let shown = try cluster.succeed("backup", "show", "b", "--json").json("backup")
        let note = try #require(shown["drill"] as? [String: Any])
        #expect(Set(note.keys) == ["time", "verdict", "signed", "recoverySeconds", "problem"] && note["signed"] as? Bool == true)
        let report = try cluster.succeed("backup", "report", "b", "--json").json("report")
        #expect(Set(report.keys) == ["signed", "altered", "verdict", "recoverySeconds", "report"] && report["signed"] as? Bool == true)

        let reports = try FileTree.files(below: cluster.root + "/nas/holdfast/drills").filter { $0.hasSuffix(".json") }.sorted()
        #expect(reports.count == 2)
        for name in reports {
            let path = cluster.root + "/nas/holdfast/drills/" + name
            let text = String(decoding: try AtomicFile.read(path), as: UTF8.self)
            try AtomicFile.write(Array(text.replacing("\"program\" : \"holdfast", with: "\"program\" : \"Holdfast").utf8), to: path)
        }
        let altered = try cluster.run("backup", "report", "b")
        #expect(altered.status == 12 && altered.out.contains("ALTERED"))
        #expect(try cluster.succeed("backup", "ls").out.contains("REPORT ALTERED"))
        #expect(try cluster.fail("not-found", 4, "backup", "drill", "c").contains("backup"))
    }

    @Test(.enabled(if: canMount("a target that may only be read")))
    func `a drill of a target that may only be read passes, and its report stands in the state`() throws {
        let cluster = try Self.withChecks(#"  - {name: users, store: accounts, sql: "SELECT count(*) FROM accounts", expect: "500"}"#)
        let target = cluster.root + "/nas"
        for words in [["--bind", target, target], ["-o", "remount,ro,bind", target]] {
            #expect(try ChildProcess(["mount"] + words).run().succeeded)
        }
        defer { _ = try? ChildProcess(["umount", target]).run() }
        let drill = try cluster.succeed("backup", "drill", "b", "--json").json("drill")
        #expect(drill["verdict"] as? String == "passed" && drill["reportPlace"] as? String == "state", "\(drill)")
        let name = try #require(drill["reportName"] as? String)
        for end in [".json", ".md"] { #expect(try statusOfPath(name + end)?.kind == .file) }
        #expect(try cluster.succeed("backup", "report", "b").out.contains("signature: right"))
        #expect(try cluster.succeed("backup", "report", "--file", name + ".json", "--target", "nas").out.contains("signature: right"))
        #expect(try cluster.succeed("backup", "ls").out.contains("passed "))
    }

    @Test func `a check that fails ends with 12 and shows what was answered`() throws {
        let cluster = try Self.withChecks(#"  - {name: users, store: accounts, sql: "SELECT count(*) FROM accounts", expect: "501"}"#)
        let failed = try cluster.run("backup", "drill", "b")
        #expect(failed.status == 12 && failed.out.contains("answered: 500") && failed.out.contains("check users"), "\(failed.out)")
        try AtomicFile.write(
            Array(String(decoding: AtomicFile.read(cluster.file), as: UTF8.self).replacing("sql:", with: "sqll:").utf8), to: cluster.file)
        let wrong = try cluster.fail("cluster-file", 3, "backup", "ls")
        #expect(wrong.contains("sqll") && wrong.contains("acme.yaml:"), "\(wrong)")
    }

    @Test func `a drill that is killed leaves nothing behind after the next one, wherever that restores to`() throws {
        let cluster = try Self.withChecks(
            #"  - {name: pause, command: "test -e \"$HOLDFAST_SCRATCH/../../../spare/go\" || { echo $$ >\"$HOLDFAST_SCRATCH/../../../spare/pid\"; exec sleep 600; }"}"#
        )
        let spare = cluster.root + "/spare"
        let drill = Process()
        drill.executableURL = URL(fileURLWithPath: HoldfastProgram.path)
        drill.arguments = ["backup", "drill", "b", "--scratch", spare, "-c", cluster.file]
        drill.standardOutput = FileHandle.nullDevice
        drill.standardError = FileHandle.nullDevice
        try drill.run()
        defer { if drill.isRunning { kill(drill.processIdentifier, SIGKILL) } }
        var text = ""
        while !text.hasSuffix("\n"), drill.isRunning {
            text = String(decoding: try AtomicFile.readIfPresent(spare + "/pid") ?? [], as: UTF8.self)
            sched_yield()
        }
        let sleeper = try #require(pid_t(text.filter(\.isNumber)))
        #expect(try FileTree.files(below: spare).contains { $0.hasSuffix("files/accounts/accounts.db") })
        kill(drill.processIdentifier, SIGKILL)
        drill.waitUntilExit()
        // The kernel ends the check with the drill.
        while kill(sleeper, 0) == 0, try Self.isAlive(sleeper) { sched_yield() }
        #expect(try FileTree.files(below: spare).contains { $0.hasSuffix("files/accounts/accounts.db") })
        try AtomicFile.write([], to: spare + "/go")
        try cluster.succeed("backup", "drill", "b", "--scratch", "other")
        #expect(try FileTree.files(below: spare).sorted() == ["go", "pid"])
        #expect(try Descriptor.openDirectory(cluster.root + "/other").isEmptyDirectory())
        #expect(try cluster.run("backup", "report", "b").status == 0)
    }

    private static func isAlive(_ process: pid_t) throws -> Bool {
        let status = try AtomicFile.readIfPresent("/proc/\(process)/stat")
        return status.map { !String(decoding: $0, as: UTF8.self).contains(") Z ") } ?? false
    }
}
