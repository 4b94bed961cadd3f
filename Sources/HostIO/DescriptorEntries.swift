import CHost
import Glibc
package import Model

/// What is done to the entries of an open directory, by name.
extension Descriptor {
    private borrowing func entry<Number: FixedWidthInteger & SignedInteger>(
        _ operation: String, _ name: [UInt8], _ call: (Int32, UnsafePointer<CChar>) -> Number
    ) throws(SystemError) -> Number {
        let (raw, path) = (raw, path)
        return try FileName.withCString(name, operation, in: path) { text throws(SystemError) in
            try checked(operation, FileName.join(path, name)) { call(raw, text) }
        }
    }

    package borrowing func status() throws(SystemError) -> FileStatus {
        let raw = raw
        var status = stat()
        try checked("examine", path) { fstat(raw, &status) }
        return FileStatus(status)
    }

    /// lstat(2) of an entry.
    package borrowing func status(of name: [UInt8]) throws(SystemError) -> FileStatus {
        var status = stat()
        _ = try entry("examine", name) { fstatat($0, $1, &status, AT_SYMLINK_NOFOLLOW) }
        return FileStatus(status)
    }

    /// nil when there is no such entry.
    package borrowing func statusIfPresent(of name: [UInt8]) throws(SystemError) -> FileStatus? {
        do { return try status(of: name) } catch {
            if error.errno == ENOENT { return nil }
            throw error
        }
    }

    /// Removes an entry that is not a directory.
    package borrowing func remove(_ name: [UInt8]) throws(SystemError) { _ = try entry("remove", name) { unlinkat($0, $1, 0) } }

    /// Removes an empty directory.
    package borrowing func removeDirectory(_ name: [UInt8]) throws(SystemError) {
        _ = try entry("remove", name) { unlinkat($0, $1, AT_REMOVEDIR) }
    }

    /// Has exactly `mode` whatever the umask, where the file system has modes.
    package borrowing func makeDirectory(_ name: [UInt8], mode: UInt32 = 0o700) throws(SystemError) {
        _ = try entry("make directory", name) { mkdirat($0, $1, mode) }
        try settle(name, mode)
    }

    /// What was just made in this directory gets its mode, when the umask may have kept some of it back.
    private borrowing func settle(_ name: [UInt8], _ mode: UInt32) throws(SystemError) {
        guard mode & 0o077 != 0 else { return }
        let made = try openDirectory(name)
        try made.setModeWhereThereAreModes(mode)
    }

    package borrowing func rename(_ name: [UInt8], to newName: [UInt8], in folder: borrowing Descriptor) throws(SystemError) {
        try move("rename", name, newName, folder) { renameat($0, $1, $2, $3) }
    }

    package borrowing func rename(_ name: [UInt8], to newName: [UInt8]) throws(SystemError) {
        try rename(name, to: newName, in: self)
    }

    /// EEXIST when `newName` exists; ``SystemError/isUnsupported`` where the file system cannot tell.
    package borrowing func renameWithoutReplacing(_ name: [UInt8], to newName: [UInt8], in folder: borrowing Descriptor) throws(SystemError)
    {
        try move("rename", name, newName, folder) { holdfast_rename_noreplace($0, $1, $2, $3) }
    }

    /// Swaps two entries atomically.
    package borrowing func exchange(_ name: [UInt8], with other: [UInt8], in folder: borrowing Descriptor) throws(SystemError) {
        try move("exchange", name, other, folder) { holdfast_rename_exchange($0, $1, $2, $3) }
    }

    /// A hard link `newName` in `folder` to the entry `name`; a symlink itself is linked.
    package borrowing func link(_ name: [UInt8], to newName: [UInt8], in folder: borrowing Descriptor) throws(SystemError) {
        try move("link", name, newName, folder) { linkat($0, $1, $2, $3, 0) }
    }

    private borrowing func move(
        _ operation: String, _ name: [UInt8], _ newName: [UInt8], _ folder: borrowing Descriptor,
        _ call: (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>) -> Int32
    ) throws(SystemError) {
        let (target, targetPath) = (folder.raw, folder.path)
        guard FileName.isSound(newName) else { throw SystemError(EINVAL, operation, FileName.join(targetPath, newName)) }
        let (raw, path) = (raw, path)
        try FileName.withCString(name, operation, in: path) { old throws(SystemError) in
            try FileName.withCString(newName, operation, in: targetPath) { new throws(SystemError) in
                try checked(operation, FileName.join(targetPath, newName)) { call(raw, old, target, new) }
            }
        }
    }

