import CHost
import Glibc

/// What kind of file system something lies on, as far as Holdfast treats them differently.
package enum FileSystemKind: String, Sendable {
    case btrfs, xfs, ext4, tmpfs, overlay, fuse, nfs, cifs, zfs, fat, exfat, hfs, other

    /// Magic numbers of linux/magic.h.
    package init(magic: Int64) {
        switch magic {
        case 0x9123_683E: self = .btrfs
        case 0x5846_5342: self = .xfs
        case 0xEF53: self = .ext4
        case 0x0102_1994: self = .tmpfs
        case 0x794C_7630: self = .overlay
        case 0x6573_5546: self = .fuse
        case 0x6969: self = .nfs
        case 0xFF53_4D42, 0xFE53_4D42: self = .cifs
        case 0x2FC1_2FC1: self = .zfs
        case 0x4D44: self = .fat
        case 0x2011_BAB0: self = .exfat
        case 0x4244, 0x482B: self = .hfs
        default: self = .other
        }
    }

    /// Whether FICLONE may work there; XFS says no when it was made without reflinks.
    package var mayReflink: Bool { self == .btrfs || self == .xfs }
}

/// Free and total bytes of a file system, as an ordinary user has them.
package struct FileSystemSpace: Hashable, Sendable {
    package let free: UInt64
    package let total: UInt64
}

extension Descriptor {
    package borrowing func fileSystemKind() throws(SystemError) -> FileSystemKind {
        let raw = raw
        return FileSystemKind(magic: try checked("examine the file system of", path) { holdfast_file_system_magic(raw) })
    }

    package borrowing func space() throws(SystemError) -> FileSystemSpace {
        let raw = raw
        var status = statvfs()
        try checked("examine the file system of", path) { fstatvfs(raw, &status) }
        let unit = UInt64(status.f_frsize)
        return FileSystemSpace(
            free: saturatingProduct(UInt64(status.f_bavail), unit), total: saturatingProduct(UInt64(status.f_blocks), unit))
    }

    /// Whether it is mounted read-only where this directory was opened; another mount of the same file system may be writable.
    package borrowing func isReadOnly() throws(SystemError) -> Bool {
        let raw = raw
        var status = statvfs()
        try checked("examine the file system of", path) { fstatvfs(raw, &status) }
        return UInt(status.f_flag) & UInt(ST_RDONLY) != 0
    }

    /// How many more files an ordinary user may make, and how many there may be; both 0 where they are not counted (btrfs).
    package borrowing func fileRoom() throws(SystemError) -> (free: UInt64, total: UInt64) {
        let raw = raw
        var status = statvfs()
        try checked("examine the file system of", path) { fstatvfs(raw, &status) }
        return (UInt64(status.f_favail), UInt64(status.f_files))
    }

    /// Of the root of every btrfs subvolume.
    package static var subvolumeInode: UInt64 { 256 }

    /// Whether this directory is the root of a btrfs subvolume.
    package borrowing func isSubvolume() throws(SystemError) -> Bool {
        let status = try status()
        guard status.kind == .directory, status.inode == Self.subvolumeInode else { return false }
        return try fileSystemKind() == .btrfs
    }

    /// Whether the directory `name` is the root of a btrfs subvolume that may only be read.
    package borrowing func isReadOnlySubvolume(_ name: [UInt8]) throws(SystemError) -> Bool {
        let folder = try openDirectory(name)
        return try folder.isSubvolume() && holdfast_btrfs_is_read_only(folder.raw) == 1
    }

    /// Paths, relative to this one, of the subvolumes that lie directly in the btrfs subvolume of which this directory is the root; a few of
    /// them. Empty when the kernel does not tell.
    package borrowing func subvolumesInside() -> [String] {
        var paths: [String] = []
        var text = [CChar](repeating: 0, count: 8192)
        while paths.count < 8, holdfast_btrfs_child(raw, Int32(paths.count), &text, text.count) == 0 {
            paths.append(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
        }
        return paths
    }

    /// Whether this directory is where another file system is mounted; bind mounts of the same one are not seen, subvolumes are.
    package borrowing func isMountPoint() throws(SystemError) -> Bool {
        let raw = raw
        let own = try status()
        var parent = stat()
        try checked("examine", path) { fstatat(raw, "..", &parent, 0) }
        return UInt64(parent.st_dev) != own.device || UInt64(parent.st_ino) == own.inode
    }
}

private func saturatingProduct(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedReportingOverflow(by: right)
    return product.overflow ? .max : product.partialValue
}

/// What a user wants to do with a path.
package enum PathUse: Sendable {
    case read, write
    /// Of a directory: to reach what is in it.
    case enter
}

/// Whether the effective user of this process may use the path so (faccessat(2) with AT_EACCESS), as far as rights go.
package func mayUse(_ path: String, _ use: PathUse) -> Bool {
    let mode =
        switch use {
        case .read: R_OK
        case .write: W_OK
        case .enter: X_OK
        }
    return faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0
}
