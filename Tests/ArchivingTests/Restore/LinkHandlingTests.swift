import Archiving
import Glibc
import HostIO
import Model
import ResticFormat
import TestSupport
import Testing

/// Destinations that do to what a link leads to what they are told to do to the link.
@Suite(.timeLimit(.minutes(2)), .enabled(if: isRoot && SFTPMount.isPossible("links that are followed")))
struct LinkHandlingTests {
    private let fixture: ArchiveFixture
    private let folder: TemporaryDirectory
    private let mount: SFTPMount

    init() throws {
        fixture = try ArchiveFixture()
        folder = try TemporaryDirectory()
        mount = try SFTPMount()
    }

    private func link(_ name: String, to target: String, uid: UInt32 = 0) -> CraftedSource.Entry {
        .special(name, .symlink) { node in
            node.linkTarget = Array(target.utf8)
            (node.uid, node.gid) = (uid, uid)
            node.mtime = NodeTime(seconds: 1_000_000_000, nanoseconds: 0)
        }
    }

    private func restore(_ entries: [CraftedSource.Entry]) throws -> TreeRestoreOutcome {
        let image = try fixture.archive(CraftedSource(entries))
        return try fixture.restoreNow(image, to: mount.path + "/store").1
    }

    private func expectUntouched(_ path: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let status = try #require(try statusOfPath(path))
        #expect(status.modified.seconds == 86_400 && status.uid == 7, sourceLocation: sourceLocation)
    }

    @Test(arguments: [false, true])
    func `neither time nor owner of what a link leads to are changed, and what is left out is told once`(inPlace: Bool) throws {
        let outside = folder.file("outside")
        try shell("echo o > '\(outside)'; chown 7:7 '\(outside)'; touch -d @86400 '\(outside)'")
        if inPlace { try shell("mkdir '\(mount.backing)/store'; cd '\(mount.backing)/store'; ln -s '\(outside)' one; echo x > y") }
        let done = try restore([
            link("one", to: outside, uid: 1234), link("two", to: outside), .directory("d", [link("three", to: "nowhere")]),
        ])
        try expectUntouched(outside)
        let named = done.issues.map { "\($0.kind.rawValue) \($0.path): \($0.detail)" }.filter { $0.contains("link") }.sorted()
        let reason = "this file system would set it on what the link leads to"
        let time = "metadata d/three: the link's time is left out, as of 2 more symbolic links: \(reason)"
        #expect(named == [time, "metadata one: the link's owner is left out: \(reason)"], "\(done.issues)")
        #expect(
            try shell("cd '\(mount.backing)/store'; readlink one two d/three; find . -name '.holdfast*'")
                == "\(outside)\n\(outside)\nnowhere\n")
    }

    @Test(.enabled(if: isInstalled("bindfs", package: "bindfs")))
    func `where no entry gets another owner each link is told with that, and gets its time`() throws {
        let (behind, seen) = (try folder.folder("behind"), try folder.folder("seen"))
        try shell("bindfs --chown-deny '\(behind)' '\(seen)'")
        defer { _ = try? shell("umount '\(seen)'") }
        let image = try fixture.archive(CraftedSource([link("one", to: "nowhere", uid: 7), link("two", to: "nowhere", uid: 7)]))
        let done = try fixture.restoreNow(image, to: seen + "/store").1
        let named = Set(done.issues.map { "\($0.path): \($0.detail)" })
        for name in ["one", "two"] { #expect(named.contains("\(name): owner 7:7: Operation not permitted"), "\(named)") }
        #expect(!named.contains { $0.contains("leads to") })
        #expect(try shell("stat -c %Y '\(behind)/store/one'; find '\(behind)' -name '.holdfast*'") == "1000000000\n")
    }

    @Test func `times that are rounded are told once, with how many there are`() throws {
        let odd: (inout Node) -> Void = { $0.mtime = NodeTime(seconds: 1_000_000_000, nanoseconds: 900_000_000) }
        let done = try restore([.file("b", "b", odd), .file("c", "c", odd), .directory("a", [.file("in", "i", odd)], odd)])
        let named = done.issues.map { "\($0.kind.rawValue) \($0.path): \($0.detail)" }.filter { $0.contains("rounded") }
        #expect(
            named == ["metadata a: the time is rounded, as of 3 more entries: this file system keeps times to within a second"]
                && done.issueCount == 1, "\(done.issues)")
    }

    @Test func `sshfs shows no holes and keeps them all the same`() throws {
        #expect(HoleKeeping.isThere(in: try Descriptor.openDirectory(mount.path)))
        #expect(try Descriptor.openDirectory(mount.path).isEmptyDirectory())
    }

    @Test(.enabled(if: MountedFileSystem.hasExFAT("holes of exFAT"))) func `exFAT through FUSE keeps no holes, and what fills it is told`()
        throws
    {
        let disk = try MountedFileSystem.exFAT(megabytes: 32)
        #expect(try !HoleKeeping.isThere(in: Descriptor.openDirectory(disk.path)))
        #expect(try Descriptor.openDirectory(disk.path).isEmptyDirectory())
        #expect(try Descriptor.openDirectory(disk.path).space().free > 20 << 20)
    }
}
