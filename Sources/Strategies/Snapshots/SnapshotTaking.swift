import Archiving
import Clusters
import HostIO
package import Model
import RepositoryEngine
import ResticFormat
import StoreContract
import Synchronization

/// The taking of one snapshot, from the cut to the commit.
struct SnapshotTaking: Sendable {
    let cluster: Cluster
    let identity: ClusterIdentity
    let request: SnapshotRequest
    let previous: [RepositoryEntry]
    let storage: WritableRepository
    let job: JobControl
    private let adapters: [any StoreAdapter]
    private let scratch: ScratchDirectory
    private let doubting: StoreDoubting

    init(
        cluster: Cluster, identity: ClusterIdentity, request: SnapshotRequest, previous: [RepositoryEntry], storage: WritableRepository,
        job: JobControl
    ) throws {
        self.cluster = cluster
        self.identity = identity
        self.request = request
        self.previous = previous
        self.storage = storage
        self.job = job
        adapters = try Self.usable(cluster, request.unreadableStores)
        scratch = try cluster.scratch()
        doubting = StoreDoubting(catalogue: try cluster.catalogue(), rule: cluster.file.alerts.bounds.shrink, previous: previous)
    }

    func run() throws -> CommittedEntry {
        let created = cluster.host.clock.now()
        let requests = try requests(imageID(created))
        let writer = try storage.beginWriting(cluster.writeOptions(at: cluster.file.storage, scratch))
        do {
            let prepared = try prepare(requests, into: writer)
            let result = try cut(requests)
            return try releasing(result.captures) { try archive(result, over: prepared, created: created, into: writer) }
        } catch {
            writer.abandon()
            throw error
        }
    }

    private func requests(_ imageID: String) throws -> [CaptureRequest] {
        try adapters.map { adapter in
            let store = adapter.declaration.name
            let folder = "\(scratch.path)/\(store)"
            try makeDirectories(folder)
            var request = CaptureRequest(
                imageID: imageID, nativeImageFolder: cluster.file.nativeImageFolder(of: store), scratch: folder)
            request.isQuiesced = cluster.file.quiesce != nil
            return request
        }
    }

    private func cut(_ requests: [CaptureRequest]) throws -> Cutting.Outcome {
        job.begin(phase: "cutting")
        do { return try Cutting(cluster: cluster, adapters: adapters, requests: requests).run() } catch {
            abandon(requests)
            throw error
        }
    }

    private func releasing(_ captures: [Capture], _ body: () throws -> CommittedEntry) throws -> CommittedEntry {
        do {
            let outcome = try body()
            release(captures, .committed)
            return outcome
        } catch {
            release(captures, .abandoned)
            throw error
        }
    }

    /// Archives, store beside store, what has to be read before the cut.
    private func prepare(_ requests: [CaptureRequest], into writer: BlobWriter) throws -> [Int: ArchiveOutcome] {
        job.begin(phase: "preparing")
        let parts = Mutex<[Int: ArchiveOutcome]>([:])
        do {
            try runWorkers(Self.width, sharing: adapters.count, named: "prepare") { next in
                while let index = next() {
                    guard let outcome = try prepare(adapters[index], requests[index], into: writer) else { continue }
                    parts.withLock { $0[index] = outcome }
                }
            }
        } catch {
            abandon(requests)
            throw error
        }
        return parts.withLock { $0 }
    }

    /// Stores that are archived at the same time: each has threads and memory of its own, and a cluster may have thousands.
    private static let width = 8

    private func prepare(_ adapter: any StoreAdapter, _ request: CaptureRequest, into writer: BlobWriter) throws -> ArchiveOutcome? {
        let store = adapter.declaration.name
        do {
            guard let image = try adapter.prepare(request, job: job) else { return nil }
            job.begin(phase: "archiving")
            return try archive(image, of: store, into: writer)
        } catch {
            throw Failure(describing: error).about(store: store)
        }
    }

    private func abandon(_ requests: [CaptureRequest]) {
        for (adapter, request) in zip(adapters, requests) { adapter.abandon(request) }
    }

    private func archive(_ image: CapturedImage, of store: String, into writer: BlobWriter) throws -> ArchiveOutcome {
        let archiver = Archiver(writer: writer, host: cluster.host)
        return try archiver.archive(image.source, parent: try parent(of: store), shape: image.shape, job: job)
    }

