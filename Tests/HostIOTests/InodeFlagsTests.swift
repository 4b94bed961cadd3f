import HostIO
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)), .enabled(if: canMount("flags of chattr(1)"))) struct InodeFlagsTests {
    private let name = Array("file".utf8)

    @Test(arguments: [(FileSystemKind.ext4, 16), (.btrfs, 120), (.xfs, 320)]) func `flags are read and set as chattr and lsattr do`(
        kind: FileSystemKind, megabytes: Int
    ) throws {
        let disk = try MountedFileSystem.loop(kind, megabytes: megabytes)
        let folder = try Descriptor.openDirectory(disk.path)
        let file = try folder.open(name, [.readWrite, .createNew])
        let before = try #require(try file.inodeFlags())
        #expect(before.isDisjoint(with: [.immutable, .noDump]) && before.lock == nil)
        try file.setInodeFlags(before.union([.noDump, .appendOnly]))
        #expect(try file.inodeFlags() == before.union([.noDump, .appendOnly]))
        #expect(try folder.inodeFlags(of: name)?.isSuperset(of: [.noDump, .appendOnly]) == true)
        #expect(try folder.toldInodeFlags()?.lock == nil)
        #expect(try file.toldInodeFlags()?.lock == "append-only")
        try file.setInodeFlags(before)
        #expect(try ChildProcess(["lsattr", "\(disk.path)/file"]).run().outputText.contains("a-") == false)
    }

    @Test func `a file system without flags has none`() throws {
        let proc = try Descriptor.openDirectory("/proc/self")
        #expect(try proc.open(Array("status".utf8), .read).inodeFlags() == nil)
    }
}
