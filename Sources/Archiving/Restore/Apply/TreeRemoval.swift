import CHost
import Glibc
import HostIO

/// Removes an entry and all below it: never across a mount point, never through a symlink, at any depth with few descriptors. What cannot be
/// removed (mount points, flagged inodes, subvolumes that may only be read) stays, is told with its path, and keeps nothing else.
struct TreeRemoval {
    let tell: (String) -> Void

    private struct Frame {
        let handle: DirectoryHandle
        var entries: [DirectoryEntry]
        /// Something in it stays.
        var isKept = false
    }

    /// What is left when an entry was tried as something that is not a directory.
    private enum Trial {
        case gone
        case there(SystemError)
    }

    /// One that is not there is not an error. Whether it is gone now.
    func remove(_ name: [UInt8], in parent: DirectoryHandle) throws(SystemError) -> Bool {
        guard case .there(let error) = try trial(name, in: parent) else { return true }
        guard var frame = try enter(name, in: parent, after: error) else { return false }
        var above: [Frame] = []
        while true {
            if let entry = frame.entries.popLast() {
                guard case .there(let error) = try trial(entry.name, in: frame.handle) else { continue }
                if let below = try enter(entry.name, in: frame.handle, after: error) {
                    above.append(frame)
                    frame = below
                } else {
                    frame.isKept = true
                }
                continue
            }
            let isGone = try leave(frame, above.last?.handle ?? parent)
            guard var next = above.popLast() else { return isGone }
            if !isGone { next.isKept = true }
            frame = next
        }
    }

    /// Errors that are one entry's: it is a directory, may not be removed, or something is mounted on it.
    private static let oneEntry = [EISDIR, EPERM, EACCES, EROFS, EBUSY, EXDEV, ENOTEMPTY, EEXIST, ENOTCONN, ESTALE]

    private func trial(_ name: [UInt8], in folder: DirectoryHandle) throws(SystemError) -> Trial {
        do throws(SystemError) {
            try folder.open().descriptor.remove(name)
            return .gone
        } catch {
            if error.errno == ENOENT { return .gone }
            guard Self.oneEntry.contains(error.errno) else { throw error }
            return .there(error)
        }
    }

    /// nil, and told, when it is to stay.
    private func enter(_ name: [UInt8], in folder: DirectoryHandle, after trial: SystemError) throws(SystemError) -> Frame? {
        do throws(SystemError) {
            let open = try folder.open()
            if let reason = try reasonToStay(name, in: open.descriptor, after: trial) {
                tell("\(folder.path(of: name)): \(reason)")
                return nil
            }
            do throws(SystemError) { return try list(name, in: folder) } catch {
                // Without read or search permission for its owner.
                guard error.errno == EACCES else { throw error }
                try open.descriptor.setMode(of: name, 0o700)
                return try list(name, in: folder)
            }
        } catch {
            guard Self.oneEntry.contains(error.errno) else { throw error }
            tell("\(folder.path(of: name)): \(error.reason)")
            return nil
        }
    }

    /// Nil for a directory that can be emptied. A mount that does not answer is not asked.
    private func reasonToStay(_ name: [UInt8], in folder: borrowing Descriptor, after trial: SystemError) throws(SystemError) -> String? {
        if try isMounted(name, in: folder) { return "something is mounted there" }
        if let word = try folder.inodeFlags(of: name)?.lock { return "it is \(word) (lsattr); chattr -R -i -a lifts that" }
        guard let status = try folder.statusIfPresent(of: name) else { return "something else has taken its place" }
        guard status.kind == .directory else { return trial.errno == EISDIR ? "something else has taken its place" : trial.reason }
        guard status.inode == Descriptor.subvolumeInode, try folder.isReadOnlySubvolume(name) else { return nil }
        return "it is a read-only btrfs subvolume; btrfs property set … ro false lifts that"
    }

    private func isMounted(_ name: [UInt8], in folder: borrowing Descriptor) throws(SystemError) -> Bool {
        let place = EntryPlace(folder.raw)
        place.point(at: name)
        let mount = holdfast_mount_id(folder.raw, place.name)
        return mount >= 0 && mount != holdfast_mount_id(folder.raw, "")
    }

    private func list(_ name: [UInt8], in folder: DirectoryHandle) throws(SystemError) -> Frame {
        let handle = try DirectoryHandle(name, in: folder)
        let listing = try handle.open().descriptor.reopenDirectory()
        return Frame(handle: handle, entries: try listing.entries())
    }

    private func leave(_ frame: Frame, _ parent: DirectoryHandle) throws(SystemError) -> Bool {
        if frame.isKept { return false }
        do throws(SystemError) {
            try parent.open().descriptor.removeDirectory(frame.handle.name)
            return true
        } catch {
            if error.errno == ENOENT { return true }
            guard Self.oneEntry.contains(error.errno) else { throw error }
            tell("\(frame.handle.path()): \(error.reason)")
            return false
        }
    }
}
