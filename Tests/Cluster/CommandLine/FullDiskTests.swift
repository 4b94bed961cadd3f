import Glibc
import HostIO
import Model
import TestSupport
import Testing

private let canFillDisks = canMount("clusters whose storage or target is full")

/// A storage and a target without a byte left: what frees room works, what needs room says what to do, and nothing that was listed is lost.
@Suite(.enabled(if: canFillDisks), .timeLimit(.minutes(10))) struct FullDiskTests {
    private static let disks: [(FileSystemKind, Int)] = drawn([(.ext4, 160), (.xfs, 320), (.btrfs, 256)], oneIn: 3, "full disks")

    /// State and storage on the disk, the stores elsewhere.
    private func protected(on disk: MountedFileSystem) throws -> SampleCluster {
        let cluster = try SampleCluster(.init(storage: disk.path + "/storage", state: disk.path + "/state"))
        try cluster.succeed("cluster", "init")
        return cluster
    }

    private func fill(_ name: String, _ megabytes: Int, in cluster: SampleCluster) throws {
        var random = SeededRandom(named: "full disk")
        try cluster.put(random.bytes(megabytes << 20), at: "uploads/\(name)")
    }

    @Test(arguments: disks) func `a snapshot of a full storage can be deleted, and then a restore works`(
        _ kind: FileSystemKind, _ megabytes: Int
    ) throws {
        let disk = try MountedFileSystem.loop(kind, megabytes: megabytes)
        let cluster = try protected(on: disk)
        try fill("large", 8, in: cluster)
        try cluster.succeed("snapshot", "create", "old")
        try fill("large", 8, in: cluster)
        try cluster.succeed("snapshot", "create", "good")
        let good = try cluster.content()
        try cluster.put([1], at: "uploads/a.txt")
        try disk.fillUp()
        let create = try cluster.fail("space", 11, "snapshot", "create", "more")
        #expect(create.contains("holdfast snapshot delete old"), "\(create)")
        let changed = try cluster.content()
        let restore = try cluster.fail("space", 11, "snapshot", "restore", "good", "--yes")
        #expect(restore.contains("holdfast snapshot delete old"), "\(restore)")
        #expect(try cluster.content() == changed)
        #expect(try cluster.snapshots() == ["old", "good"])
        let deleted = try cluster.succeed("snapshot", "delete", "old", "--yes", "--json").json("deleted")
        #expect((deleted["bytesFreed"] as? UInt64 ?? 0) > 7 << 20, "\(deleted)")
        #expect(try cluster.snapshots() == ["good"])
        try cluster.succeed("snapshot", "validate", "good")
        try cluster.succeed("snapshot", "restore", "good", "--yes")
        #expect(try cluster.content() == good)
        #expect(try FileTree.files(below: disk.path + "/storage/locks").isEmpty)
    }

    @Test(arguments: disks) func `a backup of a full target can be deleted, and a prune frees its room`(
        _ kind: FileSystemKind, _ megabytes: Int
    ) throws {
        let disk = try MountedFileSystem.loop(kind, megabytes: megabytes)
        let cluster = try SampleCluster()
        try cluster.succeed("cluster", "init")
        try cluster.succeed("target", "add", "nas", disk.path + "/acme")
        try fill("large", 8, in: cluster)
        try cluster.succeed("backup", "create", "--name", "old")
        try fill("large", 8, in: cluster)
        try cluster.succeed("backup", "create", "--name", "good")
        try fill("large", 6, in: cluster)
        try disk.fillUp()
        let words = try cluster.fail("space", 11, "backup", "create", "--name", "more")
        #expect(words.contains("holdfast backup delete old --target nas") && words.contains("--grace 0s"), "\(words)")
        #expect(try cluster.backups() == ["old", "good"])
        try cluster.succeed("backup", "delete", "old", "--yes")
        let prune = try cluster.succeed("target", "prune", "nas", "--grace", "0s", "--yes", "--json").json("prune")
        #expect((prune["bytesFreed"] as? UInt64 ?? 0) > 7 << 20, "\(prune)")
        #expect(try cluster.backups() == ["good"])
        try cluster.succeed("backup", "verify", "good", "--read-data")
        try cluster.succeed("backup", "create", "--name", "more")
        try cluster.succeed("backup", "verify", "more", "--read-data")
        if Restic.isInstalled {
            let password = try AtomicFile.read(cluster.root + "/password").prefix { $0 != 0x0A }
            try Restic(disk.path + "/acme", password: String(decoding: password, as: UTF8.self)).run("check", "--read-data")
        }
    }

    @Test func `a storage that is out of inodes gives some back`() throws {
        let disk = try MountedFileSystem.loop(.ext4, megabytes: 160)
        let cluster = try protected(on: disk)
        try cluster.succeed("snapshot", "create", "old")
        try cluster.succeed("snapshot", "create", "good")
        let folder = try SharedDescriptor(Descriptor.openDirectory(makeFolder("inodes", on: disk)))
        let error = #expect(throws: SystemError.self) {
            for index in 0..<1_000_000 { _ = try folder.descriptor.open(Array("\(index)".utf8), [.write, .createNew]) }
        }
        #expect(error?.isNoSpace == true)
        _ = try cluster.fail("space", 11, "snapshot", "create", "more")
        try cluster.succeed("snapshot", "delete", "old", "--yes")
        #expect(try cluster.snapshots() == ["good"])
        try cluster.succeed("snapshot", "validate", "good")
    }

    private func makeFolder(_ name: String, on disk: MountedFileSystem) throws -> String {
        try makeDirectories(disk.path + "/" + name)
        return disk.path + "/" + name
    }

    @Test func `where btrfs has no room for metadata, a deletion takes effect and says what is left to do`() throws {
        let disk = try MountedFileSystem.loop(.btrfs, megabytes: 128)
        let cluster = try protected(on: disk)
        try cluster.succeed("snapshot", "create", "old")
        try cluster.succeed("snapshot", "create", "good")
        let folder = try SharedDescriptor(Descriptor.openDirectory(makeFolder("small", on: disk)))
        // Attributes are metadata, and far fewer files are needed than with small content.
        let value = [UInt8](repeating: 0x61, count: 3900)
        var (index, refused) = (0, 0)
        while refused < 10 {
            do throws(SystemError) {
                let file = try folder.descriptor.open(Array("\(index)".utf8), [.write, .createNew])
                for attribute in 0..<4 { try file.setAttribute(Array("user.\(attribute)".utf8), value) }
            } catch {
                guard error.isNoSpace else { throw error }
                refused += 1
            }
            index += 1
        }
        let result = try cluster.run("snapshot", "delete", "old", "--yes", "--json")
        #expect(result.status == 0 || result.status == 11, "\(result)")
        if result.status == 11 {
            #expect(result.out.contains("deleted old, but") && result.out.contains("holdfast snapshot prune"), "\(result)")
        }
        #expect(try cluster.snapshots() == ["good"])
        try removeTree(disk.path + "/small")
        // It was noted all the same, so nobody takes it for somebody else's.
        try cluster.succeed("snapshot", "prune", "--yes")
        try cluster.succeed("snapshot", "create", "more")
        for name in ["good", "more"] { try cluster.succeed("snapshot", "validate", name) }
    }
}
