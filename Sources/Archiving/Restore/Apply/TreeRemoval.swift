import CHost
import Glibc
import HostIO

/// Removes an entry and all below it: never across a mount point, never through a symlink, at any depth with few descriptors.
struct TreeRemoval {
    let tell: (String) -> Void

    private struct Frame {
        let handle: DirectoryHandle
        var entries: [DirectoryEntry]
        /// Something in it stays.
        var isKept = false
    }

    /// One that is not there is not an error. Whether it is gone now.
    func remove(_ name: [UInt8], in parent: DirectoryHandle) throws(SystemError) -> Bool {
        guard try !removed(name, in: parent) else { return true }
        guard var frame = try enter(name, in: parent) else { return false }
        var above: [Frame] = []
        while true {
            if let entry = frame.entries.popLast() {
                if try removed(entry.name, in: frame.handle) { continue }
                if let below = try enter(entry.name, in: frame.handle) {
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

    /// Tries it as something that is not a directory; false when it is one.
    private func removed(_ name: [UInt8], in folder: DirectoryHandle) throws(SystemError) -> Bool {
        do throws(SystemError) {
            try folder.open().descriptor.remove(name)
            return true
        } catch {
            if error.errno == ENOENT { return true }
            // EPERM: a directory elsewhere than on Linux' own file systems, or something that may not be removed.
            if [EISDIR, EPERM, EACCES].contains(error.errno) { return false }
            throw error
        }
    }

    /// nil, and told, when it is a mount point or no directory after all.
    private func enter(_ name: [UInt8], in folder: DirectoryHandle) throws(SystemError) -> Frame? {
        let open = try folder.open()
        guard try open.descriptor.statusIfPresent(of: name)?.kind == .directory else {
            tell("\(folder.path(of: name)): may not be removed")
            return nil
        }
        let place = EntryPlace(open.descriptor.raw)
        place.point(at: name)
        guard holdfast_mount_id(open.descriptor.raw, place.name) == holdfast_mount_id(open.descriptor.raw, "") else {
            tell("\(folder.path(of: name)): something is mounted there")
            return nil
        }
        do throws(SystemError) { return try list(name, in: folder) } catch {
            // Without read or search permission for its owner.
            guard error.errno == EACCES else { throw error }
            try open.descriptor.setMode(of: name, 0o700)
            return try list(name, in: folder)
        }
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
            guard [ENOTEMPTY, EEXIST, EBUSY, EPERM, EACCES].contains(error.errno) else { throw error }
            tell("\(frame.handle.path()): \(error.reason)")
            return false
        }
    }
}
