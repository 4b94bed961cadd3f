import CHost
import Glibc

/// Removes an entry and all below it without following symlinks. One that is not there is not an error; a mount point at or below it
/// is (EXDEV), and what is mounted there stays. Whatever the depth, at most ``deepest`` directories are open. Directories that their owner
/// may not write are opened up. The first error ends it.
package func removeTree(_ name: [UInt8], in folder: borrowing Descriptor) throws(SystemError) {
    var removal = TreeRemoving(goesOn: false)
    try removal.remove(name, in: folder)
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
    var removal = TreeRemoving(goesOn: false)
    try removal.removeContents(of: folder)
}

/// Something that a removal had to leave.
package struct LeftEntry: Hashable, Sendable {
    /// Below the path that the directory was opened by.
    package var path: String
    /// "it is immutable (lsattr)".
    package var reason: String
}

/// Removes the chosen entries of the directory, whatever stands in the way of others: entries that cannot be removed, and the directories that they
/// lie in, stay and are named. The directory has its own mode again at the end.
package func removeAsFarAsPossible(
    in folder: borrowing Descriptor, _ isChosen: ([UInt8]) -> Bool, check: () throws -> Void
) throws -> (left: [LeftEntry], count: Int) {
    var removal = TreeRemoving(goesOn: true)
    let mode = try folder.status().permissions
    defer { if let now = try? folder.status().permissions, now != mode { try? folder.setMode(mode) } }
    for entry in try folder.entries() where isChosen(entry.name) {
        try check()
        try removal.remove(entry.name, in: folder)
    }
    return (removal.left, removal.leftCount)
}

/// Directories that lie deeper are moved up beside the top and removed from there.
private let deepest = 100

private struct TreeRemoving {
    /// Past what cannot be removed.
    let goesOn: Bool
    private(set) var left: [LeftEntry] = []
    private(set) var leftCount = 0
    private var moved: [[UInt8]] = []

    private static let mostNamed = 1000

    init(goesOn: Bool) { self.goesOn = goesOn }

    mutating func remove(_ name: [UInt8], in folder: borrowing Descriptor) throws(SystemError) {
        _ = try removeEntry(name, in: folder, depth: 0, attic: folder)
        try removeMoved(from: folder)
    }

    mutating func removeContents(of folder: borrowing Descriptor) throws(SystemError) {
        _ = try removeContents(of: folder, depth: 0, attic: folder)
        try removeMoved(from: folder)
    }

    private mutating func removeMoved(from attic: borrowing Descriptor) throws(SystemError) {
        while let name = moved.popLast() { _ = try removeDirectory(name, in: attic, depth: 0, attic: attic) }
    }

    /// What every function here gives: whether it is gone.
    private mutating func leave(_ error: SystemError, _ name: [UInt8], in folder: borrowing Descriptor) throws(SystemError) -> Bool {
        guard goesOn else { throw error }
        leftCount += 1
        if left.count < Self.mostNamed {
            left.append(LeftEntry(path: FileName.join(folder.path, name), reason: folder.reason(for: error, at: name)))
        }
        return false
    }

    /// The directory that it begins in is opened up only by who gives it its mode back.
    private func change(
        _ folder: borrowing Descriptor, _ depth: Int, _ body: (borrowing Descriptor) throws(SystemError) -> Void
    ) throws(SystemError) {
        if depth > 0 || goesOn { try folder.opened(body) } else { try body(folder) }
    }

    private mutating func removeEntry(
        _ name: [UInt8], in folder: borrowing Descriptor, depth: Int, attic: borrowing Descriptor
    ) throws(SystemError) -> Bool {
        do {
            try change(folder, depth) { folder throws(SystemError) in try folder.remove(name) }
            return true
        } catch {
            if error.errno == ENOENT { return true }
            // EPERM: a directory elsewhere than on Linux' own file systems, or something that may not be removed.
            guard error.errno == EISDIR || error.errno == EPERM, try folder.statusIfPresent(of: name)?.kind == .directory else {
                return try leave(error, name, in: folder)
            }
        }
        return try removeDirectory(name, in: folder, depth: depth, attic: attic)
    }

