package import Glibc
package import Model

package enum FileKind: UInt8, Sendable, CaseIterable {
    case unknown, file, directory, symlink, fifo, socket, blockDevice, characterDevice

    init(mode: UInt32) {
        switch mode & S_IFMT {
        case S_IFREG: self = .file
        case S_IFDIR: self = .directory
        case S_IFLNK: self = .symlink
        case S_IFIFO: self = .fifo
        case S_IFSOCK: self = .socket
        case S_IFBLK: self = .blockDevice
        case S_IFCHR: self = .characterDevice
        default: self = .unknown
        }
    }

    /// As `d_type` of a directory entry numbers them.
    init(entryType: UInt8) { self = FileKind(mode: UInt32(entryType) << 12) }
}

/// stat(2).
package struct FileStatus: Hashable, Sendable {
    package var device: UInt64
    package var inode: UInt64
    /// With the bits of the kind.
    package var mode: UInt32
    package var links: UInt64
    package var uid: UInt32
    package var gid: UInt32
    /// The device that a device file stands for.
    package var representedDevice: UInt64
    /// Bytes.
    package var size: Int64
    /// Allocated bytes: less than `size` for a sparse file.
    package var allocated: Int64
    package var accessed: Timestamp
    package var modified: Timestamp
    package var changed: Timestamp

    package var kind: FileKind { FileKind(mode: mode) }
    /// The lower twelve bits: set-id, sticky, and the permissions.
    package var permissions: UInt32 { mode & 0o7777 }
    /// The same file system object.
    package func isSameFile(as other: FileStatus) -> Bool { device == other.device && inode == other.inode }

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        mode = UInt32(status.st_mode)
        links = UInt64(status.st_nlink)
        uid = status.st_uid
        gid = status.st_gid
        representedDevice = UInt64(status.st_rdev)
        size = Int64(status.st_size)
        allocated = Int64(status.st_blocks).multipliedReportingOverflow(by: 512).partialValue
        accessed = Timestamp(status.st_atim)
        modified = Timestamp(status.st_mtim)
        changed = Timestamp(status.st_ctim)
    }
}

extension Timestamp {
    /// Nanoseconds out of range, which a careless FUSE file system can give, are brought into it.
    package init(_ time: timespec) {
        self.init(seconds: Int64(time.tv_sec), nanoseconds: UInt32(min(max(time.tv_nsec, 0), 999_999_999)))
    }

    package var timespec: timespec { Glibc.timespec(tv_sec: Int(seconds), tv_nsec: Int(nanoseconds)) }
}
