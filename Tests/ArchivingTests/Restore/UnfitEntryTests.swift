import Archiving
import Glibc
import HostIO
import Model
import ResticFormat
import TestSupport
import Testing

/// Entries that the destination cannot hold, or not wholly: each is named, and all others come back.
@Suite(.timeLimit(.minutes(2))) struct UnfitEntryTests {
    private let fixture: ArchiveFixture
    private let folder: TemporaryDirectory

    init() throws {
        fixture = try ArchiveFixture()
        folder = try TemporaryDirectory()
    }

    private func attribute(_ name: String, bytes: Int) -> ExtendedAttribute {
        ExtendedAttribute(name: Array(name.utf8), value: [UInt8](repeating: 7, count: bytes))
    }

    /// Restores it; the rest of the image is `before` and `zlast`, which must be there.
    private func restore(
        _ entries: [CraftedSource.Entry], to path: String, _ expected: [String]?, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> TreeRestoreOutcome {
        let others = [CraftedSource.Entry.file("before", "b"), .directory("zlast", [.file("in", "z")])]
        let image = try fixture.archive(CraftedSource(entries + others))
        let (_, done) = try fixture.restoreNow(image, to: path)
        #expect(try readFile(path + "/before") == [0x62] && readFile(path + "/zlast/in") == [0x7A], sourceLocation: sourceLocation)
        let named = done.issues.map { "\($0.kind.rawValue) \($0.path): \($0.detail)" }.sorted()
        if let expected { #expect(named == expected.sorted(), sourceLocation: sourceLocation) }
        #expect(done.issueCount == named.count, sourceLocation: sourceLocation)
        #expect(try shell("find '\(path)' -name '.holdfast*'") == "", sourceLocation: sourceLocation)
        return done
    }

    @Test(.enabled(if: canMount("attributes that are too large")), arguments: [false, true])
    func `an attribute that is too large for ext4 is named, not told as a full disk`(inPlace: Bool) throws {
        let disk = try MountedFileSystem.loop(.ext4, megabytes: 16)
        let path = disk.path + "/store"
        if inPlace { try shell("mkdir -p '\(path)'; echo other > '\(path)/big'; mkdir '\(path)/dir'") }
        _ = try restore(
            [
                .file("big", "kept") { $0.extendedAttributes = [attribute("user.big", bytes: 60_000), attribute("user.small", bytes: 5)] },
                .directory("dir", [.file("inner")]) { $0.extendedAttributes = [attribute("user.big", bytes: 60_000)] },
            ], to: path,
            [
                "metadata big: attribute user.big: 60000 bytes are too many for this file system",
                "metadata dir: attribute user.big: 60000 bytes are too many for this file system",
            ])
        #expect(try readFile(path + "/big") == Array("kept".utf8) && readFile(path + "/dir/inner") == Array("content".utf8))
        #expect(try shell("getfattr --only-values -n user.small '\(path)/big'").utf8.count == 5)
    }

    @Test(.enabled(if: canMount("attributes of tmpfs"))) func `attributes and namespaces that a file system lacks are named`() throws {
        let disk = try MountedFileSystem.tmpfs(megabytes: 16)
        _ = try restore(
            [.file("odd") { $0.extendedAttributes = [attribute("strange.name", bytes: 5)] }], to: disk.path + "/store",
            ["metadata odd: attribute strange.name: Operation not supported"])
    }

    @Test func `names that are too long or not sound for the file system are named`() throws {
        let long = String(repeating: "n", count: 300)
        _ = try restore(
            [.file(long), .directory(long + "d", [.file("in")]), .special(long + "s", .symlink)], to: folder.file("store"),
            [
                "unrestored \(long): open: File name too long", "unrestored \(long)d: make directory: File name too long",
                "unrestored \(long)s: make symlink: File name too long",
            ])
    }

    @Test(.enabled(if: canMount("times that ext4 lacks"))) func `a time that the file system cannot keep is named`() throws {
        let disk = try MountedFileSystem.loop(.ext4, megabytes: 16)
        let done = try restore(
            [
                .file("late") { $0.mtime = NodeTime(seconds: 20_000_000_000, nanoseconds: 0) },
                .file("early") { $0.mtime = NodeTime(seconds: -1, nanoseconds: 0) },
            ],
            to: disk.path + "/store",
            ["metadata late: time 2603-10-11T11:33:20Z: this file system keeps 2446-05-10T22:38:55Z"])
        #expect(done.bytesWritten > 0)
    }

    @Test(.enabled(if: canMount("hard links that cannot be")))
    func `what cannot be a hard link is a copy, and where the first cannot be made the next is`()
        throws
    {
        let disk = try MountedFileSystem.tmpfs(megabytes: 16)
        let path = disk.path + "/store"
        try shell("mkdir -p '\(path)/other'; mount -t tmpfs none '\(path)/other'")
        defer { _ = try? shell("umount '\(path)/other'") }
        let long = String(repeating: "a", count: 300)
        func linked(_ inode: UInt64) -> (inout Node) -> Void { { ($0.inode, $0.deviceID, $0.links) = (inode, 1, 3) } }
        let done = try restore(
            [
                .file("first", "same", linked(7)), .directory("other", [.file("second", "same", linked(7))]),
                .file(long, "long", linked(8)), .file("short", "long", linked(8)), .file("shorter", "long", linked(8)),
            ], to: path, nil)
        // Which of two links is made first is nobody's choice.
        let copies = done.issues.filter { $0.detail == "a copy and no hard link: Invalid cross-device link" }.map(\.path)
        #expect(copies == ["first"] || copies == ["other/second"])
        #expect(done.issues.filter { $0.path == long }.map(\.detail) == ["rename: File name too long"] && done.issueCount == 2)
        #expect(try shell("cd '\(path)'; cat first other/second short shorter; stat -c %h short") == "samesamelonglong2\n")
    }

    @Test(.enabled(if: isRoot && canMount("locked files")))
    func `files that chattr has locked are named as such, and so are those in locked directories`() throws {
        let disk = try MountedFileSystem.loop(.ext4, megabytes: 16)
        let path = disk.path + "/store"
        try shell(
            """
            mkdir -p '\(path)/sealed' '\(path)/gone/deep'; cd '\(path)'; echo x > fixed; echo x > log; echo x > sealed/in; echo x > gone/deep/kept; echo x > gone/other
            touch -d 2001-01-01 fixed; chattr +i fixed sealed gone/deep/kept; chattr +a log
            """)
        defer { _ = try? shell("chattr -R -i -a '\(path)'") }
        _ = try restore(
            [.file("fixed"), .file("log"), .directory("sealed", [.file("in"), .file("new")])], to: path,
            [
                "unrestored fixed: rename: it is immutable (lsattr)", "unrestored log: rename: it is append-only (lsattr)",
                "unrestored sealed/in: open: its directory is immutable (lsattr)",
                "unrestored sealed/new: open: its directory is immutable (lsattr)",
                "metadata sealed: times: it is immutable (lsattr)", "unrestored gone/deep/kept: it is immutable (lsattr)",
            ])
        #expect(try shell("cd '\(path)'; find gone -type f") == "gone/deep/kept\n")
    }

    @Test(.enabled(if: canMount("full disks"))) func `a full disk is told as one, and an attribute on a full disk too`() throws {
        let disk = try MountedFileSystem.loop(.ext4, megabytes: 16)
        try disk.fillUp()
        let image = try fixture.archive(CraftedSource([.file("a", String(repeating: "x", count: 100_000))]))
        let error = #expect(throws: SystemError.self) { try fixture.restoreNow(image, to: disk.path) }
        #expect(error?.isNoSpace == true)
    }

    @Test(.enabled(if: canMount("read-only places")))
    func `a place that is read-only is told once and not for each entry, one inside it is an entry`() throws {
        let disk = try MountedFileSystem.tmpfs(megabytes: 16)
        let path = try folder.folder("store")
        try shell("mkdir '\(path)/inner'; mount --bind '\(disk.path)' '\(path)/inner'; mount -o remount,ro,bind '\(path)/inner'")
        defer { _ = try? shell("umount '\(path)/inner'") }
        _ = try restore(
            [.directory("inner", [.file("a"), .file("b")])], to: path,
            [
                "unrestored inner/a: open: Read-only file system", "unrestored inner/b: open: Read-only file system",
                "metadata inner: times: Read-only file system", "metadata inner: mode 755: Read-only file system",
            ])
        let image = try fixture.archive(CraftedSource([.file("a")]))
        let error = #expect(throws: SystemError.self) { try fixture.restoreNow(image, to: path + "/inner") }
        #expect(error?.errno == EROFS)
    }
}
