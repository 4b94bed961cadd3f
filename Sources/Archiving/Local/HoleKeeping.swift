import Glibc
package import HostIO

/// Whether a file takes room for the stretches that nobody has written.
package enum HoleKeeping {
    private static let length: Int64 = 4 << 20

    /// Where the kernel's own file systems do not say it already it is tried, by a scratch file in `folder`; where that cannot be made, holes count as kept.
    package static func isThere(in folder: borrowing Descriptor) -> Bool {
        switch try? folder.fileSystemKind() {
        case .btrfs, .xfs, .ext4, .tmpfs, .zfs: return true
        case .fat, .exfat, .hfs: return false
        default: return (try? probe(folder)) ?? true
        }
    }

    private static func probe(_ folder: borrowing Descriptor) throws(SystemError) -> Bool {
        let before = try folder.status()
        let name = TemporaryName.make(mark: randomName(bytes: 6), serial: 1)
        let file = try folder.open(name, [.readWrite, .createNew, .noFollow])
        defer {
            try? folder.remove(name)
            try? folder.setTimes(accessed: before.accessed, modified: before.modified)
        }
        let free = try folder.space()
        try file.truncate(to: length)
        try file.sync()
        if try file.status().allocated < length / 2 { return true }
        // sshfs tells no more than the length: then the room that is left decides.
        let left = try folder.space()
        guard free.total > 0, left.total == free.total else { return false }
        return free.free < left.free || free.free - left.free < UInt64(length) / 2
    }
}
