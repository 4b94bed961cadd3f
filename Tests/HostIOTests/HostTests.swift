import Glibc
import HostIO
import Model
import TestSupport
import Testing

@Suite struct HostTests {
    @Test func theRealHostKnowsItself() {
        let host = Host.current()
        #expect(!host.name.isEmpty && !host.user.isEmpty)
        #expect(host.processID == getpid())
        #expect(host.processors >= 1)
        #expect(host.clock.now() > Timestamp(seconds: 1_600_000_000))
        let before = host.clock.monotonicNanoseconds()
        #expect(host.clock.monotonicNanoseconds() >= before)
        #expect(host.randomBytes(32) != host.randomBytes(32))
        #expect(host.randomHex(bytes: 4).utf8.count == 8)
    }

    @Test func aManualClockMovesOnlyWhenMoved() {
        let clock = ManualClock(Timestamp(seconds: 100, nanoseconds: 900_000_000))
        let origin = clock.monotonicNanoseconds()
        clock.advance(by: .milliseconds(1250))
        #expect(clock.now() == Timestamp(seconds: 102, nanoseconds: 150_000_000))
        #expect(clock.monotonicNanoseconds() - origin == 1_250_000_000)
        clock.set(Timestamp(seconds: 5))
        #expect(clock.now() == Timestamp(seconds: 5))
        #expect(clock.monotonicNanoseconds() - origin == 1_250_000_000)
    }

    @Test func theFileSystemIsNamedAndMeasured() throws {
        let proc = try Descriptor.openDirectory("/proc")
        #expect(try proc.isMountPoint())
        #expect(try proc.fileSystemKind() == .other)
        let directory = try TemporaryDirectory()
        let folder = try directory.open()
        #expect(try !folder.isMountPoint())
        #expect(try !folder.isSubvolume() || folder.fileSystemKind() == .btrfs)
        let space = try folder.space()
        #expect(space.free <= space.total && space.total > 0)
    }
}
