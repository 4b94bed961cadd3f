import HostIO
import Model
import TestSupport
import Testing

/// The questions before dangerous work, asked and answered on a real terminal.
@Suite(.timeLimit(.minutes(10))) struct TerminalQuestionTests {
    private let cluster: SampleCluster
    private let before: [String: String]

    init() throws {
        cluster = try SampleCluster()
        try cluster.succeed("cluster", "init")
        try cluster.succeed("snapshot", "create", "one")
        try cluster.put([1], at: "uploads/a.txt")
        before = try cluster.content()
    }

    private func session(_ arguments: String...) throws -> TerminalSession {
        try TerminalSession([HoldfastProgram.path] + arguments + ["-c", cluster.file])
    }

    /// Whatever is answered that is not the one right answer.
    private func expectRefusals(_ answers: [String], of arguments: [String], until question: String) throws -> [String] {
        try (answers + ["\n", TerminalSession.endOfInput, TerminalSession.interrupt]).map { answer in
            let session = try TerminalSession([HoldfastProgram.path] + arguments + ["-c", cluster.file])
            let asked = try session.read(until: question)
            try session.type(answer)
            let (shown, status) = try session.end()
            #expect(shown.contains("not confirmed, nothing was changed"), "\(answer.debugDescription): \(shown)")
            #expect(status == FailureCode.cancelled.exitStatus, "\(answer.debugDescription): \(shown)")
            #expect(try cluster.content() == before, "\(answer.debugDescription)")
            return asked
        }
    }

    @Test func `a cluster is not deleted unless its name is typed`() throws {
        let questions = try expectRefusals(["no\n", "yes\n", "acm\n", "ACME\n"], of: ["cluster", "delete"], until: "to go on:")
        for question in questions {
            #expect(question.contains("everything in \(cluster.root)/uploads") && question.contains("type the cluster's name (acme)"))
        }
        #expect(try cluster.snapshots() == ["one"])
    }

    @Test(arguments: ["acme\n", "  acme \n"]) func `a cluster is deleted when its name is typed`(_ answer: String) throws {
        let session = try session("cluster", "delete")
        _ = try session.read(until: "to go on:")
        try session.type(answer)
        let (shown, status) = try session.end()
        #expect(status == 0 && shown.contains("cluster acme is deleted"), "\(shown)")
        #expect(try FileTree.files(below: cluster.root + "/uploads").isEmpty)
        #expect(try statusOfPath(cluster.root + "/accounts.db") == nil)
        #expect(try cluster.fail("refused", 6, "snapshot", "ls").contains("not protected"))
    }

    @Test func `a snapshot is not restored unless the answer is yes`() throws {
        for question in try expectRefusals(["n\n", "one\n", "yess\n"], of: ["snapshot", "restore", "one"], until: "[y/N] ") {
            #expect(question.contains("Plan: restore snapshot one onto cluster acme") && question.contains("will be lost:"), "\(question)")
        }
        #expect(try cluster.snapshots() == ["one"])
    }

    @Test(arguments: ["y\n", "YES\n"]) func `a snapshot is restored when the answer is yes`(_ answer: String) throws {
        let session = try session("snapshot", "restore", "one")
        _ = try session.read(until: "[y/N] ")
        try session.type(answer)
        let (shown, status) = try session.end()
        #expect(status == 0 && shown.contains("the cluster is back at snapshot one"), "\(shown)")
        #expect(try cluster.content() != before)
    }

    @Test func `nobody is asked when it was agreed to beforehand or nothing will be done`() throws {
        let (dry, dryStatus) = try session("cluster", "delete", "--dry-run").end()
        #expect(dryStatus == 0 && dry.contains("dry run: nothing was changed"), "\(dry)")
        #expect(try cluster.content() == before)
        let (shown, status) = try session("snapshot", "delete", "one", "--yes").end()
        #expect(status == 0 && shown.contains("deleted one"), "\(shown)")
    }
}
