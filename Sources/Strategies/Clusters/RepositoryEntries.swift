import HostIO
package import Model
import ObjectStorage
package import RepositoryEngine
package import ResticFormat

/// A snapshot or backup of ours in a repository, with its manifest.
package struct RepositoryEntry: Sendable {
    package let id: SnapshotID
    package let file: SnapshotFile
    package let manifest: Manifest

    package init(id: SnapshotID, file: SnapshotFile, manifest: Manifest) {
        self.id = id
        self.file = file
        self.manifest = manifest
    }

    /// For the history: one that may not stand for its stores did not go well.
    package var flaw: FailureCode? { manifest.isGood ? nil : .incomplete }

    package var stored: StoredSnapshot { StoredSnapshot(id: id, file: file) }
}

/// A snapshot or backup of ours whose root or manifest cannot be read: not to be restored, but to be deleted.
package struct LostEntry: Sendable {
    package let name: SnapshotName
    package let clusterID: String
    package let stored: StoredSnapshot
    /// Why, as a line for people.
    package let line: String
}

package struct EntryListing: Sendable {
    /// By the time of making, oldest first.
    package var entries: [RepositoryEntry]
    package var lost: [LostEntry] = []
    /// Files or manifests that cannot be read, as lines for people.
    package var damaged: [String]
}

extension RepositoryEntry {
    package var item: DeletePlan.Item { DeletePlan.Item(name: manifest.name, created: manifest.created, bytes: manifest.bytes) }
}

extension LostEntry {
    package var item: DeletePlan.Item { DeletePlan.Item(name: name, created: stored.file.time.timestamp, bytes: 0) }

    func failure(_ kind: ManifestKind) -> Failure {
        Failure(
            .damaged, "the \(kind.rawValue) \(name) is there and cannot be read",
            hint: "others may be whole: holdfast \(kind.rawValue) ls shows them", cause: line)
    }
}

extension EntryListing {
    /// Throws `damaged` for one that is there and cannot be read, `notFound` with the nearest name otherwise.
    package func entry(named name: String, _ kind: ManifestKind) throws(Failure) -> RepositoryEntry {
        if !entries.contains(where: { $0.manifest.name.text == name }), let lost = lost.first(where: { $0.name.text == name }) {
            throw lost.failure(kind)
        }
        return try pick(name, from: entries, what: kind.rawValue) { $0.manifest.name.text }
    }

    /// Also one that is lost: as long as it is there, a prune finds damage. Throws `notFound` with the nearest name.
    package func deletable(_ name: String, _ kind: ManifestKind) throws(Failure) -> (id: SnapshotID, item: DeletePlan.Item) {
        if !entries.contains(where: { $0.manifest.name.text == name }), let entry = lost.first(where: { $0.name.text == name }) {
            return (entry.stored.id, entry.item)
        }
        let entry = try pick(name, from: entries, what: kind.rawValue) { $0.manifest.name.text }
        return (entry.id, entry.item)
    }
}

/// The entries of a repository: the truth, of which the catalogue is a cache.
package struct EntryReader: Sendable {
    package let index: IndexedRepository

    package init(_ index: IndexedRepository) { self.index = index }

    /// Lists snapshots first, then loads the index, as the format asks of a reader.
    package static func list(_ kind: ManifestKind, in repository: OpenRepository) throws -> (listing: EntryListing, reader: EntryReader) {
        let snapshots = try repository.snapshots()
        let reader = EntryReader(try repository.loadIndex())
        return (try reader.entries(kind, among: snapshots), reader)
    }

    /// The same for somebody who adds an entry.
    package static func list(_ kind: ManifestKind, under lock: WriteLock) throws -> (listing: EntryListing, writable: WritableRepository) {
        let snapshots = try lock.repository.snapshots(folder: .allowed)
        let writable = try lock.loadIndex()
        return (try EntryReader(writable.index).entries(kind, among: snapshots), writable)
    }

    private func entries(_ kind: ManifestKind, among snapshots: SnapshotListing) throws -> EntryListing {
        let opener = try index.makeOpener()
        var listing = EntryListing(entries: [], damaged: snapshots.unreadable.map { "snapshot file \($0.id.short): \($0.reason)" })
        for (count, snapshot) in snapshots.snapshots.enumerated() {
            try EndingSignals.check(after: count)
            guard let tags = SnapshotTags(parsing: snapshot.file.tags), tags.kind == kind else { continue }
            do {
                listing.entries.append(
                    RepositoryEntry(id: snapshot.id, file: snapshot.file, manifest: try manifest(of: snapshot, opener)))
            } catch {
                let failure = Failure(describing: error)
                guard failure.code == .damaged else { throw failure }
                let line = "\(kind.rawValue) \(tags.name) (\(snapshot.id.short)): \(failure.summary)"
                listing.lost.append(LostEntry(name: tags.name, clusterID: tags.clusterID, stored: snapshot, line: line))
                listing.damaged.append(line)
            }
        }
        return listing
    }

    private func manifest(of snapshot: StoredSnapshot, _ opener: BlobOpener) throws -> Manifest {
        let root = try index.tree(snapshot.file.tree, using: opener)
        guard let node = root.node(named: Array(Manifest.fileName.utf8)), let content = node.content else {
            throw Failure(.damaged, "snapshot \(snapshot.id.short) in \(index.location) has no \(Manifest.fileName)")
        }
        var json: [UInt8] = []
        for blob in content {
            try index.withBlob(blob, .data, using: opener) { json += $0 }
            guard json.count <= Manifest.longest else {
                throw Failure(.damaged, "\(Manifest.fileName) of snapshot \(snapshot.id.short) in \(index.location) is longer than any")
            }
        }
        return try Manifest(json: json, of: snapshot.id.short)
    }

    /// The tree of a store that a new entry is made against; nil when there is none or it cannot be read, and all is stored as if it were new.
    package func parentTree(of store: String, in entry: RepositoryEntry) throws -> TreeID? {
        do { return try tree(of: store, in: entry)?.subtree } catch {
            guard Failure(describing: error).code == .damaged else { throw error }
            return nil
        }
    }

    /// The tree below `stores/<name>`; nil when the entry archives nothing of that store.
    package func tree(of store: String, in entry: RepositoryEntry) throws -> Node? {
        let opener = try index.makeOpener()
        let root = try index.tree(entry.file.tree, using: opener)
        guard let folder = root.node(named: Array(Manifest.storesFolder.utf8))?.subtree else { return nil }
        let node = try index.tree(folder, using: opener).node(named: Array(store.utf8))
        return node?.subtree == nil ? nil : node
    }
}
