import Archiving
import HostIO
import Model
import ResticFormat
import TestSupport
import Testing

@Suite struct FileIdentityTests {
    private func node(_ name: String, in outcome: ArchiveOutcome, _ fixture: ArchiveFixture) throws -> Node {
        try #require(try fixture.nodes(outcome.tree).first { $0.name == Array(name.utf8) })
    }

    @Test func `a file that changed in the same tick as it was looked at is read again next time, and then no more`() throws {
        let fixture = try ArchiveFixture()
        let folder = try TemporaryDirectory()
        let path = try folder.folder("store")
        try writeFile(path + "/small", "small")
        try writeFile(path + "/large", [UInt8](repeating: 7, count: 9 << 20))
        let changed = try #require(try statusOfPath(path + "/large")).changed
        let clock = ManualClock(changed)
        let source = LocalDirectory(path: path, options: .init(identity: .live(clock)))
        let first = try fixture.archive(source)
        for name in ["small", "large"] { #expect(try node(name, in: first, fixture).ctime == .epoch) }
        clock.advance(by: .seconds(10))
        let second = try fixture.archive(source, parent: first.tree)
        #expect(second.totals.filesChanged == 2 && second.totals.filesUnchanged == 0)
        #expect(try node("large", in: second, fixture).ctime == NodeTime(changed))
        let third = try fixture.archive(source, parent: second.tree)
        #expect(third.totals.filesUnchanged == 2 && third.totals.bytesRead == 0 && third.tree == second.tree)
    }

    @Test func `what changes in a tick twice is not missed, whoever looks in between`() throws {
        let fixture = try ArchiveFixture()
        let folder = try TemporaryDirectory()
        let path = try folder.folder("store")
        let time = Timestamp(seconds: 1_600_000_000)
        let file = try Descriptor.open(path + "/vault", [.readWrite, .createNew])
        try Array("before".utf8).withUnsafeBytes { try file.write($0, at: 0) }
        try file.setTimes(accessed: time, modified: time)
        let source = LocalDirectory(path: path, options: .init(identity: .live(SystemClock())))
        let first = try fixture.archive(source)
        try Array("behind".utf8).withUnsafeBytes { try file.write($0, at: 0) }
        try file.setTimes(accessed: time, modified: time)
        let second = try fixture.archive(source, parent: first.tree)
        #expect(try fixture.content(node("vault", in: second, fixture)) == Array("behind".utf8))
    }

    @Test func `without a time of change no file is taken for the same`() throws {
        let fixture = try ArchiveFixture()
        let folder = try TemporaryDirectory()
        let path = try folder.folder("store")
        try writeFile(path + "/a", "content")
        let unknown = LocalDirectory(path: path, options: .init(identity: .frozen(nil)))
        let first = try fixture.archive(unknown)
        let second = try fixture.archive(unknown, parent: first.tree)
        #expect(second.totals.filesUnchanged == 0 && second.totals.bytesRead == 7)
        // A snapshot of that instant does not show what was written right after it.
        let changed = try #require(try statusOfPath(path + "/a")).changed
        let late = LocalDirectory(path: path, options: .init(identity: .frozen(changed.adding(seconds: 5))))
        let third = try fixture.archive(late, parent: try fixture.archive(late).tree)
        #expect(third.totals.filesUnchanged == 1)
        let early = LocalDirectory(path: path, options: .init(identity: .frozen(changed.adding(seconds: 1))))
        #expect(try fixture.archive(early, parent: third.tree).totals.filesUnchanged == 0)
    }

    @Test(.enabled(if: canMount("file systems without times of change")))
    func `a file system that keeps no time of change proves nothing by it`() throws {
        let home = try TemporaryDirectory()
        let (image, place) = (home.file("image"), try home.folder("mount"))
        guard (try? shell("truncate -s 16M '\(image)'; mkfs.vfat '\(image)' && mount -o loop '\(image)' '\(place)'")) != nil else {
            return print("skipped: there is no FAT here")
        }
        defer { _ = try? shell("umount '\(place)'") }
        let fixture = try ArchiveFixture()
        try writeFile(place + "/a", "content")
        let clock = ManualClock(SystemClock().now().adding(seconds: 60))
        let source = LocalDirectory(path: place, options: .init(identity: .live(clock)))
        let first = try fixture.archive(source)
        #expect(try fixture.archive(source, parent: first.tree).totals.filesUnchanged == 0)
    }
}
