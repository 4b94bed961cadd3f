import ArgumentParser
@testable import Commands
import HostIO
import Model
import TestSupport
import Testing

@Suite struct ClusterOptionsTests {
    private let user = ClusterFileSearch(named: nil, isRoot: false)
    private let root = ClusterFileSearch(named: nil, isRoot: true)

    private func options(_ arguments: String...) throws -> ClusterOptions { try ClusterOptions.parse(arguments) }

    @Test func `a path that is given starts at the working directory`() throws {
        #expect(try options("-c", "acme.yaml").path(in: "/srv", root) == "/srv/acme.yaml")
        #expect(try options("-c", "../x/./acme.yaml").path(in: "/srv/y", root) == "/srv/x/acme.yaml")
        #expect(try options("-c", "/etc/acme.yaml").path(in: "/srv", root) == "/etc/acme.yaml")
    }

    @Test func `without one the working directory is looked at first`() throws {
        let folder = try TemporaryDirectory()
        try AtomicFile.write(Array("cluster: acme\n".utf8), to: folder.file("holdfast.yaml"))
        #expect(try options().path(in: folder.path, user) == folder.file("holdfast.yaml"))
    }

    @Test func `root takes the one of the working directory only when it is named`() throws {
        let folder = try TemporaryDirectory()
        let file = folder.file("holdfast.yaml")
        try AtomicFile.write(Array("cluster: acme\n".utf8), to: file)
        let refusal = #expect(throws: Failure.self) { try options().path(in: folder.path, root) }
        #expect(refusal?.code == .clusterFile && refusal?.hint?.contains("-c \(file)") == true)
        #expect(try options("-c", "holdfast.yaml").path(in: folder.path, root) == file)
        #expect(try options().path(in: "/", ClusterFileSearch(named: file, isRoot: true)) == file)
        #expect(try root.path(in: "/etc/holdfast", isThere: { $0 == "/etc/holdfast/holdfast.yaml" }) == "/etc/holdfast/holdfast.yaml")
        #expect(try root.path(in: "/srv", isThere: { $0 == "/etc/holdfast/holdfast.yaml" }) == "/etc/holdfast/holdfast.yaml")
    }

    @Test func `the variable comes before what is looked for, and names an absolute path`() throws {
        for isRoot in [false, true] {
            #expect(
                try ClusterFileSearch(named: "/srv/a/../b.yaml", isRoot: isRoot).path(in: "/x", isThere: { _ in true }) == "/srv/b.yaml")
            let refusal = #expect(throws: Failure.self) {
                try ClusterFileSearch(named: "b.yaml", isRoot: isRoot).path(in: "/x", isThere: { _ in true })
            }
            #expect(refusal?.hint == "export HOLDFAST_CLUSTER_FILE=/x/b.yaml")
        }
        #expect(try ClusterFileSearch(named: "", isRoot: false).path(in: "/x", isThere: { _ in true }) == "/x/holdfast.yaml")
    }

    @Test func `when there is none the error names both places and what to do`() throws {
        guard try statusOfPath(ClusterFileSearch.system) == nil else { return }
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
