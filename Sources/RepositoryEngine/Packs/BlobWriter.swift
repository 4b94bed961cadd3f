import HostIO
import ObjectStorage
package import ResticFormat
import Synchronization

/// Writes blobs into packs, and packs into the repository: many threads save, a few store, nothing is listed before a snapshot is.
///
/// Ends with ``finish()`` or ``abandon()``; one that is dropped without either stops its threads and leaves what is durable unindexed. A
/// failed pack makes every later call that needs the storage throw the same error.
package final class BlobWriter: Sendable {
    package let repository: IndexedRepository
    /// Under which the index was loaded; to be held until the snapshot of what is written exists.
    package let lock: RepositoryLock
    package let options: WriteOptions
    private let claims = Mutex(BlobSet())
    private let open: Mutex<OpenPacks>
    private let store: PackStore

    /// Blobs of a kind go to one of two open packs at random, so that chunk sizes cannot be read off a pack (eprint 2025/532).
    private struct OpenPacks {
        var slots: [PackAssembly?] = [nil, nil, nil, nil]
        var random: UInt64
    }

    init(repository: IndexedRepository, lock: RepositoryLock, options: WriteOptions) throws {
        self.repository = repository
        self.lock = lock
        self.options = options
        var seed: UInt64 = 0
        withUnsafeMutableBytes(of: &seed) { repository.host.random.fill($0) }
        open = Mutex(OpenPacks(random: seed | 1))
        store = try PackStore(repository: repository, options: options)
    }

    deinit { store.stop() }

    package func makeSealer() throws -> BlobSealer {
        let target = repository.repository
        return try BlobSealer(
            key: target.key, compression: options.compression, formatVersion: target.config.version, host: repository.host)
    }

    package func makeOpener() throws -> BlobOpener { try repository.makeOpener() }

    /// Stores `plain` unless the repository or this writer has it. Durable only after ``finish()``. May block while packs are written.
    package func save(_ plain: UnsafeRawBufferPointer, as kind: BlobKind, using sealer: BlobSealer) throws -> SavedBlob {
        let id = sealer.id(of: plain)
        guard claim(id, kind) else { return SavedBlob(id: id, isNew: false, storedBytes: 0) }
        let sealed = try sealer.seal(plain, id: id, kind: kind)
        try add(sealed, id: id, kind: kind)
        return SavedBlob(id: id, isNew: true, storedBytes: sealed.bytes.count)
    }

    /// The same for a tree. The text of a large one is never in memory as a whole; `checkCancelled` is asked while it is written.
    package func save(
        _ tree: Tree, using sealer: BlobSealer, checkCancelled: () throws -> Void = {}
    ) throws -> SavedBlob {
        guard tree.nodes.count > Self.manyNodes else {
            return try tree.encoded().withUnsafeBytes { try save($0, as: .tree, using: sealer) }
        }
        let (id, length) = try sealer.measure(tree, checkCancelled)
        guard claim(id, .tree) else { return SavedBlob(id: id, isNew: false, storedBytes: 0) }
        let sealed = try sealer.seal(tree, id: id, length: length, checkCancelled)
        try add(sealed, id: id, kind: .tree)
        return SavedBlob(id: id, isNew: true, storedBytes: sealed.bytes.count)
    }

    /// Some 10 MB of text.
    private static let manyNodes = 20_000

    /// Stores a blob from its stored form in another repository (compressed, or plain with `uncompressedLength` nil), which the caller has
    /// proven to be `id`'s content.
    package func saveStored(
        _ id: BlobID, _ kind: BlobKind, _ stored: UnsafeRawBufferPointer, uncompressedLength: UInt32?, using sealer: BlobSealer
    ) throws -> SavedBlob {
        guard claim(id, kind) else { return SavedBlob(id: id, isNew: false, storedBytes: 0) }
        let sealed = try sealer.reseal(stored, id: id, uncompressedLength: uncompressedLength)
        try add(sealed, id: id, kind: kind)
        return SavedBlob(id: id, isNew: true, storedBytes: sealed.bytes.count)
    }

    /// Whether the blob is there to stay or on its way; what is on its way is durable after ``finish()``.
    package func contains(_ id: BlobID, _ kind: BlobKind) -> Bool {
        repository.contains(id, kind) || claims.withLock { $0.contains(id, kind) }
    }

    private func claim(_ id: BlobID, _ kind: BlobKind) -> Bool {
        !repository.contains(id, kind) && claims.withLock { $0.insert(id, kind) }
    }

    /// Whoever waits for an empty pack keeps the others waiting too: all of them need one.
    private func add(_ sealed: BlobSealer.Sealed, id: BlobID, kind: BlobKind) throws {
        try open.withLock { open in
            open.random ^= open.random << 13
            open.random ^= open.random >> 7
            open.random ^= open.random << 17
            let slot = Int(kind.rawValue) * 2 + Int(open.random & 1)
            if let pack = open.slots[slot], !pack.hasRoom(for: sealed.bytes.count) { try close(slot, of: &open) }
            let pack = try open.slots[slot] ?? store.emptyPack(kind, atLeast: sealed.bytes.count)
            try pack.append(sealed.bytes, id: id, kind: kind, uncompressedLength: sealed.uncompressedLength)
            open.slots[slot] = pack
            if pack.used >= options.packSize || pack.records.count >= options.packBlobs { try close(slot, of: &open) }
        }
    }

    private func close(_ slot: Int, of open: inout OpenPacks) throws {
        if let pack = open.slots[slot].take() { try store.submit(pack) }
    }

    /// Closes all packs, merging small left-overs, and returns when packs and indexes are durable. When it throws, ``abandon()`` saves
    /// what can be saved.
    package func finish() throws -> WriteTotals {
        for pack in try leftovers() { try store.submit(pack) }
        return try store.finish()
    }

    /// Gives up: what is in open packs is dropped; packs that are durable are indexed if the storage still answers, so that the next
    /// attempt does not write them again.
    package func abandon() { store.abandon() }

    private func leftovers() throws -> [PackAssembly] {
        try open.withLock { open in
            var packs: [PackAssembly] = []
            for kind in BlobKind.allCases {
                let pair = [open.slots[Int(kind.rawValue) * 2], open.slots[Int(kind.rawValue) * 2 + 1]].compactMap { $0 }
                guard pair.count == 2 else {
                    packs += pair
                    continue
                }
                let (larger, smaller) = pair[0].used < pair[1].used ? (pair[1], pair[0]) : (pair[0], pair[1])
                packs.append(larger)
                if larger.hasRoom(for: smaller) { try larger.append(contentsOf: smaller) } else { packs.append(smaller) }
            }
            open.slots = [nil, nil, nil, nil]
            return packs
        }
    }
}
