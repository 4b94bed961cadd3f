import Glibc
import HostIO
import Synchronization

/// Objects as files below a directory, written as restic writes them: a temporary file beside the final name, synced, renamed, the
/// directory synced. Files have mode 0400 and directories 0700, or 0440 and 0750 when `config` can be read by its group.
///
/// The root is opened once and held, so a mount cannot be replaced by the empty directory below it while the storage is in use. It may be a symbolic link;
/// below it none is followed, and what is neither a file nor a directory is not opened: somebody else may be able to write there.
package final class DirectoryStorage: ObjectStorage {
    package let location: String
    let opened = OpenObjects(capacity: 64)
    private let state = Mutex(State())

    private struct State {
        var root: SharedDescriptor?
        var modes: FileModes?
        /// `config` was there: when it is not any more, the whole storage is gone.
        var sawConfig = false
    }

    /// Nothing is touched before the first call; the directory must exist then.
    package init(_ path: String) { location = path }

    /// Makes the root directory (and those above it) when it is not there.
    package static func create(at path: String) throws(StorageError) -> DirectoryStorage {
        do throws(SystemError) { try makeDirectories(path) } catch { throw StorageError(error, "", in: path) }
        return DirectoryStorage(path)
    }

    func root() throws(StorageError) -> SharedDescriptor {
        if let root = state.withLock({ $0.root }) { return root }
        do throws(SystemError) {
            let root = SharedDescriptor(try Descriptor.openDirectory(location))
            return state.withLock { state in
                if let other = state.root { return other }
                state.root = root
                return root
            }
        } catch {
            guard error.isNotFound else { throw StorageError(error, "", in: location) }
            throw StorageError(.unreachable, "", in: location, detail: "there is no such directory")
        }
    }

    /// Runs a body that meets system errors, and turns those into storage errors about `object`. What is not found because the
    /// whole storage has gone is told as such.
    func doing<Result>(
        _ object: String, _ body: (SharedDescriptor) throws(SystemError) -> Result
    ) throws(StorageError) -> Result {
        let root = try root()
        do throws(SystemError) { return try body(root) } catch {
            if error.isNotFound { try checkPresence(root) }
            throw StorageError(error, object, in: location)
        }
    }

    /// Throws when the root was removed, or `config` was there and is not any more.
    func checkPresence(_ root: SharedDescriptor) throws(StorageError) {
        do throws(SystemError) {
            if try root.descriptor.status().links == 0 {
                throw SystemError(ENODEV, "find", location)
            }
            let config = try root.descriptor.statusIfPresent(of: Self.config)
            let sawConfig = state.withLock { state in
                state.sawConfig = state.sawConfig || config != nil
                return state.sawConfig
            }
            if sawConfig, config == nil { throw SystemError(ENODEV, "find", location) }
        } catch {
            guard error.isNotFound || error.errno == ENODEV else { throw StorageError(error, "", in: location) }
            throw StorageError(.unreachable, "", in: location, detail: "the directory or its config has gone while in use")
        }
    }

    static let config = Array("config".utf8)

    /// Follows `config`; until there is one, nothing is readable by others.
    func modes(_ root: SharedDescriptor) throws(SystemError) -> FileModes {
        if let modes = state.withLock({ $0.modes }) { return modes }
        guard let config = try root.descriptor.statusIfPresent(of: Self.config) else { return .private }
        let modes: FileModes = config.permissions & 0o040 == 0 ? .private : .group
        state.withLock { state in
            state.modes = modes
            state.sawConfig = true
        }
        return modes
    }

    private func forgetConfig() {
        state.withLock { state in
            state.modes = nil
            state.sawConfig = false
        }
    }

    package func size(of name: ObjectName) throws(StorageError) -> UInt64? {
        do throws(StorageError) {
            return try doing(name.text) { root throws(SystemError) in
                let place = ObjectPlace(name)
                let folder = try Folders.open(place.folder, below: root)
                let status = try folder.descriptor.status(of: place.file)
                switch status.kind {
                case .file: return UInt64(clamping: status.size)
                // One in the place of an object must not look as if the object had gone.
                case .directory where EntryForm(place.file) == .object: throw SystemError(EISDIR, "read", name.text)
                case .directory: return nil
                case .symlink: throw SystemError(ELOOP, "read", name.text)
                default: throw SystemError(EMLINK, "read", name.text)
                }
            }
        } catch {
            if error.kind == .notFound { return nil }
            throw error
        }
    }

    package func read(_ name: ObjectName, from offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(StorageError) {
        guard let start = Int64(exactly: offset), start <= Int64.max - Int64(buffer.count) else {
            throw StorageError(.truncated, name.text, in: location)
        }
        let count = try doing(name.text) { root throws(SystemError) in
            let file = try opened.descriptor(of: name) { () throws(SystemError) in
                let place = ObjectPlace(name)
                let folder = try Folders.open(place.folder, below: root)
                return SharedDescriptor(try folder.descriptor.openPlainFile(place.file))
            }
            return try file.descriptor.read(into: buffer, at: start)
        }
        if count < buffer.count { throw StorageError(.truncated, name.text, in: location) }
    }

    package func remove(_ name: ObjectName) throws(StorageError) {
        opened.forget(name)
        if name.text.utf8.elementsEqual(Self.config) { forgetConfig() }
        do throws(StorageError) {
            try doing(name.text) { root throws(SystemError) in
                let place = ObjectPlace(name)
                let folder = try Folders.open(place.folder, below: root)
                do throws(SystemError) { try folder.descriptor.remove(place.file) } catch { if !error.isNotFound { throw error } }
                // Also when it was gone: an earlier attempt may have failed between the removal and this.
                try Folders.sync(folder.descriptor)
            }
        } catch { if error.kind != .notFound { throw error } }
    }

    package func space() throws(StorageError) -> StorageSpace? {
        try doing("") { root throws(SystemError) in
            let space = try root.descriptor.space()
            return StorageSpace(free: space.free, total: space.total)
        }
    }
}

/// Permissions of what a storage makes.
struct FileModes: Sendable {
    let directory: UInt32
    /// While it is written.
    let temporary: UInt32
    let object: UInt32

    static let `private` = FileModes(directory: 0o700, temporary: 0o600, object: 0o400)
    static let group = FileModes(directory: 0o750, temporary: 0o640, object: 0o440)
}
