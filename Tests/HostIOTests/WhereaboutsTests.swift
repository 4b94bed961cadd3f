@testable import HostIO
import TestSupport
import Testing

/// Which disks things lie on.
@Suite struct WhereaboutsTests {
    /// A tree as `/sys` has it: two partitions of one disk, a volume over a partition and another disk, a RAID over both.
    private func system() throws -> (BlockDevices, TemporaryDirectory) {
        let place = try TemporaryDirectory()
        let devices = ["sda", "sda/sda1", "sda/sda2", "sdb", "dm-0", "md0"]
        for (minor, device) in devices.enumerated() {
            let folder = "\(place.path)/devices/block/\(device)"
            try makeDirectories("\(folder)/slaves")
            try AtomicFile.write(Array("8:\(minor)\n".utf8), to: "\(folder)/dev")
            if device.contains("/") { try AtomicFile.write(Array("1\n".utf8), to: "\(folder)/partition") }
            try makeDirectories("\(place.path)/dev/block")
            try link(folder, "\(place.path)/dev/block/8:\(minor)")
        }
        let block = "\(place.path)/devices/block"
        try link("\(block)/sda/sda2", "\(block)/dm-0/slaves/sda2")
        try link("\(block)/dm-0", "\(block)/md0/slaves/dm-0")
        try link("\(block)/sdb", "\(block)/md0/slaves/sdb")
        try makeDirectories("\(place.path)/fs/btrfs/0000/devices")
        for name in ["sda/sda1", "sdb"] {
            try link("\(block)/\(name)", "\(place.path)/fs/btrfs/0000/devices/\(name.split(separator: "/").last ?? "")")
        }
        return (BlockDevices(root: place.path), place)
    }

    private func link(_ target: String, _ path: String) throws {
        let outcome = try ChildProcess(["ln", "-s", target, path]).run()
        try #require(outcome.succeeded, "\(outcome.errorText)")
    }

    @Test func `partitions are their disk, and what is made of disks is those disks`() throws {
        let (devices, place) = try system()
        defer { withExtendedLifetime(place) {} }
        func disks(_ minor: Int) throws -> Set<String>? { try devices.disks(of: DeviceNumber("8:\(minor)"), 0) }
        #expect(try disks(0) == ["sda"] && disks(1) == ["sda"] && disks(2) == ["sda"] && disks(3) == ["sdb"])
        #expect(try disks(4) == ["sda"] && disks(5) == ["sda", "sdb"])
        #expect(try disks(9) == nil, "no block device")
        #expect(try Set(devices.members(ofBtrfsOn: DeviceNumber("8:3"))) == [DeviceNumber("8:1"), DeviceNumber("8:3")])
    }

    @Test func `a device has two numbers`() {
        #expect(DeviceNumber(UInt64(254 << 8)).description == "254:0" && DeviceNumber(UInt64(8 << 8 | 17)).description == "8:17")
        #expect(DeviceNumber(UInt64(0x1234) << 20 | 0x56).description == "0:1193046")
    }

    @Test func `mounts over a network come from their server, whatever they are mounted as`() throws {
        func server(_ line: String) -> String? {
            MountTable(table: "41 1 0:1 / / rw - ext4 /dev/a rw\n42 1 0:50 / /mnt rw - \(line)").mount(42)?.server
        }
        #expect(server("nfs4 nas1:/export rw") == "nas1" && server("cifs //nas2/share rw") == "nas2")
        #expect(server("fuse.sshfs backup@nas3:/srv rw") == "nas3" && server("ext4 /dev/vdb rw") == nil)
        #expect(server("fuse.gocryptfs /srv/secret rw") == nil)
        #expect(MountTable(table: "42 1 0:50 / /mnt rw - ext4 x rw").mount(43) == nil)
    }

    @Test func `two directories of a disk are lost together, also where one is not there yet`() throws {
        let place = try TemporaryDirectory()
        let here = try Whereabouts(of: place.path)
        #expect(!here.parts.isEmpty)
        #expect(try here.isLost(with: Whereabouts(of: place.path + "/not/there")))
        #expect(!here.isLost(with: Whereabouts()) && !Whereabouts().isLost(with: Whereabouts()), "of nothing nothing is said")
        #expect(!here.isLost(with: Whereabouts(parts: ["server nas1"], isRemote: true)))
    }

    @Test(.enabled(if: canMount("where things lie"))) func `memory is another place, and an image file is the disk that it lies on`() throws
    {
        let place = try TemporaryDirectory()
        let (memory, image) = (try MountedFileSystem.tmpfs(megabytes: 8), try MountedFileSystem.loop(.ext4, megabytes: 16))
        let here = try Whereabouts(of: place.path)
        #expect(try !here.isLost(with: Whereabouts(of: memory.path)))
        #expect(try here.isLost(with: Whereabouts(of: image.path)))
    }
}
