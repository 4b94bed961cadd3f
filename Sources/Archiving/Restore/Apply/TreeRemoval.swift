import CHost
import Glibc
import HostIO

/// Removes an entry and all below it: never across a mount point, never through a symlink, at any depth with few descriptors. What cannot be
/// removed (mount points, flagged inodes, subvolumes that may only be read) stays, is told with its path, and keeps nothing else.
struct TreeRemoval {
    /// Whether an error is one of the place as a whole, which is thrown.
    let isOfPlace: (SystemError) -> Bool
    /// Of an entry that stays.
    let tell: (_ folder: DirectoryHandle, _ name: [UInt8], _ detail: String) -> Void

    private struct Frame {
        let handle: DirectoryHandle
        var entries: [DirectoryEntry]
        /// Something in it stays.
        var isKept = false
    }

    private enum Step { case gone, kept, directory }

    /// One that is not there is not an error. Whether it is gone now. EACCES when `parent` may not be written.
    func remove(_ name: [UInt8], in parent: DirectoryHandle) throws(SystemError) -> Bool {
        let first = try removed(name, in: parent, opens: false)
        guard first == .directory else { return first == .gone }
        guard var frame = try enter(name, in: parent) else { return false }
        var above: [Frame] = []
        while true {
            if let entry = frame.entries.popLast() {
                let step = try removed(entry.name, in: frame.handle, opens: true)
                if step == .gone { continue }
                if step == .directory, let below = try enter(entry.name, in: frame.handle) {
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

    private func keep(_ error: SystemError, _ name: [UInt8], in folder: DirectoryHandle) throws(SystemError) {
        guard !isOfPlace(error) else { throw error }
        tell(folder, name, (try? folder.open())?.descriptor.reason(for: error, at: name) ?? error.reason)
    }

    /// Tries it as something that is not a directory. `opens`: the folder is removed as well and may be opened up.
    private func removed(_ name: [UInt8], in folder: DirectoryHandle, opens: Bool) throws(SystemError) -> Step {
        let open = try folder.open()
        do throws(SystemError) {
            if opens {
                try open.descriptor.opened { folder throws(SystemError) in try folder.remove(name) }
            } else {
                try open.descriptor.remove(name)
            }
            return .gone
        } catch {
            if error.errno == ENOENT { return .gone }
            // EPERM: a directory elsewhere than on Linux' own file systems, or something that may not be removed.
            if error.errno == EISDIR { return .directory }
            if error.errno == EPERM, (try? open.descriptor.status(of: name))?.kind == .directory { return .directory }
            if error.errno == EACCES, !opens { throw error }
            try keep(error, name, in: folder)
            return .kept
        }
    }

    /// nil, and told, when it is to stay or cannot be entered.
    private func enter(_ name: [UInt8], in folder: DirectoryHandle) throws(SystemError) -> Frame? {
        let open = try folder.open()
        do throws(SystemError) {
            if let reason = try reasonToStay(name, in: open.descriptor) {
                tell(folder, name, reason)
                return nil
            }
            do throws(SystemError) { return try list(name, in: folder) } catch {
                // Without read or search permission for its owner.
                guard error.errno == EACCES else { throw error }
                try open.descriptor.setMode(of: name, 0o700)
                return try list(name, in: folder)
            }
        } catch {
            try keep(error, name, in: folder)
            return nil
        }
    }

    /// Nil for a directory that can be emptied. A mount that does not answer is not asked.
    private func reasonToStay(_ name: [UInt8], in folder: borrowing Descriptor) throws(SystemError) -> String? {
        if try isMounted(name, in: folder) { return "something is mounted there" }
        if let word = try folder.inodeFlags(of: name)?.lock { return "it is \(word) (lsattr); chattr -R -i -a lifts that" }
        guard let status = try folder.statusIfPresent(of: name), status.inode == Descriptor.subvolumeInode,
            try folder.isReadOnlySubvolume(name)
        else { return nil }
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
            try parent.open().descriptor.opened { folder throws(SystemError) in try folder.removeDirectory(frame.handle.name) }
            return true
        } catch {
            if error.errno == ENOENT { return true }
            try keep(error, frame.handle.name, in: parent)
            return false
        }
    }
}
