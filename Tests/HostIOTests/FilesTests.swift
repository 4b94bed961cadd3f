import Glibc
import HostIO
import TestSupport
import Testing

@Suite struct FilesTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    @Test func anAtomicWriteReplacesAndLeavesNothingElse() throws {
        let path = directory.file("a")
        try AtomicFile.write([1], to: path, mode: 0o640)
        try AtomicFile.write([2, 3], to: path, mode: 0o400)
        #expect(try AtomicFile.read(path) == [2, 3])
        #expect(try statusOfPath(path)?.permissions == 0o400)
        #expect(try directory.open().entries().map(\.name) == [Array("a".utf8)])
        #expect(try AtomicFile.readIfPresent(directory.file("none")) == nil)
    }

    @Test func directoriesAreMadeDownToTheLast() throws {
        try makeDirectories(directory.file("a/b/c"))
        try makeDirectories(directory.file("a/b/c"))
        #expect(try statusOfPath(directory.file("a/b/c"))?.kind == .directory)
        try AtomicFile.write([], to: directory.file("file"))
        let error = #expect(throws: SystemError.self) { try makeDirectories(directory.file("file/below")) }
        #expect(error?.errno == ENOTDIR)
    }

    @Test func removingATreeLeavesWhatItsSymlinksPointTo() throws {
        let outside = try directory.folder("outside")
        try AtomicFile.write([7], to: Path.join(outside, "kept"))
        let folder = try directory.open()
        try makeDirectories(directory.file("tree/deep/er"))
        try AtomicFile.write([1], to: directory.file("tree/deep/er/f"))
        let tree = try folder.openDirectory(Array("tree".utf8))
        try tree.makeSymlink(Array("link".utf8), to: Array(outside.utf8))
        try tree.makeFifo([0xFF], mode: 0o600)
        try tree.setMode(of: Array("deep".utf8), 0)
        try removeTree(directory.file("tree"))
        try removeTree(directory.file("tree"))
        #expect(try folder.entries().map(\.name) == [Array("outside".utf8)])
        #expect(try AtomicFile.read(Path.join(outside, "kept")) == [7])
        try removeContents(of: folder)
        #expect(try folder.isEmptyDirectory())
    }

    @Test func aScratchDirectoryGoesWithItsOwner() throws {
        let parent = directory.file("scratch")
        var scratch: ScratchDirectory? = try ScratchDirectory(in: parent)
        let path = try #require(scratch?.path)
        try AtomicFile.write([1], to: Path.join(path, "f"))
        #expect(try ScratchDirectory.sweep(parent) == 0)
        #expect(try statusOfPath(path) != nil)
        scratch = nil
        #expect(try statusOfPath(path) == nil)
        #expect(try Descriptor.openDirectory(parent).isEmptyDirectory())
    }

    @Test func leftOversOfADeadProcessAreSwept() throws {
        let parent = directory.file("scratch")
        try makeDirectories(Path.join(parent, "scratch-dead/files/deep"))
        try AtomicFile.write([], to: Path.join(parent, "scratch-dead/.owner"))
        try makeDirectories(Path.join(parent, "scratch-being-made"))
        try makeDirectories(Path.join(parent, "other"))
        #expect(try ScratchDirectory.sweep(parent) == 1)
        #expect(try statusOfPath(Path.join(parent, "scratch-dead")) == nil)
        #expect(try Descriptor.openDirectory(parent).entries().count == 2)
        #expect(try ScratchDirectory.sweep(directory.file("none")) == 0)
    }

    @Test(arguments: [
        ("/a/b", "/a"), ("/a", "/"), ("/", "/"), ("a", "."), ("/a/b//", "/a"), ("/a//b", "/a"),
    ]) func theParentOfAPath(path: String, parent: String) { #expect(Path.parent(path) == parent) }

    @Test func pathsAreComparedByTextAlone() {
        #expect(Path.isInside("/a/b", "/a") && Path.isInside("/a", "/a") && Path.isInside("/x", "/"))
        #expect(!Path.isInside("/ab", "/a"))
        #expect(Path.lastComponent("/a/b/") == "b" && Path.lastComponent("/") == "")
    }
}
