import CHost
import Glibc
import HostIO
import Model
import Synchronization

/// What the file systems of a destination do on what a symbolic link leads to, wherever that lies, when they are told to do it on the link.
///
/// Found out once for each file system, before a link gets anything, on a scratch link that leads nowhere: what succeeds there was done on the link. What
/// fails there and does not fail on a scratch file is meant for the target; what fails on both is refused for all entries, and told for each.
final class LinkHandling: Sendable {
    struct Followed: OptionSet, Sendable {
        let rawValue: UInt8
        static let time = Followed(rawValue: 1)
        static let owner = Followed(rawValue: 2)
        static let attributes = Followed(rawValue: 4)
    }

    private let mark: String
    private let serial = Atomic<Int>(0)
    private let known = Mutex<[UInt64: Followed]>([:])

    /// `mark` makes the temporary names different from those of others.
    init(mark: String) { self.mark = mark }

    /// Of the file system of a directory that may be written to.
    func followed(in folder: DirectoryHandle) throws(SystemError) -> Followed {
        if let followed = known.withLock({ $0[folder.device] }) { return followed }
        let open = try folder.open()
        let followed = try open.descriptor.fileSystemKind().isOfKernel ? [] : try probe(open.descriptor)
        known.withLock { $0[folder.device] = followed }
        return followed
    }

    private func probe(_ folder: borrowing Descriptor) throws(SystemError) -> Followed {
        let before = try folder.status()
        let name = temporaryName()
        try folder.makeSymlink(name, to: name + Array("-leads-nowhere".utf8))
        defer {
            try? folder.remove(name)
            try? folder.setTimes(accessed: before.accessed, modified: before.modified)
        }
        // Where links are shown as what they lead to, this one is not there.
        guard let link = try folder.statusIfPresent(of: name), link.kind == .symlink else { return [.time, .owner, .attributes] }
        var followed: Followed = []
        if !takesTime(name, folder) { followed.insert(.time) }
        if !takesOwner(name, folder) { followed.insert(.owner) }
        if !followed.isEmpty { followed.subtract(try refused(folder)) }
        if leadsToAttributes(name, folder) { followed.insert(.attributes) }
        return followed
    }

    /// What a plain file does not get either.
    private func refused(_ folder: borrowing Descriptor) throws(SystemError) -> Followed {
        let name = temporaryName()
        _ = try folder.open(name, [.write, .createNew])
        defer { try? folder.remove(name) }
        var refused: Followed = []
        if !takesTime(name, folder) { refused.insert(.time) }
        if !takesOwner(name, folder) { refused.insert(.owner) }
        return refused
    }

    /// Far from the names of entries and from those of ``PlaceFaults``.
    private func temporaryName() -> [UInt8] {
        TemporaryName.make(mark: mark, serial: Int.max / 2 + serial.wrappingAdd(1, ordering: .relaxed).newValue)
    }

    private func takesTime(_ name: [UInt8], _ folder: borrowing Descriptor) -> Bool {
        let time = Timestamp(seconds: 1)
        return (try? folder.setTimes(of: name, accessed: time, modified: time)) != nil
    }

    private func takesOwner(_ name: [UInt8], _ folder: borrowing Descriptor) -> Bool {
        guard let status = try? folder.status(of: name) else { return false }
        return (try? folder.setOwner(of: name, uid: status.uid, gid: status.gid)) != nil
    }

    private func leadsToAttributes(_ name: [UInt8], _ folder: borrowing Descriptor) -> Bool {
        let place = EntryPlace(folder.raw)
        place.point(at: name)
        return holdfast_lgetxattr(place.path, "user.holdfast", nil, 0) < 0 && errno == ENOENT
    }
}

extension FileSystemKind {
    /// The kernel itself keeps links there.
    fileprivate var isOfKernel: Bool { [.btrfs, .xfs, .ext4, .tmpfs, .zfs].contains(self) }
}
