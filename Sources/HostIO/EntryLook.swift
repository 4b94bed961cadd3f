import CHost
import Glibc

/// What statx(2) says of an entry.
package struct EntryLook: Sendable {
    package let status: FileStatus
    /// What keeps it from being changed.
    package let flags: InodeFlags
    /// The id of the mount that it lies on; not positive when the kernel does not tell.
    package let mount: Int64
}

extension InodeFlags {
    /// Of what statx(2) tells, the flags that keep an entry from being changed; its bits are those of chattr(1).
    package init(locksIn attributes: UInt64) {
        self = InodeFlags(rawValue: UInt32(truncatingIfNeeded: attributes)).intersection([.immutable, .appendOnly])
    }
}

extension Descriptor {
    /// An entry, which is not followed when it is a symlink and mounts nothing when it is an automount point.
    package borrowing func look(at name: [UInt8]) throws(SystemError) -> EntryLook {
        var (status, attributes, mount) = (stat(), UInt64(0), Int64(0))
        let (raw, path) = (raw, path)
        try FileName.withCString(name, "examine", in: path) { text throws(SystemError) in
            _ = try checked("examine", FileName.join(path, name)) { holdfast_entry_status(raw, text, &status, &attributes, &mount) }
        }
        return EntryLook(status: FileStatus(status), flags: InodeFlags(locksIn: attributes), mount: mount)
    }
}
