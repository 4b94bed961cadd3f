import Glibc
import HostIO
import TestSupport
import Testing

@Suite(.enabled(if: Containment.possible != .none), .timeLimit(.minutes(1))) struct ContainmentTests {
    private let home: TemporaryDirectory

    init() throws { home = try TemporaryDirectory() }

    private func process(_ script: String, input: String = "") throws -> ChildProcess {
        var containment = Containment()
        containment.places = [Containment.Place("data", at: try home.folder("data"))]
        if geteuid() == 0 {
            try Descriptor.openDirectory(home.file("data")).setOwner(uid: containment.account.uid, gid: containment.account.gid)
        }
        var process = ChildProcess(["/bin/sh", "-c", script], environment: ["A": "b"], input: Array(input.utf8))
        process.containment = containment
        return process
    }

    @Test func `a program is shut in with its places, its streams and its environment`() throws {
        let outcome = try process("read line; echo \"$line $A $HOME\"; echo no >&2; echo x >/data/file; exit 3", input: "hello\n").run()
        #expect(outcome.ending == .exited(3))
        #expect(outcome.outputText == "hello b \n" && outcome.errorText == "no\n")
        let written = try AtomicFile.read(home.file("data/file"))
        #expect(written == Array("x\n".utf8))
        let looked = try process("ls \(home.path); ls -A /tmp /root").run()
        #expect(looked.errorText.split(separator: "\n").count == 3)
    }

    @Test func `a place may be there for reading alone, and the standard input as a file`() throws {
        var reading = try process("cat /input/text; ls /data; echo x >/data/x", input: "a line\nand more\n")
        reading.containment?.places = [Containment.Place("data", at: home.file("data"), .reading)]
        reading.containment?.offersInput = true
        try AtomicFile.write([1], to: home.file("data/there"), mode: 0o644)
        let outcome = try reading.run()
        #expect(outcome.outputText == "a line\nand more\nthere\n" && outcome.errorText.contains("Read-only"), "\(outcome)")
        #expect(try statusOfPath(home.file("data/x")) == nil)
    }

    /// A child of a process with threads that waits for a lock which one of those held waits for ever.
    @Test func `programs are started while threads come and go`() throws {
        let isOver = StopFlag()
        let busy = try (0..<4).map { _ in
            try WorkerThread(named: "busy") {
                while !isOver.isSet { try WorkerThread(named: "short") {}.join() }
            }
        }
        defer {
            isOver.set()
            for thread in busy { try? thread.join() }
        }
        for _ in 0..<100 {
            let outcome = try process("echo there").run()
            #expect(outcome.outputText == "there\n")
        }
    }

    @Test func `what a program has started ends with it`() throws {
        var running = try process("mkfifo /data/pipe; cat /data/pipe & echo begun >/data/begun; wait")
        let handle = ProcessHandle()
        running.handle = handle
        let thread = try WorkerThread(named: "contained") { [running] in
            let outcome = try running.run()
            #expect(outcome.ending == .signalled(SIGKILL))
        }
        while try statusOfPath(home.file("data/begun")) == nil { sched_yield() }
        handle.send(SIGKILL)
        try thread.join()
        // Nobody reads from it any more.
        #expect(open(home.file("data/pipe"), O_WRONLY | O_NONBLOCK) < 0 && errno == ENXIO)
        handle.send(SIGKILL)
    }

    @Test func `what cannot be made is an error that says what`() throws {
        var missing = try process("")
        missing.arguments = ["/no/such/program"]
        let failure = #expect(throws: SystemError.self) { try missing.run() }
        #expect(failure?.errno == ENOENT && failure?.operation == "run", "\(String(describing: failure))")
        var nowhere = try process("")
        nowhere.containment?.places = [Containment.Place("data", at: home.file("missing"))]
        let other = #expect(throws: SystemError.self) { try nowhere.run() }
        #expect(other?.errno == ENOENT && other?.operation.contains("file tree") == true, "\(String(describing: other))")
    }
}