    private static func usable(_ cluster: Cluster, _ unreadable: UnreadableStores) throws -> [any StoreAdapter] {
        var usable: [any StoreAdapter] = []
        for store in cluster.file.stores {
            let adapter = try cluster.adapter(for: store)
            do {
                _ = try adapter.open()
                usable.append(adapter)
            } catch {
                guard unreadable == .leaveOut else { throw Failure(describing: error).about(store: store.name) }
            }
        }
        return usable
    }

    private func imageID(_ created: Timestamp) -> String {
        NativeImageID(of: identity.id, at: created, random: cluster.host.randomHex(bytes: 4)).text
    }

    private func release(_ captures: [Capture], _ outcome: CaptureOutcome) {
        for (adapter, capture) in zip(adapters, captures) { adapter.release(capture, outcome: outcome) }
    }

    /// Stores are archived side by side into one writer; each gives a directory node and a record.
    private func archive(
        _ cut: Cutting.Outcome, over prepared: [Int: ArchiveOutcome], created: Timestamp, into writer: BlobWriter
    ) throws -> CommittedEntry {
        job.begin(phase: "archiving")
        let parts = Mutex<[Int: StoreArchive]>([:])
        try runWorkers(Self.width, sharing: adapters.count, named: "store") { next in
            while let index = next() {
                guard let part = try archive(store: index, cut.captures[index], over: prepared[index], into: writer) else { continue }
                parts.withLock { $0[index] = part }
            }
        }
        let done = parts.withLock { parts in adapters.indices.compactMap { parts[$0] } }
        var manifest = Manifest(
            program: cluster.program, kind: .snapshot, name: request.name, cluster: identity, created: created, reason: request.reason,
            style: request.style, pinned: false, expires: request.timeToLive.expiry(from: created).instant,
            cut: cut.cut.widened(to: done.map(\.record)),
            stores: done.map(\.record))
        manifest.clusterSettings = try cluster.settings()
        let nodes = Dictionary(uniqueKeysWithValues: done.compactMap { part in part.node.map { (part.record.name, $0) } })
        job.begin(phase: "committing")
        return try writer.commit(manifest, stores: nodes, user: cluster.host.user)
    }

    /// Nil for a store that turns out to be damaged and may be left out.
    private func archive(
        store index: Int, _ capture: Capture, over prepared: ArchiveOutcome?, into writer: BlobWriter
    ) throws -> StoreArchive? {
        let adapter = adapters[index]
        do {
            guard let image = try image(of: capture, from: adapter) else { return nil }
            if capture.native { return judged(try StoreArchive(native: capture, image, adapter.declaration, job: job), adapter) }
            var outcome = try archive(image, of: adapter.declaration.name, into: writer)
            if let prepared { outcome = try TreeOverlay(into: writer).lay(outcome, over: prepared) }
            return judged(
                StoreArchive(archived: capture, image, outcome, adapter.declaration, ended: cluster.host.clock.now()), adapter)
        } catch {
            throw Failure(describing: error).about(store: adapter.declaration.name)
        }
    }

    private func judged(_ archive: StoreArchive, _ adapter: any StoreAdapter) -> StoreArchive {
        var archive = archive
        archive.record.place = (try? adapter.place()) ?? nil
        archive.record = doubting.judged(archive.record)
        return archive
    }

    private func image(of capture: Capture, from adapter: any StoreAdapter) throws -> CapturedImage? {
        do {
            return try adapter.image(of: capture, job: job)
        } catch {
            var failure = Failure(describing: error)
            guard failure.code == .damaged else { throw failure }
            if request.unreadableStores == .leaveOut { return nil }
            failure.code = .store
            throw failure
        }
    }

    /// The newest archived image of the store: unchanged files are taken over from it.
    private func parent(of store: String) throws -> TreeID? {
        let entry = previous.last { $0.manifest.store(named: store)?.image == .archived }
        return try entry.flatMap { try EntryReader(storage.index).parentTree(of: store, in: $0) }
    }
}

extension Cut {
    /// With the time that fuzzy images took to be read, which lies after the hooks: such stores show no one instant.
    fileprivate func widened(to records: [StoreRecord]) -> Cut {
        let fuzzy = records.filter { $0.precision == .fuzzy }
        guard let last = fuzzy.map(\.ended).max() else { return self }
        var cut = self
        cut.ended = max(ended, last)
        cut.skewSeconds = max(skewSeconds, cut.ended.secondsSince(began))
        cut.consistency = .bounded
        return cut
    }
}

extension Failure {
    /// The same failure, with the store that it is about named.
    package func about(store: String) -> Failure {
        var failure = self
        if !failure.message.contains(store) { failure.message = "store \(store): \(failure.message)" }
        return failure
    }
}
