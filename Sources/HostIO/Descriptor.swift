import CHost
import Glibc

/// An owned file descriptor, closed when it goes. Every call retries interruptions; names are single components of any bytes but
/// `/` and NUL, and are never followed when they are symlinks unless a call says so.
package struct Descriptor: ~Copyable, Sendable {
    /// Valid while this value lives.
    package private(set) var raw: Int32
    /// Where it was opened, for messages.
    package let path: String

    /// Takes ownership of `raw`.
    package init(owning raw: Int32, path: String) {
        self.raw = raw
        self.path = path
    }

    deinit { if raw >= 0 { _ = Glibc.close(raw) } }

    /// How a file is opened; O_CLOEXEC is always added.
    package struct Access: OptionSet, Hashable, Sendable {
        package let rawValue: Int32
        package init(rawValue: Int32) { self.rawValue = rawValue }

        package static let read = Access([])
        package static let write = Access(rawValue: O_WRONLY)
        package static let readWrite = Access(rawValue: O_RDWR)
        /// O_CREAT.
        package static let create = Access(rawValue: O_CREAT)
        /// O_CREAT | O_EXCL: EEXIST when there is something, even a dangling symlink.
        package static let createNew = Access(rawValue: O_CREAT | O_EXCL)
        package static let truncate = Access(rawValue: O_TRUNC)
        package static let append = Access(rawValue: O_APPEND)
        package static let directory = Access(rawValue: O_DIRECTORY)
        /// ELOOP (or ENOTDIR with `directory`) when the last component is a symlink.
        package static let noFollow = Access(rawValue: O_NOFOLLOW)
        package static let nonBlocking = Access(rawValue: O_NONBLOCK)
        /// Only the owner of a file, or root, may ask for it; EPERM otherwise.
        package static let noAccessTime = Access(rawValue: holdfast_o_noatime)
        /// O_PATH: a place, for `status`, `…at` calls and /proc paths; neither readable nor writable.
        package static let place = Access(rawValue: holdfast_o_path)
    }

    /// Opens a path as the system resolves it, symlinks followed unless `noFollow`.
    package static func open(_ path: String, _ access: Access, mode: UInt32 = 0o600) throws(SystemError) -> Descriptor {
        guard !path.utf8.contains(0) else { throw SystemError(EINVAL, "open", path) }
        return Descriptor(
            owning: try checked("open", path) { holdfast_openat(AT_FDCWD, path, access.rawValue, mode) }, path: path)
    }

    package static func openDirectory(_ path: String) throws(SystemError) -> Descriptor { try open(path, [.read, .directory]) }

    /// Opens the entry `name` of this directory; a symlink is not followed.
    package borrowing func open(_ name: [UInt8], _ access: Access, mode: UInt32 = 0o600) throws(SystemError) -> Descriptor {
        let raw = raw
        let whole = FileName.join(path, name)
        let opened = try FileName.withCString(name, "open", in: path) { text throws(SystemError) in
            try checked("open", whole) { holdfast_openat(raw, text, access.union(.noFollow).rawValue, mode) }
        }
        return Descriptor(owning: opened, path: whole)
    }

    package borrowing func openDirectory(_ name: [UInt8]) throws(SystemError) -> Descriptor { try open(name, [.read, .directory]) }

    /// A second open file description of the same directory, with its own position.
    package borrowing func reopenDirectory() throws(SystemError) -> Descriptor {
        let raw = raw
        let path = path
        return Descriptor(
            owning: try checked("open", path) { holdfast_openat(raw, ".", O_RDONLY | O_DIRECTORY, 0) }, path: path)
    }

    /// A descriptor of the same open file description (dup(2)).
    package borrowing func duplicate() throws(SystemError) -> Descriptor {
        let raw = raw
        return Descriptor(owning: try checked("duplicate", path) { holdfast_duplicate(raw) }, path: path)
    }

    /// Closes and tells an error that only close(2) reports (NFS, quota). Not needed after `sync`.
    package consuming func close() throws(SystemError) {
        let owned = raw
        raw = -1
        if Glibc.close(owned) != 0, Glibc.errno != EINTR { throw .last("close", path) }
    }

    /// Gives up ownership.
    package consuming func take() -> Int32 {
        let owned = raw
        raw = -1
        return owned
    }
}

/// A descriptor with several owners; closed when the last one goes.
package final class SharedDescriptor: Sendable {
    package let descriptor: Descriptor

    package init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
}
