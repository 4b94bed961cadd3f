import Glibc
import HostIO
import Synchronization

/// Tells errors of one entry, without which all others are restored, from those of the place as a whole: one that is gone, full or read-only.
///
/// The number of an error does not say which of the two it is: ext4 says ENOSPC of an attribute that is too large, FUSE says EIO of what it does not
/// know. So where it may be either the place is asked, by writing a small file into its root.
final class PlaceFaults: Sendable {
    private let root: DirectoryHandle
    private let mark: String
    private let serial = Atomic<Int>(0)

    /// More bytes than a file system keeps back for itself.
    private static let margin: UInt64 = 64 << 10
    private static let mostProbed: UInt64 = 1 << 20

    /// `mark` makes the temporary names different from those of others.
    init(root: DirectoryHandle, mark: String) {
        self.root = root
        self.mark = mark
    }

    /// `bytes`: that were to be written.
    func isOfPlace(_ error: SystemError, needing bytes: UInt64) -> Bool {
        switch error.errno {
        // Of this process.
        case EMFILE, ENFILE, ENOMEM: true
        case ENOSPC, EDQUOT: !hasRoom(for: bytes)
        case EROFS, EIO: !takesFile(of: 1)
        default: error.isUnreachable && !takesFile(of: 1)
        }
    }

    private func hasRoom(for bytes: UInt64) -> Bool {
        guard let open = try? root.open() else { return false }
        if let space = try? open.descriptor.space(), space.total > 0 {
            let needed = bytes.addingReportingOverflow(Self.margin)
            guard !needed.overflow, space.free >= needed.partialValue else { return false }
        }
        if let files = try? open.descriptor.fileRoom(), files.total > 0, files.free == 0 { return false }
        return takesFile(of: min(max(bytes, 1), Self.mostProbed))
    }

    /// Whether the root takes a file of so many bytes; also where it may not be written by this user or keeps whatever is made in it, which says
    /// nothing of the place.
    private func takesFile(of bytes: UInt64) -> Bool {
        guard !root.isAppendOnly else { return true }
        do throws(SystemError) {
            try writeFile(of: Int(clamping: bytes))
            return true
        } catch { return ![ENOSPC, EDQUOT, EROFS, EIO].contains(error.errno) && !error.isUnreachable }
    }

    private func writeFile(of bytes: Int) throws(SystemError) {
        let open = try root.open()
        let before = try open.descriptor.status()
        let name = TemporaryName.make(mark: mark, serial: Int.max - serial.wrappingAdd(1, ordering: .relaxed).newValue)
        let file = try open.descriptor.open(name, [.write, .createNew])
        defer {
            try? open.descriptor.remove(name)
            try? open.descriptor.setTimes(accessed: before.accessed, modified: before.modified)
        }
        try file.write([UInt8](repeating: 0x2A, count: bytes))
    }
}
