import Model
import ObjectStorage
package import ResticFormat

/// A snapshot file with its id.
package struct StoredSnapshot: Hashable, Sendable {
    package let id: SnapshotID
    package let file: SnapshotFile

    package init(id: SnapshotID, file: SnapshotFile) {
        self.id = id
        self.file = file
    }
}

package struct SnapshotListing: Sendable {
    /// By time, oldest first.
    package var snapshots: [StoredSnapshot]
    /// Files of `snapshots/` that cannot be read, with the reason.
    package var unreadable: [(id: SnapshotID, reason: String)]
}

extension OpenRepository {
    package func snapshots() throws -> SnapshotListing {
        var listing = SnapshotListing(snapshots: [], unreadable: [])
        for id in try storage.ids(in: RepositoryNames.snapshotFolder, naming: SnapshotNamed.self) {
            do {
                listing.snapshots.append(StoredSnapshot(id: id, file: try snapshot(id)))
            } catch let error as StorageError where error.kind == .notFound {
                continue  // forgotten since the listing
            } catch let error as StorageError where error.kind == .unreachable {
                throw error
            } catch {
                listing.unreadable.append((id, Failure(describing: error).summary))
            }
        }
        listing.snapshots.sort { ($0.file.time.timestamp, $0.id) < ($1.file.time.timestamp, $1.id) }
        listing.unreadable.sort { $0.id < $1.id }
        return listing
    }

    package func snapshot(_ id: SnapshotID) throws -> SnapshotFile {
        let name = RepositoryNames.snapshot(id)
        let json = try files.read(name, id: id)
        return try json.withUnsafeBytes { try SnapshotFile(decoding: $0) }
    }

    /// Makes a snapshot exist. Its tree and all that it refers to must be durable already.
    package func save(_ snapshot: SnapshotFile) throws -> SnapshotID {
        try files.write(snapshot.encoded(), as: SnapshotNamed.self, name: RepositoryNames.snapshot)
    }

    /// Forgets a snapshot; its blobs stay until a prune. One that is not there is not an error.
    package func removeSnapshot(_ id: SnapshotID) throws { try storage.remove(RepositoryNames.snapshot(id)) }
}
