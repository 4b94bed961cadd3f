import ArgumentParser
@testable import Commands
import HostIO
import Model
import TestSupport
import Testing

@Suite struct ExitStatusTests {
    @Test func `a verdict gives the status of its code`() {
        #expect(Verdict.done.exitStatus == 0)
        for code in FailureCode.allCases { #expect(Verdict.flawed(code).exitStatus == code.exitStatus) }
    }

    @Test func `the help lists every exit status`() {
        let text = Holdfast.configuration.discussion
        for code in FailureCode.allCases { #expect(text.contains("\(code.exitStatus) "), "\(code)") }
    }

    @Test func `a cluster file that says something wrong ends with 3, for people and for programs`() throws {
        let folder = try TemporaryDirectory()
        try AtomicFile.write(Array("cluster: acme\nstors: []\n".utf8), to: folder.file("holdfast.yaml"))
        let human = CapturedConsole()
        #expect(human.run(["snapshot", "ls", "-c", "holdfast.yaml"], in: folder.path) == 3)
        #expect(human.err.contains("holdfast.yaml:2") && human.out.isEmpty)
        let program = CapturedConsole()
        #expect(program.run(["snapshot", "ls", "--json", "-c", "holdfast.yaml"], in: folder.path) == 3)
        #expect(program.outLines.count == 1 && program.out.contains(#""code":"cluster-file""#) && program.err.isEmpty)
    }

    @Test func `before the cluster is protected a command is refused with what to do`() throws {
        let folder = try TemporaryDirectory()
        let file = """
            cluster: acme
            release: "1"
            state: state
            storage: storage
            password-file: password
            stores: [{name: a, kind: directory, role: content, path: a}]
            """
        try makeDirectories(folder.file("a"))
        try AtomicFile.write(Array(file.utf8), to: folder.file("holdfast.yaml"))
        for command in [["snapshot", "ls"], ["cluster", "status"], ["target", "ls"], ["snapshot", "undo"]] {
            let captured = CapturedConsole()
            #expect(captured.run(command + ["-c", "holdfast.yaml"], in: folder.path) == FailureCode.refused.exitStatus)
            #expect(captured.err.contains("hint: holdfast cluster init"))
        }
    }
}
