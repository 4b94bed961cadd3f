package import Clusters
package import HostIO
package import Model
import RepositoryEngine
package import ResticFormat
import StoreContract

/// What `snapshot create` is asked for.
package struct SnapshotRequest: Sendable {
    package var name: SnapshotName
    package var reason: String
    package var style: SnapshotStyle
    package var timeToLive: TimeToLive
    package var unreadableStores: UnreadableStores

    package init(
        name: SnapshotName, reason: String = "", style: SnapshotStyle = .manual, timeToLive: TimeToLive = .never,
        unreadableStores: UnreadableStores = .refuse
    ) {
        self.name = name
        self.reason = reason
        self.style = style
        self.timeToLive = timeToLive
        self.unreadableStores = unreadableStores
    }
}

/// What becomes of a snapshot when a store is missing or cannot be read.
package enum UnreadableStores: Sendable {
    /// No snapshot: the rule, because a snapshot with a hole in it would be listed as whole.
    case refuse
    /// A snapshot of the others: before a restore, which is what the missing one needs.
    case leaveOut
}

/// A snapshot that exists.
package struct SnapshotOutcome: Sendable {
    package var entry: RepositoryEntry
    /// Bytes added to the storage.
    package var bytesStored: UInt64
    /// Expired snapshots that were removed afterwards, and orphaned native images found before.
    package var removed: [SnapshotName]
    package var orphans: [String]
    /// Why there should not be many more of its style; nil when there are few.
    package var crowding: String?

    /// What it lacks, a line a store.
    package var shortcomings: [String] { entry.manifest.shortcomings }
}

/// Snapshots of one cluster: taken, listed, kept, restored.
package struct Snapshots: Sendable {
    package let cluster: Cluster

    package init(_ cluster: Cluster) { self.cluster = cluster }

    /// Takes a snapshot: cut under the quiesce hooks, then archives what has no native image, then makes it exist.
    package func create(_ request: SnapshotRequest, job: JobControl) throws -> SnapshotOutcome {
        try cluster.exclusively("snapshot create \(request.name)") {
            try cluster.checkMay(.snapshot)
            let outcome = try cluster.recording("snapshot create \(request.name)", job, flaw: { $0.entry.flaw }) {
                try advisingWhenFull { try createLocked(request, job: job) }
            }
            freeExpired(job: job)
            return outcome
        }
    }

    /// Like ``create(_:job:)``, for a caller who holds the cluster's lock, and who needs the snapshots `sparing` whether their time is over
    /// or not.
    package func createLocked(_ request: SnapshotRequest, sparing: Set<SnapshotID> = [], job: JobControl) throws -> SnapshotOutcome {
        let identity = try cluster.identity()
        let repository = try cluster.storage()
        let lock = try repository.lockForWriting(patience: .seconds(30))
        defer { lock.release() }
        let (listing, storage, doubt) = try cluster.judged(.snapshot, in: repository, at: cluster.file.storage) {
            try EntryReader.list(.snapshot, under: lock)
        }
        let own = listing.own(by: identity.id)
        try checkNameIsFree(request.name, among: own.names, what: "snapshot")
        let crowding = try checkRoomForManual(request, among: own.entries)
        let orphans = try doubt == nil ? removeOrphans(of: identity, known: listing) : []
        let taking = try SnapshotTaking(
            cluster: cluster, identity: identity, request: request, previous: own.entries, storage: storage, job: job)
        let outcome = try taking.run()
        if request.style != .safety {
            let report = ImageReport(of: outcome.entry.manifest, in: nil, at: cluster.host.clock.now())
            // The snapshot is there, whether that can be noted or not.
            try? cluster.updateCatalogue { $0.note(report) }
        }
        cluster.remember(outcome.entry, in: repository, at: cluster.file.storage, doubt: doubt)
        var all = listing
        all.entries.append(outcome.entry)
        let removed = try doubt == nil ? removeExpired(among: all, in: repository, sparing: sparing.union([outcome.entry.id])) : []
        if let doubt { job.note("nothing is deleted in the storage: \(doubt.text); see holdfast status") }
        cluster.keepBallast(at: cluster.file.storage)
        tell(outcome, removed, job)
        return SnapshotOutcome(
            entry: outcome.entry, bytesStored: outcome.bytesStored, removed: removed, orphans: orphans,
            crowding: crowding)
    }

    private func tell(_ outcome: CommittedEntry, _ removed: [SnapshotName], _ job: JobControl) {
        let manifest = outcome.entry.manifest
        let cut = manifest.cut
        job.log(
            "snapshot \(manifest.name): \(ByteCount(outcome.bytesStored)) added, paused \(DurationText.spoken(seconds: cut.pauseSeconds)), skew "
                + "\(DurationText.spoken(seconds: cut.skewSeconds))")
        for record in manifest.stores {
            for line in record.completeness.lines(of: record.name, examples: EntryNote.mostNamed) { job.log("incomplete: \(line)") }
        }
        if !removed.isEmpty { job.log("expired and removed: \(removed.map(\.text).joined(separator: " "))") }
    }

    /// Native images of this cluster that no manifest names and no backup will be compared with: a crash between the cut and the commit left
    /// them. One of another cluster may be waiting for its commit.
    private func removeOrphans(of identity: ClusterIdentity, known listing: EntryListing) throws -> [String] {
        guard listing.damaged.isEmpty else { return [] }
        var removed: [String] = []
        let catalogue = try cluster.catalogue()
        for store in cluster.file.stores {
            let adapter = try cluster.adapter(for: store)
            let named = Set(listing.entries.compactMap { $0.manifest.store(named: store.name)?.nativeImageID })
                .union(catalogue.imagesKept(of: store.name))
            for image in try adapter.nativeImages() where NativeImageID(text: image).isCut(by: identity.id) && !named.contains(image) {
                try adapter.removeNativeImage(image)
                removed.append("\(store.name)/\(image)")
            }
        }
        return removed
    }
}
