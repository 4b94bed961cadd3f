import CHost
import Glibc

/// Removes an entry and all below it without following symlinks. One that is not there is not an error; a mount point at or below it
/// is (EXDEV), and what is mounted there stays. Whatever the depth, at most ``deepest`` directories are open.
package func removeTree(_ name: [UInt8], in folder: borrowing Descriptor) throws(SystemError) {
    var moved: [[UInt8]] = []
    try removeEntry(name, in: folder, depth: 0, attic: folder, &moved)
    try removeMoved(&moved, from: folder)
}

/// Directories that lie deeper are moved up beside the top and removed from there.
private let deepest = 100

private func removeMoved(_ moved: inout [[UInt8]], from attic: borrowing Descriptor) throws(SystemError) {
    while let name = moved.popLast() { try removeDirectoryTree(name, in: attic, depth: 0, attic: attic, &moved) }
}

private func removeEntry(
    _ name: [UInt8], in folder: borrowing Descriptor, depth: Int, attic: borrowing Descriptor, _ moved: inout [[UInt8]]
) throws(SystemError) {
    do {
        try folder.remove(name)
        return
    } catch {
        if error.errno == ENOENT { return }
        guard error.errno == EISDIR || error.errno == EPERM else { throw error }
        // EPERM: a directory elsewhere than on Linux' own file systems, or something that may not be removed.
        if error.errno == EPERM, try folder.statusIfPresent(of: name)?.kind != .directory { throw error }
    }
    try removeDirectoryTree(name, in: folder, depth: depth, attic: attic, &moved)
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
    var moved: [[UInt8]] = []
    try removeContents(of: folder, depth: 0, attic: folder, &moved)
    try removeMoved(&moved, from: folder)
}

private func removeContents(
    of folder: borrowing Descriptor, depth: Int, attic: borrowing Descriptor, _ moved: inout [[UInt8]]
) throws(SystemError) {
    for entry in try folder.entries() {
        if entry.kind == .directory {
            try removeDirectoryTree(entry.name, in: folder, depth: depth, attic: attic, &moved)
        } else {
            try removeEntry(entry.name, in: folder, depth: depth, attic: attic, &moved)
        }
    }
}

private func removeDirectoryTree(
    _ name: [UInt8], in folder: borrowing Descriptor, depth: Int, attic: borrowing Descriptor, _ moved: inout [[UInt8]]
) throws(SystemError) {
    do throws(SystemError) {
        if depth == deepest {
            let shelter = Array(".removing-\(randomName())".utf8)
            try folder.rename(name, to: shelter, in: attic)
            moved.append(shelter)
            return
        }
        // Others may be adding entries; a few rounds settle what a dying process left, and no more.
        for _ in 0..<4 {
            try emptyDirectory(name, in: folder, depth: depth, attic: attic, &moved)
            do throws(SystemError) {
                try folder.removeDirectory(name)
                return
            } catch { guard error.errno == ENOTEMPTY || error.errno == EEXIST else { throw error } }
        }
        try folder.removeDirectory(name)
    } catch { if error.errno != ENOENT { throw error } }
}

private func emptyDirectory(
    _ name: [UInt8], in folder: borrowing Descriptor, depth: Int, attic: borrowing Descriptor, _ moved: inout [[UInt8]]
) throws(SystemError) {
    do {
        try removeContents(of: try folder.openUnmountedDirectory(name), depth: depth + 1, attic: attic, &moved)
    } catch {
        // A directory without read or search permission for its owner.
        guard error.errno == EACCES else { throw error }
        let status = try folder.status(of: name)
        guard status.kind == .directory, status.permissions & 0o700 != 0o700 else { throw error }
        try folder.setMode(of: name, 0o700)
        try removeContents(of: try folder.openUnmountedDirectory(name), depth: depth + 1, attic: attic, &moved)
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