    /// `target` may be any bytes without NUL.
    package borrowing func makeSymlink(_ name: [UInt8], to target: [UInt8]) throws(SystemError) {
        guard !target.contains(0), !target.isEmpty else { throw SystemError(EINVAL, "make symlink", FileName.join(path, name)) }
        let (raw, path) = (raw, path)
        try FileName.withCString(name, "make symlink", in: path) { text throws(SystemError) in
            try FileName.terminated(target) { target throws(SystemError) in
                try checked("make symlink", FileName.join(path, name)) { symlinkat(target, raw, text) }
            }
        }
    }

    package borrowing func readSymlink(_ name: [UInt8]) throws(SystemError) -> [UInt8] {
        var capacity = 256
        while true {
            var bytes = [UInt8](repeating: 0, count: capacity)
            let count = try entry("read symlink", name) { raw, text in
                bytes.withUnsafeMutableBytes { buffer in
                    buffer.bindMemory(to: CChar.self).baseAddress.map { readlinkat(raw, text, $0, capacity) } ?? 0
                }
            }
            if count < capacity { return Array(bytes[..<count]) }
            capacity *= 4
        }
    }

    /// A device, socket or fifo; `mode` has the bits of the kind.
    package borrowing func makeNode(_ name: [UInt8], mode: UInt32, device: UInt64 = 0) throws(SystemError) {
        _ = try entry("make device", name) { mknodat($0, $1, mode, dev_t(device)) }
    }

    package borrowing func makeFifo(_ name: [UInt8], mode: UInt32) throws(SystemError) {
        _ = try entry("make fifo", name) { mkfifoat($0, $1, mode) }
    }
}

/// Owner, mode and times.
extension Descriptor {
    package borrowing func setMode(_ mode: UInt32) throws(SystemError) {
        let raw = raw
        try checked("change mode of", path) { fchmod(raw, mode & 0o7777) }
    }

    /// Some shares have no modes, or refuse to change one: there it is left as it is.
    package borrowing func setModeWhereThereAreModes(_ mode: UInt32) throws(SystemError) {
        do throws(SystemError) { try setMode(mode) } catch { guard error.errno == EPERM || error.isUnsupported else { throw error } }
    }

    /// Follows a symlink, as Linux has no other way: only for an entry that is known not to be one.
    package borrowing func setMode(of name: [UInt8], _ mode: UInt32) throws(SystemError) {
        _ = try entry("change mode of", name) { fchmodat($0, $1, mode & 0o7777, 0) }
    }

    package borrowing func setOwner(uid: UInt32, gid: UInt32) throws(SystemError) {
        let raw = raw
        try checked("change owner of", path) { fchown(raw, uid, gid) }
    }

    package borrowing func setOwner(of name: [UInt8], uid: UInt32, gid: UInt32) throws(SystemError) {
        _ = try entry("change owner of", name) { fchownat($0, $1, uid, gid, AT_SYMLINK_NOFOLLOW) }
    }

    /// Moves the time of change to the file system's present, which is that of the kernel's last tick or of a share's server, and gives it: a file that
    /// is written to afterwards does not get an earlier one. Changes nothing else. For the owner.
    package borrowing func moveTimeOfChange() throws(SystemError) -> Timestamp {
        try setMode(try status().permissions)
        return try status().changed
    }

    package borrowing func setTimes(accessed: Timestamp, modified: Timestamp) throws(SystemError) {
        let raw = raw
        let times = [accessed.timespec, modified.timespec]
        try checked("set times of", path) { futimens(raw, times) }
    }

    package borrowing func setTimes(of name: [UInt8], accessed: Timestamp, modified: Timestamp) throws(SystemError) {
        let times = [accessed.timespec, modified.timespec]
        _ = try entry("set times of", name) { utimensat($0, $1, times, AT_SYMLINK_NOFOLLOW) }
    }
}
