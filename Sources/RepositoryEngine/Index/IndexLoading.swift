import HostIO
import Model
import ObjectStorage
import ResticFormat

extension OpenRepository {
    /// Loads all index files. List the snapshots before calling this (format section "Read and Write Ordering").
    ///
    /// An index file that a prune replaced between the listing and the reading makes the loading start again. One that is damaged is
    /// stood in for by the headers of the packs that no readable index lists.
    package func loadIndex() throws -> IndexedRepository {
        for _ in 0..<8 {
            do {
                return try loadIndexOnce()
            } catch let error as StorageError where error.kind == .notFound {
                continue
            }
        }
        return try loadIndexOnce()
    }

    private func loadIndexOnce() throws -> IndexedRepository {
        let doomed = Set(try deletionMarks().flatMap(\.packs))
        let ids = try storage.ids(in: RepositoryNames.indexFolder, naming: IndexNamed.self)
        var damaged: [IndexID] = []
        let table = BlobTable()
        for (count, id) in ids.enumerated() {
            try EndingSignals.check(after: 16 * count)
            do {
                try load(id, into: table, doomed: doomed)
            } catch let error as StorageError where error.kind == .inputOutput {
                damaged.append(id)
            } catch {
                guard UnpackedFiles.damage(error) != nil else { throw error }
                damaged.append(id)
            }
        }
        if !damaged.isEmpty || ids.isEmpty { try loadHeaders(ofPacksMissingIn: table) }
        return IndexedRepository(repository: self, table: table, damagedIndexes: damaged)
    }

    /// An index out of contents that have been loaded.
    func index(of contents: IndexContents, doomed: Set<PackID>) throws -> IndexedRepository {
        let table = BlobTable(expecting: contents.packs.values.saturatedSum(\.count))
        for (pack, blobs) in contents.packs { table.add(blobs, of: pack, doomed: doomed.contains(pack)) }
        if !contents.unreadable.isEmpty { try loadHeaders(ofPacksMissingIn: table) }
        return IndexedRepository(repository: self, table: table, damagedIndexes: contents.unreadable.map(\.id))
    }

    private func load(_ id: IndexID, into table: BlobTable, doomed: Set<PackID>) throws {
        let json = try files.read(RepositoryNames.index(id), id: id)
        try json.withUnsafeBytes { json in
            try IndexFile.decode(json) { pack, blobs in
                table.add(blobs, of: pack, doomed: doomed.contains(pack))
            }
        }
    }

    /// The blobs found so can be read but are not built upon: what is in no index is not there for others.
    private func loadHeaders(ofPacksMissingIn table: BlobTable) throws {
        for pack in try unlistedPacks(try packSizes(), besides: Set(table.packs)) { table.add(pack.blobs, of: pack.id, doomed: true) }
    }

    /// What packs that stand in no index say of themselves; those whose header cannot be read are left out.
    func unlistedPacks(_ sizes: [PackID: UInt64], besides listed: Set<PackID>) throws -> [IndexedPack] {
        try sizes.filter { !listed.contains($0.key) }.enumerated().compactMap { count, pack in
            try EndingSignals.check(after: count)
            let (id, size) = pack
            return try readableHeader(id, size: size).map { IndexedPack(id: id, blobs: $0) }
        }
    }

    private func readableHeader(_ id: PackID, size: UInt64) throws -> [IndexedBlob]? {
        do {
            return try packHeader(id, size: size)
        } catch let error as StorageError where error.kind == .unreachable {
            throw error
        } catch {
            return nil
        }
    }
}
