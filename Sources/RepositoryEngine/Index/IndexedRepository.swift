package import HostIO
import ObjectStorage
package import ResticFormat
import Synchronization

/// A repository whose index is in memory: blobs can be found and read. Thread-safe.
package final class IndexedRepository: Sendable {
    package let repository: OpenRepository
    let table: Mutex<BlobTable>
    /// Index files that could not be read; their packs' headers were read instead.
    package let damagedIndexes: [IndexID]

    init(repository: OpenRepository, table: sending BlobTable, damagedIndexes: [IndexID]) {
        self.repository = repository
        self.table = Mutex(table)
        self.damagedIndexes = damagedIndexes
    }

    package var location: String { repository.storage.location }
    package var host: Host { repository.host }
    /// Distinct blobs in the index.
    package var blobCount: Int { table.withLock { $0.count } }

    package func makeOpener() throws -> BlobOpener { try repository.makeOpener() }

    /// Whether some blobs can be read at best and are not to be built upon: then a tree that is there does not vouch for what is below it.
    package var hasDoomedBlobs: Bool { table.withLock { $0.doomedCount > 0 } }

    /// Whether the blob is there to stay: not in a pack that is marked for deletion or not whole.
    package func contains(_ id: BlobID, _ kind: BlobKind) -> Bool { table.withLock { $0.holds(id, kind) } }

    package func locate(_ id: BlobID, _ kind: BlobKind) -> BlobLocation? { table.withLock { $0.location(of: id, kind) } }

    /// All copies of a blob, the one that is read first at the front.
    func copies(of id: BlobID, _ kind: BlobKind) -> [BlobLocation] {
        table.withLock { table in
            guard let first = table.location(of: id, kind) else { return [] }
            return [first] + table.otherLocations(of: id, kind)
        }
    }

    /// Plain bytes of a blob, from the index alone.
    package func plainSize(of id: BlobID, _ kind: BlobKind) -> Int? { locate(id, kind)?.plainLength }

    /// Reads a blob and gives its plain bytes, proven by their hash; they are valid inside `body` only. When one copy is damaged or gone,
    /// another one is taken.
    package func withBlob<R>(
        _ id: BlobID, _ kind: BlobKind, using opener: BlobOpener, _ body: (UnsafeRawBufferPointer) throws -> R
    ) throws -> R {
        let (_, plain, _) = try fetch(id, kind, using: opener)
        return try body(plain)
    }

    /// Like ``withBlob(_:_:using:_:)``, but gives the bytes as they are stored (compressed, decrypted) and the uncompressed length,
    /// nil for a blob that is stored as it is. The content is proven all the same.
    package func withStoredBlob<R>(
        _ id: BlobID, _ kind: BlobKind, using opener: BlobOpener, _ body: (UnsafeRawBufferPointer, UInt32?) throws -> R
    ) throws -> R {
        guard let place = locate(id, kind) else { throw RepositoryError.missingBlob(id, kind, location: location) }
        guard let length = place.uncompressedLength, length > BlobOpener.largest else {
            let (stored, _, uncompressedLength) = try fetch(id, kind, preferring: place, using: opener)
            return try body(stored, uncompressedLength)
        }
        let stored = try anyCopy(of: id, kind, preferring: place) { place in
            try readInPieces(id, kind, at: place, length, using: opener) { _ in }
        }
        return try body(stored, length)
    }

    private func fetch(
        _ id: BlobID, _ kind: BlobKind, using opener: BlobOpener
    ) throws -> (stored: UnsafeRawBufferPointer, plain: UnsafeRawBufferPointer, uncompressedLength: UInt32?) {
        guard let place = locate(id, kind) else { throw RepositoryError.missingBlob(id, kind, location: location) }
        return try fetch(id, kind, preferring: place, using: opener)
    }

    /// Reads the copy that lies at `place`, or another one when that is damaged or gone.
    func fetch(
        _ id: BlobID, _ kind: BlobKind, preferring place: BlobLocation, using opener: BlobOpener
    ) throws -> (stored: UnsafeRawBufferPointer, plain: UnsafeRawBufferPointer, uncompressedLength: UInt32?) {
        try anyCopy(of: id, kind, preferring: place) { try fetch(id, kind, at: $0, using: opener) }
    }

    /// Runs `read` with `place`, and with all copies of the blob as long as it throws.
    func anyCopy<R>(of id: BlobID, _ kind: BlobKind, preferring place: BlobLocation, _ read: (BlobLocation) throws -> R) throws -> R {
        do {
            return try read(place)
        } catch {
            if let error = error as? StorageError, error.kind == .unreachable { throw error }
            // The same place once more: the storage may be sound and the way from it not.
            for copy in copies(of: id, kind) {
                if let found = try? read(copy) { return found }
            }
            throw error
        }
    }

    /// Reads the copy of a blob that lies at `place`.
    func fetch(
        _ id: BlobID, _ kind: BlobKind, at place: BlobLocation, using opener: BlobOpener
    ) throws -> (stored: UnsafeRawBufferPointer, plain: UnsafeRawBufferPointer, uncompressedLength: UInt32?) {
        try checkSize(of: id, kind, at: place)
        let room = opener.room(Int(place.length))
        try repository.storage.read(RepositoryNames.pack(place.pack), from: UInt64(place.offset), into: room)
        switch try opener.open(room, id: id, uncompressedLength: place.uncompressedLength) {
        case .sound(let stored, let plain):
            return (stored, plain, place.uncompressedLength)
        case .damaged(let reason):
            throw RepositoryError.damagedBlob(id, kind, pack: place.pack, reason: reason, location: location)
        }
    }

    /// The same in pieces; gives the stored form. `each` may be given bytes of a copy that is found to be damaged in the end.
    func readInPieces(
        _ id: BlobID, _ kind: BlobKind, at place: BlobLocation, _ length: UInt32, using opener: BlobOpener,
        each: (UnsafeRawBufferPointer) -> Void
    ) throws -> UnsafeRawBufferPointer {
        try checkSize(of: id, kind, at: place)
        let room = opener.room(Int(place.length))
        try repository.storage.read(RepositoryNames.pack(place.pack), from: UInt64(place.offset), into: room)
        switch try opener.open(room, id: id, uncompressedLength: length, each: each) {
        case .sound(let stored): return stored
        case .damaged(let reason):
            throw RepositoryError.damagedBlob(id, kind, pack: place.pack, reason: reason, location: location)
        }
    }

    /// Before memory is taken for it.
    private func checkSize(of id: BlobID, _ kind: BlobKind, at place: BlobLocation) throws(RepositoryError) {
        guard let reason = BlobLimits.obstacle(kind, length: place.length, uncompressedLength: place.uncompressedLength) else { return }
        throw .damagedBlob(id, kind, pack: place.pack, reason: reason, location: location)
    }

    /// Reads and proves the copy of a blob that lies at `place`. Throws only when the storage does not answer.
    func isWhole(_ id: BlobID, _ kind: BlobKind, at place: BlobLocation, using opener: BlobOpener) throws -> Bool {
        guard BlobLimits.obstacle(kind, length: place.length, uncompressedLength: place.uncompressedLength) == nil else { return false }
        do {
            let room = opener.room(Int(place.length))
            try repository.storage.read(RepositoryNames.pack(place.pack), from: UInt64(place.offset), into: room)
            return try opener.damage(in: room, id: id, uncompressedLength: place.uncompressedLength) == nil
        } catch let error as StorageError where error.isAboutOneObject {
            return false
        }
    }

    /// A durable blob of a writer becomes one that can be read and built upon.
    func learn(_ blobs: [IndexedBlob], in pack: PackID) {
        table.withLock { $0.add(blobs, of: pack, doomed: false) }
    }
}

extension IndexedRepository {
    /// From now on the blobs of these packs can be read and are not built upon.
    func doom(_ packs: Set<PackID>) { table.withLock { $0.doom { pack, _ in packs.contains(pack) } } }

    /// The same for packs that are missing, have another size than the index says, or were found damaged inside: what a backup needs of
    /// them it stores again.
    func doomWhatIsNotWhole() throws {
        let sizes = try repository.packSizes()
        let noted = try repository.packsNotedDamaged()
        table.withLock { $0.doom { pack, size in sizes[pack] != size || noted.contains(pack) } }
    }
}

extension StorageError {
    /// Of one object, which is gone, cut short or cannot be read; not of the whole place.
    var isAboutOneObject: Bool { isDamage || kind == .inputOutput }
}
