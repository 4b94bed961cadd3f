import HostIO
import ObjectStorage
import ResticFormat
import Synchronization

/// The storing half of a writer: a queue of full packs, and threads that seal, name and write them and note them in index files.
final class PackStore: Sendable {
    private let repository: IndexedRepository
    private let options: WriteOptions
    private let queue: BoundedQueue<PackAssembly>
    private let threads = Mutex<[WorkerThread]>([])
    private let memory: PackMemory
    private let progress: Mutex<Progress>

    private struct Progress {
        var totals = WriteTotals()
        /// Durable packs that no index file lists yet.
        var unindexed: [IndexedPack] = []
        var unindexedBlobs = 0
        var lastIndex: UInt64
    }

    /// Packs that are filled at the same time.
    static let openPacks = 2 * BlobKind.allCases.count
    /// An index file is written after so many blobs, or nanoseconds, so that an interrupted backup keeps what it has sent.
    private static let blobsPerIndex = 50_000
    private static let nanosecondsPerIndex: UInt64 = 120_000_000_000

    init(repository: IndexedRepository, options: WriteOptions) throws {
        self.repository = repository
        self.options = options
        let assemblies = Self.openPacks + options.packWriters
        memory = PackMemory(assemblies: assemblies, options: options)
        // What bounds it is the memory: a pack that cannot be written yet keeps its assembly.
        queue = BoundedQueue(capacity: assemblies)
        progress = Mutex(Progress(lastIndex: repository.host.clock.monotonicNanoseconds()))
        for index in 0..<options.packWriters {
            let thread = try WorkerThread(named: "pack \(index)") { [self] in try work() }
            threads.withLock { $0.append(thread) }
        }
    }

    private func work() throws {
        do {
            while try writeNext() { memory.giveBack() }
        } catch {
            fail(error)
            throw error
        }
    }

    private func writeNext() throws -> Bool {
        guard let pack = try queue.pop() else { return false }
        try write(pack)
        return true
    }

    /// Waits for all threads and throws what the first of them threw.
    private func join() throws {
        let ending = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        let results = ending.map { thread in Result { try thread.join() } }
        for result in results { try result.get() }
    }

    /// Waits while the writers are behind.
    func emptyPack(_ kind: BlobKind, atLeast bytes: Int) throws -> PackAssembly { try memory.take(kind, atLeast: bytes) }

    func submit(_ pack: PackAssembly) throws {
        guard !pack.isEmpty else { return }
        try queue.push(pack)
    }

    private func write(_ pack: PackAssembly) throws {
        let plain = PackHeader.encode(pack.records)
        let cipher = try Cipher(repository.repository.key, random: repository.host.random)
        let sealedCount = plain.count + Cipher.overhead
        var tail = [UInt8](repeating: 0, count: sealedCount + PackHeader.trailerLength)
        try tail.withUnsafeMutableBytes { tail in
            try plain.withUnsafeBytes { try cipher.seal($0, into: UnsafeMutableRawBufferPointer(rebasing: tail[0..<sealedCount])) }
            UnsafeMutableRawBufferPointer(rebasing: tail[sealedCount...]).copyBytes(
                from: PackHeader.trailer(sealedHeaderLength: sealedCount))
        }
        let hasher = try Hasher256()
        let body = try pack.body()
        let id = try tail.withUnsafeBytes { tail in
            hasher.begin()
            hasher.update(body)
            hasher.update(tail)
            let id = hasher.finish(naming: PackNamed.self)
            try repository.repository.storage.write(RepositoryNames.pack(id), [body, tail])
            return id
        }
        repository.learn(pack.records, in: id)
        try note(IndexedPack(id: id, blobs: pack.records), bytes: pack.used + tail.count)
    }

    private func note(_ pack: IndexedPack, bytes: Int) throws {
        let now = repository.host.clock.monotonicNanoseconds()
        let due = progress.withLock { progress -> [IndexedPack] in
            progress.totals.packs += 1
            progress.totals.blobs += pack.blobs.count
            progress.totals.bytes += bytes
            progress.unindexed.append(pack)
            progress.unindexedBlobs += pack.blobs.count
            let isDue = progress.unindexedBlobs >= Self.blobsPerIndex || now &- progress.lastIndex >= Self.nanosecondsPerIndex
            return isDue ? Self.take(&progress, now: now) : []
        }
        try writeIndex(due)
    }

    private static func take(_ progress: inout Progress, now: UInt64) -> [IndexedPack] {
        defer {
            progress.unindexed = []
            progress.unindexedBlobs = 0
            progress.lastIndex = now
        }
        return progress.unindexed
    }

    /// Packs whose index file cannot be written stay among those that none lists.
    private func writeIndex(_ packs: [IndexedPack]) throws {
        guard !packs.isEmpty else { return }
        let size: Int
        do {
            size = try repository.repository.writeIndex(packs)
        } catch {
            progress.withLock { $0.unindexed += packs }
            throw error
        }
        progress.withLock { progress in
            progress.totals.indexes += 1
            progress.totals.bytes += size
        }
    }

    func finish() throws -> WriteTotals {
        queue.close()
        try join()
        let now = repository.host.clock.monotonicNanoseconds()
        try writeIndex(progress.withLock { Self.take(&$0, now: now) })
        return progress.withLock { $0.totals }
    }

    private func fail(_ error: any Error) {
        queue.fail(error)
        memory.fail(error)
    }

    /// The threads end soon; nobody waits for them.
    func stop() { fail(Cancelled()) }

    func abandon() {
        stop()
        try? join()
        let now = repository.host.clock.monotonicNanoseconds()
        try? writeIndex(progress.withLock { Self.take(&$0, now: now) })
    }
}

extension OpenRepository {
    /// Writes one index file; gives the bytes of its JSON.
    @discardableResult
    func writeIndex(_ packs: [IndexedPack]) throws -> Int {
        let json = IndexFile.encode(packs)
        _ = try files.write(json, as: IndexNamed.self, name: RepositoryNames.index)
        return json.count
    }
}
