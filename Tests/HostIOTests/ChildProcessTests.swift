import Glibc
import HostIO
import Model
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct ChildProcessTests {
    @Test func outputsAndStatusAreGiven() throws {
        let outcome = try ChildProcess.shell("echo out; echo err >&2; exit 7").run()
        #expect(outcome.ending == .exited(7))
        #expect(outcome.outputText == "out\n")
        #expect(outcome.errorText == "err\n")
        #expect(!outcome.succeeded && !outcome.truncated)
    }

    @Test func muchInputAndMuchOutputDoNotBlockEachOther() throws {
        let input = [UInt8](repeating: 0x61, count: 3 << 20)
        let outcome = try ChildProcess(["cat"], input: input, outputLimit: 4 << 20).run()
        #expect(outcome.output == input)
    }

    @Test func outputBeyondTheLimitIsDroppedAndTold() throws {
        let outcome = try ChildProcess(["head", "-c", "2000000", "/dev/zero"], outputLimit: 1000).run()
        #expect(outcome.succeeded && outcome.truncated)
        #expect(outcome.output.count == 1000)
    }

    @Test func onlyTheGivenEnvironmentIsSeen() throws {
        setenv("HOLDFAST_LEAK", "1", 1)
        let outcome = try ChildProcess(["/usr/bin/env"], environment: ["A": "b c"]).run()
        #expect(outcome.outputText == "A=b c\n")
    }

    @Test func descriptorsDoNotLeakIntoTheChild() throws {
        let file = try Descriptor.open("/dev/null", .read)
        let outcome = try ChildProcess(["ls", "/proc/self/fd"]).run()
        // 0, 1, 2 and the one that ls itself has open.
        #expect(outcome.outputText.split(separator: "\n") == ["0", "1", "2", "3"])
        #expect(file.raw >= 0)
    }

    @Test func aProgramThatDoesNotExistIsAnErrorThatNamesIt() {
        let error = #expect(throws: SystemError.self) { try ChildProcess(["/no/such/program"]).run() }
        #expect(error?.errno == ENOENT && error?.path == "/no/such/program")
    }

    @Test func theWholeGroupDiesWhenTheTimeIsUp() throws {
        let directory = try TemporaryDirectory()
        let lock = directory.file("lock")
        let stubborn = "trap '' TERM; flock \(lock) sh -c 'while :; do sleep 1; done' & wait"
        let outcome = try ChildProcess(["/bin/sh", "-c", stubborn], timeout: .seconds(1), grace: .milliseconds(100)).run()
        #expect(outcome.ending == .timedOut)
        // Free when the last of the group has gone.
        _ = try FileLock.take(lock, purpose: "test", host: .forTests(), patience: .seconds(30))
    }

    @Test func aDaemonThatKeepsTheOutputOpenIsNotWaitedFor() throws {
        let outcome = try ChildProcess.shell("sleep 55 & echo started").run()
        #expect(outcome.succeeded)
        #expect(outcome.outputText == "started\n")
    }

    @Test func aSignalIsTold() throws {
        #expect(try ChildProcess.shell("kill -9 $$").run().ending == .signalled(9))
    }

    @Test func theWorkingDirectoryIsSet() throws {
        var request = ChildProcess(["pwd"])
        request.workingDirectory = "/usr"
        #expect(try request.run().outputText == "/usr\n")
    }
}

@Suite(.timeLimit(.minutes(1))) struct FileLockTests {
    let directory: TemporaryDirectory
    let host = Host.forTests()
    init() throws { directory = try TemporaryDirectory() }

    @Test func theOneWhoComesLaterIsToldWhoHoldsTheLock() throws {
        let path = directory.file("lock")
        let lock = try FileLock.take(path, purpose: "snapshot create nightly", host: host)
        let held = #expect(throws: FileLockHeld.self) { try FileLock.take(path, purpose: "another", host: host) }
        #expect(held?.holder == "process \(host.processID) of tester on testhost: snapshot create nightly")
        #expect(held?.failure.code == .locked)
        lock.release()
        let next = try FileLock.take(path, purpose: "another", host: host)
        lock.release()
        #expect(try AtomicFile.read(path).isEmpty == false)
        next.release()
        #expect(try AtomicFile.read(path).isEmpty)
    }

    @Test func patienceIsRewarded() throws {
        let path = directory.file("lock")
        let first = try FileLock.take(path, purpose: "first", host: host)
        let waiter = try WorkerThread(named: "waiter") { [host] in
            _ = try FileLock.take(path, purpose: "second", host: host, patience: .seconds(50))
        }
        first.release()
        try waiter.join()
    }

    @Test(.enabled(if: canMount("a lock on a full disk"))) func aLockIsTakenOnAFullDiskToo() throws {
        let disk = try MountedFileSystem.tmpfs(megabytes: 1)
        let path = Path.join(disk.path, "lock")
        try FileLock.take(path, purpose: "while there is room", host: host).release()
        try disk.fillUp()
        let lock = try FileLock.take(path, purpose: "snapshot delete", host: host)
        let held = #expect(throws: FileLockHeld.self) { try FileLock.take(path, purpose: "another", host: host) }
        #expect(held?.holder == "another process")
        lock.release()
        try FileLock.take(path, purpose: "afterwards", host: host).release()
    }

    @Test func aLockGoesWithItsProcess() throws {
        let path = directory.file("lock")
        let outcome = try ChildProcess(["flock", path, "sh", "-c", "kill -9 $PPID; sleep 0"]).run()
        #expect(!outcome.succeeded)
        _ = try FileLock.take(path, purpose: "after", host: host, patience: .seconds(30))
    }
}
