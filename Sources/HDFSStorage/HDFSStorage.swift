import HostIO
import Model
package import ObjectStorage
import Synchronization
package import WebHDFS

/// Objects as files below a directory in HDFS. Each is published whole, on the DataNodes' disks before it has its name; files have mode
/// 0400, and the directory that they are in 0700.
///
/// A directory is made with the first object in it and stays when its last one goes. A ranged read costs about 10 ms whatever its length:
/// who reads many pieces of an object does so through `ReadAheadStorage`.
package final class HDFSStorage: ObjectStorage {
    package let location: String
    let client: HDFSClient
    /// The directory that names are relative to.
    let root: HDFSPath
    /// `config` was there: when it is not any more, the whole storage is gone.
    private let sawConfig = Atomic<Bool>(false)

    /// The directory of the client's address; nothing is touched before the first call, and it must exist then.
    package init(_ client: HDFSClient) {
        self.client = client
        root = client.address.path
        location = client.address.description
    }

    /// Makes the directory (and those above it) when it is not there.
    package static func create(_ client: HDFSClient) throws(StorageError) -> HDFSStorage {
        let storage = HDFSStorage(client)
        do throws(HDFSError) {
            if try client.status(of: storage.root) == nil { try client.makeDirectories(storage.root, permission: 0o700) }
        } catch { throw StorageError(error, "", in: storage.location) }
        return storage
    }

    func path(of name: String) -> HDFSPath { root.appending(relative: name) ?? root }

    /// Runs a body that meets errors of HDFS, and turns those into storage errors about `object`. What is not found because the whole
    /// storage has gone is told as such.
    func doing<Result>(_ object: String, _ body: () throws(HDFSError) -> Result) throws(StorageError) -> Result {
        do throws(HDFSError) { return try body() } catch {
            if error.kind == .notFound { try checkPresence() }
            throw StorageError(error, object, in: location)
        }
    }

    /// Throws when the directory is not there, or `config` was there and is not any more.
    func checkPresence() throws(StorageError) {
        do throws(HDFSError) {
            if try client.status(of: path(of: Self.config)) != nil {
                sawConfig.store(true, ordering: .relaxed)
                return
            }
            if sawConfig.load(ordering: .relaxed) {
                throw HDFSError(.unreachable, "find", root, detail: "the directory or its config has gone while in use")
            }
            if try client.status(of: root)?.kind != .directory {
                throw HDFSError(.unreachable, "find", root, detail: "there is no such directory")
            }
        } catch { throw StorageError(error, "", in: location) }
    }

    static let config = "config"

    private func forgetConfig(when name: ObjectName) {
        if name.text.utf8.elementsEqual(Self.config.utf8) { sawConfig.store(false, ordering: .relaxed) }
    }

    package func size(of name: ObjectName) throws(StorageError) -> UInt64? {
        let status = try doing(name.text) { () throws(HDFSError) in try client.status(of: path(of: name.text)) }
        // Of a directory in the place of an object it is told that it is none.
        if let status {
            guard status.kind == .file || EntryForm(path(of: name.text).name) != .object else {
                throw StorageError(.misplaced, name.text, in: location, detail: "it is a directory")
            }
            return status.kind == .file ? status.length : nil
        }
        try checkPresence()
        return nil
    }

    package func read(_ name: ObjectName, from offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(StorageError) {
        if buffer.isEmpty { return try checkRange(name, offset) }
        try doing(name.text) { () throws(HDFSError) in
            let reader = try client.open(path(of: name.text), offset: offset, length: UInt64(buffer.count))
            try reader.readAll(into: buffer)
        }
    }

    /// A read of nothing is asked for all the same.
    private func checkRange(_ name: ObjectName, _ offset: UInt64) throws(StorageError) {
        guard let size = try size(of: name) else { throw StorageError(.notFound, name.text, in: location) }
        if offset > size { throw StorageError(.truncated, name.text, in: location) }
    }

    package func write(_ name: ObjectName, _ parts: [UnsafeRawBufferPointer]) throws(StorageError) { try put(name, parts, .never) }

    package func replace(_ name: ObjectName, _ parts: [UnsafeRawBufferPointer]) throws(StorageError) { try put(name, parts, .always) }

    private func put(_ name: ObjectName, _ parts: [UnsafeRawBufferPointer], _ replacing: Replacing) throws(StorageError) {
        let path = path(of: name.text)
        guard !HDFSTemporary.isName(path.name) else {
            throw StorageError(.permission, name.text, in: location, detail: "the name is kept for unfinished objects")
        }
        let options = HDFSFileOptions(replacing: replacing, permission: 0o400, durability: .synced)
        try doing(name.text) { () throws(HDFSError) in
            // Directories above are made with it, so that a storage that has gone must not come back as an empty one.
            if try client.status(of: root) == nil { throw HDFSError(.notFound, "find", root) }
            try client.publish(path, options, parts: parts)
        }
    }

    package func remove(_ name: ObjectName) throws(StorageError) {
        let path = path(of: name.text)
        forgetConfig(when: name)
        let removed = try doing(name.text) { () throws(HDFSError) in
            if try client.status(of: path)?.kind == .directory { return true }
            return try client.remove(path)
        }
        if !removed { try checkPresence() }
    }
}

extension StorageError {
    /// What an error of HDFS means for a storage.
    init(_ error: HDFSError, _ object: String, in location: String) {
        let kind: Kind =
            switch error.kind {
            case .notFound: .notFound
            case .notDirectory: .misplaced
            case .exists, .notEmpty: .exists
            case .truncated: .truncated
            case .namespaceQuota, .spaceQuota, .noSpace: .noSpace
            case .safeMode: .readOnly
            case .permission, .unauthorized, .untrusted, .snapshotInTheWay: .permission
            case .standby, .busy, .unreachable, .noReplica, .notHDFS: .unreachable
            case .stopped: .stopped
            case .uncertain, .notSnapshottable, .invalid, .other: .inputOutput
            }
        let words = [error.server, error.exception, error.detail].compactMap { $0 }.joined(separator: ": ")
        self.init(kind, object, in: location, detail: words.isEmpty ? "cannot \(error.operation): \(error.kind.rawValue)" : words)
    }
}
