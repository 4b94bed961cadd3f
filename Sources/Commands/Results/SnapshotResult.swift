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
    /// What holds one of the policy: its buckets, a pin; null for others.
    var heldBy: OrNull<[String]>
    /// Whether it may stand for the cluster, after what a person has accepted; and what it lacks.
    var good: Bool
    var accepted: Bool
    var lacks: [String]
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
        heldBy = OrNull(snapshot.heldBy)
        good = snapshot.isGood
        accepted = snapshot.isAccepted
        lacks = manifest.shortcomings
        sizes = manifest.sizes
    }
}

/// A snapshot with all that is known of it: what its line says, and more beside that in one object.
struct SnapshotResult: Encodable {
    private struct Details: Encodable {
        var pauseSeconds: Double
        var skewSeconds: Double
        var consistency: Cut.Consistency
        var stores: [StoreRecordResult]
        /// Of `snapshot create` only.
        var bytesAdded: UInt64?
        var removed: [SnapshotName]?
    }

    private let line: SnapshotLine
    private let details: Details

    init(_ snapshot: KeptSnapshot, bytesAdded: UInt64? = nil, removed: [SnapshotName]? = nil) {
        let manifest = snapshot.entry.manifest
        line = SnapshotLine(snapshot)
        details = Details(
            pauseSeconds: manifest.cut.pauseSeconds, skewSeconds: manifest.cut.skewSeconds, consistency: manifest.cut.consistency,
            stores: manifest.stores.map(StoreRecordResult.init), bytesAdded: bytesAdded, removed: removed)
    }

    func encode(to encoder: any Encoder) throws {
        try line.encode(to: encoder)
        try details.encode(to: encoder)
    }
}

extension KeptSnapshot {
    /// What holds one of the policy, as words.
    var heldBy: [String]? { holds.map { $0.sorted().map(\.text) } }

    /// One that was just taken: kept as its manifest says.
    init(taken entry: RepositoryEntry) {
        self.init(entry: entry, keeping: Keeping(pinned: entry.manifest.pinned, expires: Expiry(entry.manifest.expires)))
    }
}
