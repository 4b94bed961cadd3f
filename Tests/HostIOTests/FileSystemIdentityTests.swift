import TestSupport
import Testing

@testable import HostIO

@Suite struct FileSystemIdentityTests {
    @Test(.enabled(if: isRoot), arguments: [(FileSystemKind.ext4, 20), (.xfs, 300), (.btrfs, 110)])
    func `a file system keeps its identity when it is mounted as another device`(_ kind: FileSystemKind, _ megabytes: Int) throws {
        let first = try MountedFileSystem.loop(kind, megabytes: megabytes)
        let other = try MountedFileSystem.loop(kind, megabytes: megabytes)
        let identity = try FileSystemIdentity.of(first.path)
        #expect(identity?.hasPrefix("\(kind.rawValue) ") == true)
        #expect(try FileSystemIdentity.of(other.path) != identity)
        #expect(try FileSystemIdentity.of("\(first.path)/not/there/yet") == identity)
        let device = try statusOfPath(first.path)?.device
        let copy = try TemporaryDirectory()
        let image = Path.join(Path.parent(first.path), "image")
        try first.vanish()
        // A loop device that is in use makes the next mount get another one.
        let again = try copy.folder("again")
        #expect(try ChildProcess(["mount", "-o", "loop", image, again]).run().succeeded)
        defer { _ = try? ChildProcess(["umount", "-l", again]).run() }
        #expect(try FileSystemIdentity.of(again) == identity, "device \(device ?? 0)")
    }

    @Test func `elsewhere it is the kind and where it comes from, without names of devices`() {
        let table = """
            36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
            37 35 0:41 / /mnt/nas rw,relatime shared:5 master:2 - nfs4 server:/export rw
            38 35 0:42 / /dev/shm rw - tmpfs tmpfs rw
            """
        #expect(FileSystemIdentity.source(ofMount: "36", in: table) == "ext3")
        #expect(FileSystemIdentity.source(ofMount: "37", in: table) == "nfs4 server:/export")
        #expect(FileSystemIdentity.source(ofMount: "38", in: table) == "tmpfs")
        #expect(FileSystemIdentity.source(ofMount: "39", in: table) == nil)
    }
}
