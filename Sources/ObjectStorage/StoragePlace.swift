import HostIO

/// The place of a storage: what is done to it as a whole, beside the objects in it.
///
/// Every call may block, and may be made from several threads at once.
package protocol StoragePlace: Sendable {
    /// A path or URL without secrets.
    var location: String { get }

    /// Bytes that a large object should have here: what the place takes well in one piece.
    var objectSize: Int { get }

    /// The storage there; nothing is touched before its first call.
    func storage() throws -> any ObjectStorage

    /// Makes the place, and what is above it, when it is not there.
    func make() throws(StorageError)

    /// The names that are directly in it, of whatever kind; nil when it is not there.
    func names() throws(StorageError) -> [String]?

    /// Removes what has this name directly in the place, with all below it; it need not be there.
    func remove(_ name: String) throws(StorageError)
}

/// A directory of this host.
package struct DirectoryPlace: StoragePlace {
    package let location: String
    private let decorate: @Sendable (DirectoryStorage) -> any ObjectStorage

    /// `path` is absolute; `decorate` wraps each storage that is opened.
    package init(_ path: String, decorate: @escaping @Sendable (DirectoryStorage) -> any ObjectStorage = { $0 }) {
        location = path
        self.decorate = decorate
    }

    package var objectSize: Int { 16 << 20 }

    package func storage() -> any ObjectStorage { decorate(DirectoryStorage(location)) }

    package func make() throws(StorageError) {
        do throws(SystemError) { try makeDirectories(location) } catch { throw StorageError(error, "", in: location) }
    }

    package func names() throws(StorageError) -> [String]? {
        do throws(SystemError) {
            guard try statusOfPath(location) != nil else { return nil }
            return try Descriptor.openDirectory(location).entries().map { FileName.text($0.name) }
        } catch { throw StorageError(error, "", in: location) }
    }

    package func remove(_ name: String) throws(StorageError) {
        do throws(SystemError) { try removeTree("\(location)/\(name)") } catch { throw StorageError(error, name, in: location) }
    }
}
