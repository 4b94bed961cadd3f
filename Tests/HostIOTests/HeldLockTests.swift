@testable import HostIO
import TestSupport
import Testing

@Suite struct HeldLockTests {
    @Test func `lines of the kernel are read, and what is no held lock of a range is passed over`() throws {
        let lock = try #require(HeldLock(line: "7: POSIX  ADVISORY  WRITE 4711 fe:00:1605657 1073741824 1073742335"))
        #expect(lock.process == 4711 && lock.access == .write && lock.range == 1_073_741_824...1_073_742_335)
        #expect(lock.device == "254:0" && lock.inode == 1_605_657)
        let open = try #require(HeldLock(line: "\t1: OFDLCK ADVISORY  READ -1 00:2a:9 0 EOF"))
        #expect(open.process == nil && open.access == .read && open.range == 0...UInt64.max)
        #expect(HeldLock(line: "2: POSIX  ADVISORY  READ 0 08:01:1 0 0")?.process == nil)
        for line in [
            "1: -> POSIX  ADVISORY  WRITE 12 08:01:1 0 EOF", "1: FLOCK  ADVISORY  WRITE 12 08:01:1 0 EOF", "",
            "1: POSIX  ADVISORY  WRITE 12 08:01:1 9 3", "1: POSIX  ADVISORY  WRITE x 08:01:1 0 1", "1: POSIX ADVISORY WRITE 1 zz:01:1 0 1",
            "1: POSIX  ADVISORY  WRITE 99999999999 08:01:1 0 1", "1: POSIX  ADVISORY  UNLCK 12 08:01:1 0 1",
        ] { #expect(HeldLock(line: line) == nil, "\(line)") }
    }

    private static let locker = """
        import fcntl, struct, sys
        f = open(sys.argv[1], 'r+b')
        if sys.argv[2] == 'posix': fcntl.lockf(f, fcntl.LOCK_EX, 1, 5)
        else: fcntl.fcntl(f, 37, struct.pack('hhqqhi', fcntl.F_WRLCK, 0, 5, 1, 0, 0))
        """

    @Test(.enabled(if: isInstalled("python3", package: "python3")), .timeLimit(.minutes(1)), arguments: ["posix", "ofd"])
    func `who holds a lock on a file is found, also by a descriptor alone`(kind: String) throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("data")
        try AtomicFile.write([1, 2, 3], to: path)
        try AtomicFile.write([1], to: folder.file("other"))
        #expect(HeldLock.find(onFileAt: path).isEmpty)
        let holder = try HoldingProgram(Self.locker, [path, kind])
        defer { holder.end() }
        let locks = HeldLock.find(onFileAt: path)
        #expect(locks.map(\.process) == [holder.process] && locks.first?.range == 5...5, "\(locks)")
        #expect(locks.first?.access == .write)
        #expect(HeldLock.find(onFileAt: folder.file("other")).isEmpty)
        #expect(nameOfProcess(holder.process) == "python3 (process \(holder.process))")
    }
}
