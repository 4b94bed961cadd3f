import Clusters
import Model
import ResticFormat
import Snapshots

/// A snapshot as `snapshot ls` lists it.
struct SnapshotLine: Encodable {
    var name: SnapshotName
    var id: String
    var created: Timestamp
    var release: Release
    var style: SnapshotStyle
    var reason: String
    var pinned: Bool
    var expires: OrNull<Timestamp>
    var sizes: ModeSizes

    init(_ snapshot: KeptSnapshot) {
        let manifest = snapshot.entry.manifest
        name = manifest.name
        id = snapshot.entry.id.hex
        created = manifest.created
        release = manifest.cluster.release
        style = manifest.style
        reason = manifest.reason
        pinned = snapshot.keeping.pinned
        expires = OrNull(snapshot.keeping.expires.instant)
        sizes = manifest.sizes
    }
}

/// A snapshot with all that is known of it.
struct SnapshotResult: Encodable {
    var name: SnapshotName
    var id: String
    var created: Timestamp
    var release: Release
    var style: SnapshotStyle
    var reason: String
    var pinned: Bool
    var expires: OrNull<Timestamp>
    var sizes: ModeSizes
    var pauseSeconds: Double
    var skewSeconds: Double
    var consistency: Cut.Consistency
    var stores: [StoreRecordResult]
    /// Of `snapshot create` only.
    var bytesAdded: UInt64?
    var removed: [SnapshotName]?

    init(_ snapshot: KeptSnapshot) {
        let line = SnapshotLine(snapshot)
        let manifest = snapshot.entry.manifest
        name = line.name
        id = line.id
        created = line.created
        release = line.release
        style = line.style
        reason = line.reason
        pinned = line.pinned
        expires = line.expires
        sizes = line.sizes
        pauseSeconds = manifest.cut.pauseSeconds
        skewSeconds = manifest.cut.skewSeconds
        consistency = manifest.cut.consistency
        stores = manifest.stores.map(StoreRecordResult.init)
    }
}

extension KeptSnapshot {
    /// One that was just taken: kept as its manifest says.
    init(taken entry: RepositoryEntry) {
        self.init(entry: entry, keeping: Keeping(pinned: entry.manifest.pinned, expires: Expiry(entry.manifest.expires)))
    }
}