    private mutating func removeContents(
        of folder: borrowing Descriptor, depth: Int, attic: borrowing Descriptor
    ) throws(SystemError) -> Bool {
        var isEmpty = true
        for entry in try folder.entries() {
            let isGone =
                entry.kind == .directory
                ? try removeDirectory(entry.name, in: folder, depth: depth, attic: attic)
                : try removeEntry(entry.name, in: folder, depth: depth, attic: attic)
            isEmpty = isEmpty && isGone
        }
        return isEmpty
    }

    private mutating func removeDirectory(
        _ name: [UInt8], in folder: borrowing Descriptor, depth: Int, attic: borrowing Descriptor
    ) throws(SystemError) -> Bool {
        do throws(SystemError) {
            if depth == deepest {
                try shelter(name, of: folder, in: attic)
                return true
            }
            // Others may be adding entries; a few rounds settle what a dying process left, and no more.
            for _ in 0..<4 {
                guard try empty(name, in: folder, depth: depth, attic: attic) else { return false }
                do throws(SystemError) {
                    try change(folder, depth) { folder throws(SystemError) in try folder.removeDirectory(name) }
                    return true
                } catch { guard error.errno == ENOTEMPTY || error.errno == EEXIST else { throw error } }
            }
            try folder.removeDirectory(name)
            return true
        } catch {
            if error.errno == ENOENT { return true }
            return try leave(error, name, in: folder)
        }
    }

    /// A directory that changes its parent is written to as well.
    private mutating func shelter(_ name: [UInt8], of folder: borrowing Descriptor, in attic: borrowing Descriptor) throws(SystemError) {
        let place = Array(".removing-\(randomName())".utf8)
        do { try change(folder, deepest) { folder throws(SystemError) in try folder.rename(name, to: place, in: attic) } } catch {
            guard error.errno == EACCES else { throw error }
            try folder.setMode(of: name, 0o700)
            try folder.rename(name, to: place, in: attic)
        }
        moved.append(place)
    }

    private mutating func empty(
        _ name: [UInt8], in folder: borrowing Descriptor, depth: Int, attic: borrowing Descriptor
    ) throws(SystemError) -> Bool {
        do throws(SystemError) {
            return try removeContents(of: try folder.openUnmountedDirectory(name), depth: depth + 1, attic: attic)
        } catch {
            // A directory without read or search permission for its owner.
            guard error.errno == EACCES, let status = try folder.statusIfPresent(of: name), status.kind == .directory,
                status.permissions & 0o700 != 0o700
            else { throw error }
            try folder.setMode(of: name, 0o700)
            return try removeContents(of: try folder.openUnmountedDirectory(name), depth: depth + 1, attic: attic)
        }
    }
}

extension Descriptor {
    /// Runs `body`, which changes the entries of this directory; where the directory's owner may not do that and is the one who asks, the directory is
    /// opened up first, and stays so.
    package borrowing func opened(_ body: (borrowing Descriptor) throws(SystemError) -> Void) throws(SystemError) {
        do { try body(self) } catch {
            guard error.errno == EACCES, try openUp() != nil else { throw error }
            try body(self)
        }
    }

    /// Gives the owner of this directory all rights in it. The mode that it had; nil when the owner has them, or this user may not give them.
    package borrowing func openUp() throws(SystemError) -> UInt32? {
        let mode = try status().permissions
        guard mode & 0o700 != 0o700 else { return nil }
        do { try setMode(mode | 0o700) } catch {
            guard [EPERM, EACCES, EROFS].contains(error.errno) else { throw error }
            return nil
        }
        return mode
    }

    /// The words for an error about an entry of this directory: "it is immutable (lsattr)" where a flag of it or of the directory forbids everything.
    package borrowing func reason(for error: SystemError, at name: [UInt8]?) -> String {
        if error.errno == EXDEV { return "something is mounted there" }
        guard error.errno == EPERM else { return error.reason }
        if let name, let flags = try? inodeFlags(of: name), let words = flags.lock { return "it is \(words) (lsattr)" }
        if let flags = try? toldInodeFlags(), let words = flags.lock {
            return name == nil ? "it is \(words) (lsattr)" : "its directory is \(words) (lsattr)"
        }
        return error.reason
    }

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
