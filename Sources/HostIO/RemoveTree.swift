import CHost
import Glibc

/// Removes an entry and all below it without following symlinks. One that is not there is not an error; a mount point at or below it
/// is (EXDEV), and what is mounted there stays. Depth is bounded by the limit of open files.
package func removeTree(_ name: [UInt8], in folder: borrowing Descriptor) throws(SystemError) {
    do {
        try folder.remove(name)
        return
    } catch {
        if error.errno == ENOENT { return }
        guard error.errno == EISDIR || error.errno == EPERM else { throw error }
    }
    try removeDirectoryTree(name, in: folder)
}

/// The same by path; the parent is found through symlinks.
package func removeTree(_ path: String) throws(SystemError) {
    do {
        let parent = try Descriptor.openDirectory(Path.parent(path))
        try removeTree(Array(Path.lastComponent(path).utf8), in: parent)
    } catch { if error.errno != ENOENT { throw error } }
}

/// Removes everything in the directory and leaves the directory itself.
package func removeContents(of folder: borrowing Descriptor) throws(SystemError) {
    for entry in try folder.entries() { try removeEntry(entry, in: folder) }
}

private func removeEntry(_ entry: DirectoryEntry, in folder: borrowing Descriptor) throws(SystemError) {
    if entry.kind == .directory {
        try removeDirectoryTree(entry.name, in: folder)
    } else {
        try removeTree(entry.name, in: folder)
    }
}

private func removeDirectoryTree(_ name: [UInt8], in folder: borrowing Descriptor) throws(SystemError) {
    do throws(SystemError) {
        // Others may be adding entries; a few rounds settle what a dying process left, and no more.
        for _ in 0..<4 {
            try emptyDirectory(name, in: folder)
            do throws(SystemError) {
                try folder.removeDirectory(name)
                return
            } catch { guard error.errno == ENOTEMPTY || error.errno == EEXIST else { throw error } }
        }
        try folder.removeDirectory(name)
    } catch { if error.errno != ENOENT { throw error } }
}

private func emptyDirectory(_ name: [UInt8], in folder: borrowing Descriptor) throws(SystemError) {
    do {
        try removeContents(of: try folder.openUnmountedDirectory(name))
    } catch {
        // A directory without read or search permission for its owner.
        guard error.errno == EACCES else { throw error }
        let status = try folder.status(of: name)
        guard status.kind == .directory, status.permissions & 0o700 != 0o700 else { throw error }
        try folder.setMode(of: name, 0o700)
        try removeContents(of: try folder.openUnmountedDirectory(name))
    }
}

extension Descriptor {
    /// EXDEV when another file system, or another part of the same one, is mounted there; a btrfs subvolume is not a mount.
    fileprivate borrowing func openUnmountedDirectory(_ name: [UInt8]) throws(SystemError) -> Descriptor {
        let (raw, path) = (raw, path)
        let whole = FileName.join(path, name)
        do throws(SystemError) {
            let opened = try FileName.withCString(name, "remove", in: path) { text throws(SystemError) in
                try checked("remove", whole) { holdfast_open_unmounted(raw, text) }
            }
            return Descriptor(owning: opened, path: whole)
        } catch { guard error.errno == ENOSYS || error.errno == EPERM else { throw error } }
        // Before Linux 5.6, or forbidden by a container: bind mounts of the same file system are not seen.
        let folder = try openDirectory(name)
        guard try folder.status().device == status().device else { throw SystemError(EXDEV, "remove", whole) }
        return folder
    }
}
