import HostIO
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

    package var isEmpty: Bool { snapshots.isEmpty && unreadable.isEmpty }
}

/// Whether the folder of the snapshots may be missing from a repository that holds data.
package enum MissingFolder: Sendable {
    /// It is a fault: without it, everything looks as if nothing needed it.
    case refused
    /// For somebody who adds a snapshot, and for a repository that is known to have had none.
    case allowed
}

extension OpenRepository {
    package func snapshots(folder: MissingFolder = .refused) throws -> SnapshotListing {
        var listing = SnapshotListing(snapshots: [], unreadable: [])
        for (count, id) in try storage.ids(in: RepositoryNames.snapshotFolder, naming: SnapshotNamed.self).enumerated() {
            try EndingSignals.check(after: count)
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
        if listing.isEmpty, folder == .refused { try checkSnapshotFolder() }
        listing.snapshots.sort { ($0.file.time.timestamp, $0.id) < ($1.file.time.timestamp, $1.id) }
        listing.unreadable.sort { $0.id < $1.id }
        return listing
    }

    private func checkSnapshotFolder() throws {
        guard try storage.holdsFolder(RepositoryNames.snapshotFolder) == false, try holdsData() else { return }
        throw RepositoryError.missingFolder(name: RepositoryNames.snapshotFolder, location: storage.location)
    }

    /// Whether there is any pack or index.
    package func holdsData() throws -> Bool {
        try !storage.ids(in: RepositoryNames.indexFolder, naming: IndexNamed.self).isEmpty || !storage.packs().isEmpty
    }

    /// What lies in the folders of a repository under names that it has no use for, but for what disk boxes and desktops leave everywhere: passed over, and told
    /// where somebody looks at the place.
    package func strays() throws -> [String] {
        try RepositoryLayout.Folder.allCases.flatMap { folder in
            try storage.strays(in: folder.rawValue).filter { !Litter.isOne($0) }.map { "\(folder.rawValue)/\($0)" }
        }
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
