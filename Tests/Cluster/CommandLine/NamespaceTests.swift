import Foundation
import Glibc
import HostIO
import TestSupport
import Testing

private let canUnshare: Bool = {
    let outcome = try? ChildProcess(["unshare", "--pid", "--fork", "--mount-proc", "true"]).run()
    return outcome?.succeeded ?? false
}()

/// Two containers of one host name, each with processes of its own, that share a target.
@Suite(.enabled(if: canUnshare), .timeLimit(.minutes(5))) struct NamespaceTests {
    @Test func `the lock of a process that is not seen from here is believed`() throws {
        var options = SampleCluster.Options()
        let fifo = try TemporaryDirectory()
        let (begun, end) = (fifo.file("begun"), fifo.file("end"))
        for path in [begun, end] { #expect(mkfifo(path, 0o666) == 0) }
        options.more = "checks:\n  - {name: pause, command: \"echo there >\(begun); cat \(end)\"}"
        let cluster = try SampleCluster(options)
        try cluster.succeed("cluster", "init")
        try cluster.succeed("target", "add", "nas", "nas")
        try cluster.succeed("backup", "create", "--name", "b")
        let drill = Process()
        drill.executableURL = URL(fileURLWithPath: HoldfastProgram.path)
        drill.arguments = ["backup", "drill", "b", "-c", cluster.file]
        drill.standardOutput = FileHandle.nullDevice
        drill.standardError = FileHandle.nullDevice
        try drill.run()
        defer { if drill.isRunning { kill(drill.processIdentifier, SIGKILL) } }
        #expect(try AtomicFile.read(begun) == Array("there\n".utf8))
        let held = try FileTree.files(below: cluster.root + "/nas/locks")
        #expect(held.count == 1)
        for wrapper in [["unshare", "--pid", "--fork", "--mount-proc"], ["unshare", "--pid", "--fork"]] {
            for command in [["target", "prune", "nas", "--grace", "0s", "--yes"], ["backup", "create", "--target", "nas"]] {
                let result = try cluster.run(command, wrapper: wrapper)
                #expect(result.status == 0, "\(command): \(result.out)\(result.err)")
                #expect(try FileTree.files(below: cluster.root + "/nas/locks") == held)
            }
        }
        try Descriptor.open(end, .write).write(Array("go\n".utf8))
        drill.waitUntilExit()
        #expect(drill.terminationStatus == 0)
        #expect(try FileTree.files(below: cluster.root + "/nas/locks").isEmpty)
    }

    @Test func `a lock whose process was killed is gone with the next command that asks`() throws {
        var options = SampleCluster.Options()
        let fifo = try TemporaryDirectory()
        let begun = fifo.file("begun")
        #expect(mkfifo(begun, 0o666) == 0)
        options.more = "checks:\n  - {name: pause, command: \"echo there >\(begun); exec sleep 600\"}"
        let cluster = try SampleCluster(options)
        try cluster.succeed("cluster", "init")
        try cluster.succeed("target", "add", "nas", "nas")
        try cluster.succeed("backup", "create", "--name", "b")
        let drill = Process()
        drill.executableURL = URL(fileURLWithPath: HoldfastProgram.path)
        drill.arguments = ["backup", "drill", "b", "-c", cluster.file]
        drill.standardOutput = FileHandle.nullDevice
        drill.standardError = FileHandle.nullDevice
        try drill.run()
        defer { if drill.isRunning { kill(drill.processIdentifier, SIGKILL) } }
        #expect(try AtomicFile.read(begun) == Array("there\n".utf8))
        kill(drill.processIdentifier, SIGKILL)
        drill.waitUntilExit()
        #expect(try FileTree.files(below: cluster.root + "/nas/locks").count == 1)
        try cluster.succeed("target", "prune", "nas", "--grace", "0s", "--yes")
        #expect(try FileTree.files(below: cluster.root + "/nas/locks").isEmpty)
    }
}
