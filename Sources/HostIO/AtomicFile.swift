import Glibc

/// Files that are there whole or not at all, whenever the power fails.
package enum AtomicFile {
    /// Writes a temporary file beside `name`, syncs it, renames it over `name` and syncs the directory. On an error what was there stays. It belongs
    /// to the owner of the directory (``Descriptor/takeOwner(of:)``).
    package static func write(
        _ bytes: [UInt8], to name: [UInt8], in folder: borrowing Descriptor, mode: UInt32 = 0o600
    ) throws(SystemError) {
        let temporary = Array(".\(randomName()).tmp".utf8)
        do {
            let file = try folder.open(temporary, [.write, .createNew], mode: mode)
            try file.takeOwner(of: folder)
            try file.setModeWhereThereAreModes(mode)
            try file.write(bytes)
            try file.sync()
            try folder.rename(temporary, to: name)
        } catch {
            try? folder.remove(temporary)
            throw error
        }
        try folder.sync()
    }

    /// The same by path; the directory must exist, and is found through symlinks.
    package static func write(_ bytes: [UInt8], to path: String, mode: UInt32 = 0o600) throws(SystemError) {
        let folder = try Descriptor.openDirectory(Path.parent(path))
        try write(bytes, to: Array(Path.lastComponent(path).utf8), in: folder, mode: mode)
    }

    /// The whole file, at most `limit` bytes (EFBIG).
    package static func read(_ path: String, limit: Int = 64 << 20) throws(SystemError) -> [UInt8] {
        try Descriptor.open(path, .read).readAll(limit: limit)
    }

    /// The whole file of that name in a directory, at most `limit` bytes (EFBIG). A symbolic link is not followed, and nothing but a file is read: a pipe
    /// would be waited for.
    package static func readIfPresent(_ name: String, in folder: borrowing Descriptor, limit: Int = 64 << 20) throws(SystemError)
        -> [UInt8]?
    {
        do throws(SystemError) {
            let file = try folder.open(Array(name.utf8), [.read, .nonBlocking])
            guard try file.status().kind == .file else { throw SystemError(EINVAL, "read", file.path) }
            return try file.readAll(limit: limit)
        } catch {
            if error.errno == ENOENT { return nil }
            throw error
        }
    }

    /// nil when there is no such file.
    package static func readIfPresent(_ path: String, limit: Int = 64 << 20) throws(SystemError) -> [UInt8]? {
        do { return try read(path, limit: limit) } catch {
            if error.errno == ENOENT { return nil }
            throw error
        }
    }
}

/// `mkdir -p` that lasts: each directory that is made is synced into its parent, and belongs to its parent's owner. `mode` is for those that are made.
package func makeDirectories(_ path: String, mode: UInt32 = 0o700) throws(SystemError) {
    do {
        _ = try Descriptor.openDirectory(path)
        return
    } catch {
        guard error.errno == ENOENT else { throw error }
    }
    let parent = Path.parent(path)
    if parent != path { try makeDirectories(parent, mode: mode) }
    let folder = try Descriptor.openDirectory(parent)
    do { try folder.makeSharedDirectory(Array(Path.lastComponent(path).utf8), mode: mode) } catch {
        guard error.isExists else { throw error }
    }
    try folder.sync()
}

/// stat(2) of a path, symlinks followed; nil when there is nothing.
package func statusOfPath(_ path: String) throws(SystemError) -> FileStatus? {
    do { return try Descriptor.open(path, .place).status() } catch {
        if error.isNotFound { return nil }
        throw error
    }
}
