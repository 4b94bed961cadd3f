import Dispatch
import Foundation
import Glibc
import HostIO
import Model
import TestSupport
import Testing

/// A program that is asked to end while something that it has started runs, or while it waits for an HDFS.
@Suite(.timeLimit(.minutes(5))) struct SignalTests {
    private let pipes: TemporaryDirectory
    private let begun: String
    private let go: String

    init() throws {
        pipes = try TemporaryDirectory()
        (begun, go) = (pipes.file("begun"), pipes.file("go"))
        for path in [begun, go] { #expect(mkfifo(path, 0o666) == 0) }
    }

    /// A command that tells its process group and is never done by itself: the shell waits for a child that hears no SIGTERM.
    private var endless: String { "echo $$ >\(begun); (trap '' TERM; cat \(go)); true" }

    /// Starts `holdfast`, waits until `endless` runs, sends the signal, and gives the exit status and the group of the command.
    private func interrupt(_ cluster: SampleCluster, _ arguments: [String], _ signal: Int32 = SIGTERM) throws -> (
        status: Int32, group: pid_t
    ) {
        let program = try StartedProgram(arguments + ["-c", cluster.file], in: cluster.root)
        let group = try #require(pid_t(String(decoding: try AtomicFile.read(begun), as: UTF8.self).filter(\.isNumber)))
        program.send(signal)
        return (program.end(), group)
    }

    private func expectGone(_ group: pid_t, _ status: Int32, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(status == FailureCode.cancelled.exitStatus, sourceLocation: sourceLocation)
        expectGone(group, sourceLocation: sourceLocation)
    }

    /// What was killed is there until the first process of the system has taken note of it.
    private func expectGone(_ group: pid_t, sourceLocation: SourceLocation = #_sourceLocation) {
        let start = SystemClock().monotonicNanoseconds()
        while kill(-group, 0) == 0, SystemClock().monotonicNanoseconds() &- start < 5_000_000_000 { sched_yield() }
        #expect(kill(-group, 0) < 0 && errno == ESRCH, "something of the command is left", sourceLocation: sourceLocation)
    }

    @Test func `a quiesce hook is ended, and the resume hook runs`() throws {
        let resumed = pipes.file("resumed")
        let cluster = try SampleCluster(.init(more: "quiesce: {begin: \"\(endless)\", end: \"touch \(resumed)\", timeout: 4m}"))
        try cluster.succeed("cluster", "init")
        let (status, group) = try interrupt(cluster, ["snapshot", "create", "one"])
        expectGone(group, status)
        #expect(try statusOfPath(resumed) != nil && cluster.snapshots().isEmpty)
        #expect(try FileTree.files(below: cluster.root + "/storage/locks").isEmpty)
    }

    @Test func `a resume hook is never cut off`() throws {
        let resumed = pipes.file("resumed")
        let cluster = try SampleCluster(.init(more: "quiesce: {begin: \"true\", end: \"echo >\(begun); cat \(go) && touch \(resumed)\"}"))
        try cluster.succeed("cluster", "init")
        let program = try StartedProgram(["snapshot", "create", "one", "-c", cluster.file], in: cluster.root)
        _ = try AtomicFile.read(begun)
        program.send(SIGTERM)
        try Descriptor.open(go, .write).write([0x0A])
        #expect(program.end() == FailureCode.cancelled.exitStatus)
        #expect(try statusOfPath(resumed) != nil && cluster.snapshots().isEmpty)
    }

    @Test func `a resume hook is begun also when the signal has come before`() throws {
        let resumed = pipes.file("resumed")
        let begin = "echo $PPID >\(begun); trap '' TERM; cat \(go)"
        let cluster = try SampleCluster(.init(more: "quiesce: {begin: \"\(begin)\", end: \"touch \(resumed)\"}"))
        try cluster.succeed("cluster", "init")
        let program = try StartedProgram(["snapshot", "create", "one", "-c", cluster.file], in: cluster.root)
        _ = try AtomicFile.read(begun)
        program.send(SIGINT)
        #expect(program.end() == FailureCode.cancelled.exitStatus)
        #expect(try statusOfPath(resumed) != nil)
    }

    @Test func `a password command is ended`() throws {
        let cluster = try SampleCluster()
        try cluster.succeed("cluster", "init")
        let text = String(decoding: try AtomicFile.read(cluster.file), as: UTF8.self)
        let command = "password-command: \"\(endless)\""
        try AtomicFile.write(Array(text.replacing("password-file: password", with: command).utf8), to: cluster.file)
        let (status, group) = try interrupt(cluster, ["snapshot", "ls"])
        expectGone(group, status)
    }

    @Test func `a check of a drill is ended, and makes no report`() throws {
        let cluster = try SampleCluster(.init(more: "checks:\n  - {name: endless, command: \"\(endless)\", timeout: 4m}"))
        try cluster.succeed("cluster", "init")
        try cluster.succeed("target", "add", "nas", "nas")
        try cluster.succeed("backup", "create", "--name", "b")
        let (status, group) = try interrupt(cluster, ["backup", "drill", "b"], SIGINT)
        expectGone(group, status)
        #expect(try cluster.succeed("backup", "ls", "--json").out.contains("\"failed\"") == false)
    }

    @Test func `an alert command is ended, and the next service tells the alert again`() throws {
        let cluster = try SampleCluster()
        try cluster.succeed("cluster", "init")
        try cluster.write(.init(more: "alerts: {command: \"\(endless)\"}"))
        let service = try RunningService(cluster)
        let group = try #require(pid_t(String(decoding: try AtomicFile.read(begun), as: UTF8.self).filter(\.isNumber)))
        #expect(service.stop(SIGTERM) == 0)
        expectGone(group)
        try cluster.write(.init(more: "alerts: {command: \"cat >>heard\"}"))
        let again = try RunningService(cluster)
        try again.event("alert")
        #expect(again.stop(SIGTERM) == 0)
        #expect(String(decoding: try AtomicFile.read(cluster.root + "/heard"), as: UTF8.self).contains("disk-lost"))
    }

    @Test func `waiting for an HDFS in safe mode ends`() throws {
        let server = try ScriptedServer { _, _ in .exception("SafeModeException", "Name node is in safe mode.") }
        try expectEnd(server)
    }

    @Test func `waiting for an HDFS that does not answer ends`() throws {
        let server = try SilentServer()
        let cluster = try SampleCluster(.init(storage: "hdfs://127.0.0.1:\(server.port)/acme"))
        let program = try StartedProgram(["cluster", "init", "-c", cluster.file], in: cluster.root)
        server.waitForRequest()
        program.send(SIGTERM)
        #expect(program.end() == FailureCode.cancelled.exitStatus)
    }

    private func expectEnd(_ server: ScriptedServer) throws {
        let cluster = try SampleCluster(.init(storage: "hdfs://127.0.0.1:\(server.port)/acme"))
        let program = try StartedProgram(["cluster", "init", "-c", cluster.file], in: cluster.root)
        #expect(server.waitForRequests(2, atMost: .seconds(60)))
        program.send(SIGTERM)
        #expect(program.end() == FailureCode.cancelled.exitStatus)
    }
}

/// `holdfast`, as a process that gets signals.
private final class StartedProgram {
    private let process = Process()

    init(_ arguments: [String], in folder: String) throws {
        // A shell that starts the tests in its background has them ignore SIGINT, and whom they start.
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["--default-signal=INT", HoldfastProgram.path] + arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Its exit status. It is to end within ten seconds from now: nothing that it waits for here ends sooner than in a minute.
    func end() -> Int32 {
        let start = SystemClock().monotonicNanoseconds()
        let number = process.processIdentifier
        let limit = DispatchWorkItem { kill(number, SIGKILL) }
        DispatchQueue.global().asyncAfter(deadline: .now() + 30, execute: limit)
        process.waitUntilExit()
        limit.cancel()
        #expect(SystemClock().monotonicNanoseconds() &- start < 10_000_000_000)
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }
}

/// Takes connections and says nothing.
private final class SilentServer {
    let port: UInt16
    private let listener: Descriptor

    init() throws {
        let raw = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        listener = Descriptor(owning: raw, path: "listener")
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(raw, $0, length) + listen(raw, 16) + getsockname(raw, $0, &length)
            }
        }
        guard status == 0 else { throw Failure(.internal, "cannot listen") }
        port = UInt16(bigEndian: address.sin_port)
    }

    /// Until somebody has connected and asked.
    func waitForRequest() {
        let connection = accept(listener.raw, nil, nil)
        var byte: UInt8 = 0
        #expect(read(connection, &byte, 1) == 1)
        // Open until the test ends.
    }
}
