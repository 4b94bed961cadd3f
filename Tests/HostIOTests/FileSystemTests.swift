import Glibc
import HostIO
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2)), .enabled(if: canMount("kinds of file systems, reflinks")))
struct FileSystemTests {
    private func text(_ name: String) -> [UInt8] { Array(name.utf8) }

    private func clone(on folder: borrowing Descriptor) throws -> [UInt8] {
        try AtomicFile.write([UInt8](repeating: 5, count: 100_000), to: text("a"), in: folder)
        let source = try folder.open(text("a"), .read)
        let copy = try folder.open(text("b"), [.readWrite, .createNew])
        try copy.reflink(from: source)
        return try copy.readAll()
    }

    @Test(arguments: [(FileSystemKind.btrfs, 120), (.xfs, 320)]) func filesAreClonedWhereTheFileSystemCan(
        kind: FileSystemKind, megabytes: Int
    ) throws {
        let disk = try MountedFileSystem.loop(kind, megabytes: megabytes)
        let folder = try Descriptor.openDirectory(disk.path)
        #expect(try folder.fileSystemKind() == kind && kind.mayReflink)
        #expect(try folder.isMountPoint())
        #expect(try folder.isSubvolume() == (kind == .btrfs))
        #expect(try clone(on: folder) == [UInt8](repeating: 5, count: 100_000))
    }

    @Test func cloningIsRefusedElsewhereAsUnsupported() throws {
        let disk = try MountedFileSystem.loop(.ext4, megabytes: 16)
        let folder = try Descriptor.openDirectory(disk.path)
        #expect(try folder.fileSystemKind() == .ext4)
        let error = #expect(throws: SystemError.self) { try clone(on: folder) }
        #expect(error?.isUnsupported == true)
    }

    @Test(arguments: [["mount", "-t", "tmpfs", "tmpfs"], ["mount", "--bind", "inner"]])
    func whatIsMountedInsideATreeIsNotRemoved(command: [String]) throws {
        let directory = try TemporaryDirectory()
        let place = try directory.folder("tree/mount")
        let inner = try directory.folder("inner")
        let source = command.last == "tmpfs" ? "tmpfs" : inner
        #expect(try ChildProcess(command.dropLast() + [source, place]).run().succeeded)
        defer { _ = try? ChildProcess(["umount", "-l", place]).run() }
        try AtomicFile.write([1], to: Path.join(place, "kept"))
        let error = #expect(throws: SystemError.self) { try removeTree(directory.file("tree")) }
        #expect(error?.errno == EXDEV)
        #expect(try AtomicFile.read(Path.join(place, "kept")) == [1])
    }
}
