import Glibc
@testable import HostIO
import TestSupport
import Testing

/// Who could change where a path leads. The directories of the test are root's or of the user who runs it.
@Suite struct TrustedWayTests {
    private let folder: TemporaryDirectory
    private let me = TrustedUsers(own: geteuid())

    init() throws { folder = try TemporaryDirectory() }

    private func file(_ path: String, mode: mode_t = 0o644) throws -> String {
        let place = folder.file(path)
        try makeDirectories(Path.parent(place), mode: 0o755)
        try AtomicFile.write([1], to: place)
        #expect(chmod(place, mode) == 0)
        return place
    }

    private func distrust(_ path: String, _ users: TrustedUsers? = nil) -> Distrust? { TrustedWay(path, users ?? me).distrust }

    @Test func `what only its owner can write is trusted, and so is a path at which nothing is yet`() throws {
        #expect(try distrust(file("a/b/file")) == nil)
        #expect(distrust(folder.file("a/b/none/at/all")) == nil)
        #expect(TrustedWay(folder.file("a/b/none/at"), me).real == folder.file("a/b/none/at"))
    }

    @Test func `a file or a directory above it that others may write is named, with the command that mends it`() throws {
        let place = try file("a/b/file")
        for (path, mode, remedy) in [
            (place, 0o646, "chmod o-w \(place)"), (place, 0o666, "chmod o-w \(place)"),
            (folder.file("a/b"), 0o757, "chmod o-w \(folder.file("a/b"))"), (folder.file("a"), 0o777, "chmod o-w \(folder.file("a"))"),
        ] as [(String, mode_t, String)] {
            let before = try #require(try statusOfPath(path)).permissions
            #expect(chmod(path, mode) == 0)
            let found = distrust(place)
            #expect(found?.place == path && found?.remedy.replacing("go-w", with: "o-w") == remedy, "\(String(describing: found))")
            #expect(chmod(path, before) == 0)
        }
        #expect(distrust(place) == nil)
    }

    @Test(.enabled(if: geteuid() == 0)) func `a group with members of its own counts as others, the owner's own group does not`() throws {
        let place = try file("file", mode: 0o664)
        #expect(distrust(place) == nil)
        #expect(chown(place, 0, 12) == 0)
        #expect(distrust(place)?.remedy == "chmod g-w \(place)")
        #expect(chmod(place, 0o666) == 0)
        #expect(distrust(place)?.remedy == "chmod go-w \(place)")
    }

    @Test(.enabled(if: geteuid() == 0)) func `what belongs to another user is not trusted, wherever it is on the way`() throws {
        let place = try file("a/b/file")
        for path in [place, folder.file("a/b"), folder.file("a")] {
            #expect(chown(path, 65534, 0) == 0)
            #expect(distrust(place)?.reason == .owner(65534) && distrust(place)?.place == path)
            #expect(distrust(place)?.remedy == "chown root \(path)")
            #expect(distrust(place, TrustedUsers(own: 0, further: 65534)) == nil)
            #expect(chown(path, 0, 0) == 0)
        }
    }

    @Test(.enabled(if: geteuid() == 0)) func `in a directory for everybody an entry counts as its owner's, and as nobody else's`() throws {
        let place = try file("shared/own/file")
        #expect(chmod(folder.file("shared"), 0o1777) == 0)
        #expect(distrust(place) == nil)
        #expect(distrust(folder.file("shared"))?.reason == .written(everybody: true, group: false) || geteuid() != 0)
        #expect(chown(folder.file("shared/own"), 65534, 0) == 0)
        #expect(distrust(place)?.reason == .owner(65534))
        #expect(distrust(place, TrustedUsers(own: 0, further: 65534))?.reason == .owner(65534), "anybody could have made it first")
    }

    @Test(.enabled(if: geteuid() == 0)) func `a symbolic link is followed where only trusted users could change it`() throws {
        let place = try file("real/file")
        try makeDirectories(folder.file("links"), mode: 0o755)
        let link = folder.file("links/link")
        #expect(symlink("../real", link) == 0)
        #expect(distrust("\(link)/file") == nil && TrustedWay("\(link)/file", me).real == place)
        #expect(chmod(place, 0o666) == 0)
        #expect(distrust("\(link)/file")?.place == place)
        #expect(chmod(place, 0o644) == 0 && lchown(link, 65534, 0) == 0)
        #expect(distrust("\(link)/file")?.reason == .owner(65534))
        #expect(distrust("\(link)/file", TrustedUsers(own: 0, further: 65534))?.reason == .link(65534))
        #expect(throws: SystemError.self) { _ = try Descriptor.openDirectory(withoutLinks: link) }
        _ = try Descriptor.openDirectory(withoutLinks: folder.file("real"))
    }

    @Test func `links in a circle, and what the kernel makes up, end the look and nothing else`() throws {
        try makeDirectories(folder.file("x"), mode: 0o755)
        #expect(symlink("b", folder.file("x/a")) == 0 && symlink("a", folder.file("x/b")) == 0)
        #expect(distrust(folder.file("x/a")) == nil)
        #expect(distrust("/proc/self/fd/0") == nil)
    }
}
