import CHost
import Glibc

/// What chattr(1) sets on an inode: FS_IOC_GETFLAGS, ioctl_iflags(2). The bits are those of linux/fs.h.
package struct InodeFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let compressed = InodeFlags(rawValue: 0x4)
    package static let synchronous = InodeFlags(rawValue: 0x8)
    /// Neither written, renamed, linked nor removed, by nobody.
    package static let immutable = InodeFlags(rawValue: 0x10)
    /// Only written at the end; neither renamed nor removed.
    package static let appendOnly = InodeFlags(rawValue: 0x20)
    package static let noDump = InodeFlags(rawValue: 0x40)
    package static let noAccessTime = InodeFlags(rawValue: 0x80)
    package static let noCompression = InodeFlags(rawValue: 0x400)
    package static let encrypted = InodeFlags(rawValue: 0x800)
    package static let journaled = InodeFlags(rawValue: 0x4000)
    package static let noTail = InodeFlags(rawValue: 0x8000)
    package static let directorySynchronous = InodeFlags(rawValue: 0x1_0000)
    package static let topDirectory = InodeFlags(rawValue: 0x2_0000)
    package static let verity = InodeFlags(rawValue: 0x10_0000)
    package static let noCopyOnWrite = InodeFlags(rawValue: 0x80_0000)
    package static let projectInherited = InodeFlags(rawValue: 0x2000_0000)
    package static let caseFolding = InodeFlags(rawValue: 0x4000_0000)

    /// What keeps an entry from being changed, whoever asks: "immutable", "append-only"; nil when nothing does.
    package var lock: String? { contains(.immutable) ? "immutable" : contains(.appendOnly) ? "append-only" : nil }
}

extension Descriptor {
    /// nil where the file system has no such flags.
    package borrowing func inodeFlags() throws(SystemError) -> InodeFlags? {
        let raw = raw
        do {
            return InodeFlags(rawValue: UInt32(truncatingIfNeeded: try checked("read the flags of", path) { holdfast_inode_flags(raw) }))
        } catch {
            if error.isUnsupported { return nil }
            throw error
        }
    }

    package borrowing func setInodeFlags(_ flags: InodeFlags) throws(SystemError) {
        let raw = raw
        try checked("set the flags of", path) { holdfast_set_inode_flags(raw, flags.rawValue) }
    }

    /// Of an entry that is not opened and may be of any type: those that statx(2) tells (compressed, immutable, append-only, no dump, encrypted,
    /// verity). nil where the file system tells none of them.
    package borrowing func inodeFlags(of name: [UInt8]) throws(SystemError) -> InodeFlags? {
        let (raw, path) = (raw, path)
        return try FileName.withCString(name, "examine", in: path) { text throws(SystemError) in
            try Self.toldFlags(raw, text, FileName.join(path, name))
        }
    }

    /// The same of this file or directory.
    package borrowing func toldInodeFlags() throws(SystemError) -> InodeFlags? { try Self.toldFlags(raw, "", path) }

    private static func toldFlags(_ folder: Int32, _ name: UnsafePointer<CChar>, _ path: String) throws(SystemError) -> InodeFlags? {
        var (attributes, known) = (UInt64(0), UInt64(0))
        try checked("examine", path) { holdfast_statx_attributes(folder, name, &attributes, &known) }
        // The bits of STATX_ATTR_… are those of the flags.
        let same: InodeFlags = [.compressed, .immutable, .appendOnly, .noDump, .encrypted, .verity]
        guard known & UInt64(same.rawValue) != 0 else { return nil }
        return InodeFlags(rawValue: UInt32(truncatingIfNeeded: attributes & known)).intersection(same)
    }
}
