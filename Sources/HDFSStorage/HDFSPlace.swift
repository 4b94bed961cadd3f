import HostIO
import Model
package import ObjectStorage
package import WebHDFS

/// A directory in HDFS.
package struct HDFSPlace: StoragePlace {
    private let client: HDFSClient
    private let decorate: @Sendable (HDFSStorage) -> any ObjectStorage

    /// The directory of the client's address; `decorate` wraps each storage that is opened.
    package init(_ client: HDFSClient, decorate: @escaping @Sendable (HDFSStorage) -> any ObjectStorage = { $0 }) {
        self.client = client
        self.decorate = decorate
    }

    package var location: String { client.address.description }

    /// Half of what a block has by default: each file costs the NameNode memory, whatever is in it.
    package var objectSize: Int { 64 << 20 }

    package func storage() -> any ObjectStorage { decorate(HDFSStorage(client)) }

    package func make() throws(StorageError) { _ = try HDFSStorage.create(client) }

    package func names() throws(StorageError) -> [String]? {
        do throws(HDFSError) {
            guard try client.status(of: client.address.path) != nil else { return nil }
            return try client.entries(of: client.address.path).map { FileName.text($0.name) }
        } catch { throw StorageError(error, "", in: location) }
    }

    package func remove(_ name: String) throws(StorageError) {
        do throws(HDFSError) {
            if let path = client.address.path.appending(relative: name) { try client.remove(path, .tree) }
        } catch { throw StorageError(error, name, in: location) }
    }
}
