import ArgumentParser
@testable import Commands
import HostIO
import Model
import TestSupport
import Testing

@Suite struct ClusterOptionsTests {
    private func options(_ arguments: String...) throws -> ClusterOptions { try ClusterOptions.parse(arguments) }

    @Test func `a path that is given starts at the working directory`() throws {
        #expect(try options("-c", "acme.yaml").path(in: "/srv") == "/srv/acme.yaml")
        #expect(try options("-c", "../x/./acme.yaml").path(in: "/srv/y") == "/srv/x/acme.yaml")
        #expect(try options("-c", "/etc/acme.yaml").path(in: "/srv") == "/etc/acme.yaml")
    }

    @Test func `without one the working directory is looked at first`() throws {
        let folder = try TemporaryDirectory()
        try AtomicFile.write(Array("cluster: acme\n".utf8), to: folder.file("holdfast.yaml"))
        #expect(try options().path(in: folder.path) == folder.file("holdfast.yaml"))
    }

    @Test func `when there is none the error names both places and what to do`() throws {
        guard try statusOfPath(ClusterOptions.defaultFiles[1]) == nil else { return }
        let folder = try TemporaryDirectory()
        let captured = CapturedConsole()
        #expect(captured.run(["cluster", "status"], in: folder.path) == FailureCode.clusterFile.exitStatus)
        #expect(captured.err.contains(folder.file("holdfast.yaml")) && captured.err.contains("/etc/holdfast/holdfast.yaml"))
        #expect(captured.err.contains("hint: name it with -c"))
    }

    @Test func `a command to run next names the file only when it was named`() throws {
        #expect(try options("-c", "acme.yaml").suffix == " -c acme.yaml")
        #expect(try options().suffix.isEmpty)
    }
}
