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

    /// Containers that share a target, the second one with a host name and a machine of its own: each has a drill that is killed, and prunes after it.
    @Test func `each container removes its own dead lock, and the live one of another stays`() throws {
        var options = SampleCluster.Options()
        let pipes = try TemporaryDirectory()
        let (begun, end) = (pipes.file("begun"), pipes.file("end"))
        for path in [begun, end] { #expect(mkfifo(path, 0o666) == 0) }
        options.more = "checks:\n  - {name: pause, command: \"echo there >\(begun); cat \(end)\"}"
        let cluster = try SampleCluster(options)
        try cluster.succeed("cluster", "init")
        try cluster.succeed("target", "add", "nas", "nas")
        try cluster.succeed("backup", "create", "--name", "b")
        let other = cluster.folder.file("b")
        #expect(try ChildProcess(["cp", "-a", cluster.root, other]).run().succeeded)
        let drill = Process()
        drill.executableURL = URL(fileURLWithPath: HoldfastProgram.path)
        drill.arguments = ["backup", "drill", "b", "-c", cluster.file]
        drill.standardOutput = FileHandle.nullDevice
        drill.standardError = FileHandle.nullDevice
        try drill.run()
        defer { if drill.isRunning { kill(drill.processIdentifier, SIGKILL) } }
        #expect(try AtomicFile.read(begun) == Array("there\n".utf8))
        let locks = cluster.root + "/nas/locks"
        let held = try FileTree.files(below: locks)
        #expect(held.count == 1)
        let identity = pipes.file("machine-id")
        try AtomicFile.write(Array("\(String(repeating: "5", count: 32))\n".utf8), to: identity, mode: 0o644)
        let script = """
            "$1" backup drill b -c "$2" >/dev/null 2>&1 & drill=$!
            cat "$3" >/dev/null; ls "$4" | wc -l; kill -9 $drill; wait $drill 2>/dev/null
            "$1" target prune nas --grace 0s --yes -c "$2"
            """
        let machine = "hostname elsewhere; mount --bind '\(identity)' /etc/machine-id; "
        let containers = [(["--pid"], script), (["--pid", "--uts", "--mount"], machine + script)]
        for (namespaces, script) in containers {
            let words = ["unshare"] + namespaces + ["--fork", "--mount-proc", "/bin/sh", "-c", script, "sh"]
            let outcome = try ChildProcess(
                words + [HoldfastProgram.path, other + "/acme.yaml", begun, locks], timeout: .seconds(120)
            ).run()
            #expect(outcome.succeeded && outcome.outputText.hasPrefix("2\n"), "\(outcome.outputText)\(outcome.errorText)")
            #expect(try FileTree.files(below: locks) == held, "\(namespaces)")
        }
        try Descriptor.open(end, .write).write(Array("go\n".utf8))
        drill.waitUntilExit()
        #expect(drill.terminationStatus == 0)
    }
}
