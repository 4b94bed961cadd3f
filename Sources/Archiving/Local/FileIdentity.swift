import Glibc
package import HostIO
package import Model

/// What tells whether a file of a directory is the one of last time: its inode and the time of its last change (ctime), which no program can set.
package enum FileIdentity: Sendable {
    /// Those of the entries, in a place that nobody writes to any more.
    case own
    /// The same while others may be writing.
    case live(any WallClock)
    /// The same in a snapshot that the file system made at that time, or a little later; nil: it is not known, and no file is taken for the same.
    case frozen(Timestamp?)
    /// Those of the files that were copied.
    case copied(any CopiedIdentities)

    /// Seconds. All changes within one tick of a file system's clock get the same time: some milliseconds, two seconds on the coarsest ones. So what
    /// changed less than this before it was looked at may change again and look the same.
    package static let tick = 2.0

    /// Whether another change after `look` would get another time than `changed`.
    package static func isSettled(_ changed: Timestamp, at look: Timestamp) -> Bool { look.secondsSince(changed) >= tick }

    /// Whether a file system with this magic number keeps times of change. One that gives the time of modification in their place, which anybody can
    /// set, proves nothing by it: FAT and exFAT, and servers behind FUSE that have whole seconds only (SFTP).
    static func keepsTimeOfChange(_ status: stat, magic: Int64) -> Bool {
        switch FileSystemKind(magic: magic) {
        case .fat, .exfat: return false
        case .fuse:
            let isCopied = status.st_ctim.tv_sec == status.st_mtim.tv_sec && status.st_ctim.tv_nsec == status.st_mtim.tv_nsec
            return !isCopied || status.st_ctim.tv_nsec != 0
        default: return true
        }
    }

    /// Now, where a look at a file is a look at something that goes on.
    func look() -> Timestamp? {
        if case .live(let clock) = self { clock.now() } else { nil }
    }
}

/// What the entries of a copied tree were known by in the place that they were copied from.
package protocol CopiedIdentities: Sendable {
    /// The entries of the directory of the copy that has this inode, directories not among them.
    func originals(inDirectory inode: UInt64) -> [CopiedEntry: OriginalEntry]
}

/// An entry of the copy. One that was written to since, or was copied once more, is another one.
package struct CopiedEntry: Hashable, Sendable {
    package var inode: UInt64
    package var changed: Timestamp

    package init(inode: UInt64, changed: Timestamp) {
        self.inode = inode
        self.changed = changed
    }
}

package struct OriginalEntry: Hashable, Sendable {
    package var inode: UInt64
    package var device: UInt64
    /// Nil when it may have changed again without a new time of change.
    package var changed: Timestamp?

    package init(inode: UInt64, device: UInt64, changed: Timestamp?) {
        self.inode = inode
        self.device = device
        self.changed = changed
    }
}
