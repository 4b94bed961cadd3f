import Clusters
import Model
import ResticFormat

/// A backup as `backup ls` lists it.
struct BackupLine: Encodable {
    var name: SnapshotName
    var id: String
    var target: String
    var mode: BackupMode
    /// Of the state that it holds.
    var cut: Timestamp
    var created: Timestamp
    var cluster: String
    var release: Release
    /// The name of the snapshot that it was made from.
    var snapshot: OrNull<String>
    var bytes: UInt64
    /// Things to reload after a restore.
    var reload: Int

    init(_ entry: RepositoryEntry, in target: String) {
        let manifest = entry.manifest
        name = manifest.name
        id = entry.id.hex
        self.target = target
        mode = manifest.mode ?? .full
        cut = manifest.cut.began
        created = manifest.created
        cluster = manifest.cluster.name
        release = manifest.cluster.release
        snapshot = OrNull(manifest.source?.name)
        bytes = manifest.bytes
        reload = manifest.reload.count
    }
}

/// A backup with all that is known of it.
struct BackupResult: Encodable {
    var name: SnapshotName
    var id: String
    var target: String
    var mode: BackupMode
    var cut: Timestamp
    var created: Timestamp
    var cluster: ClusterIdentity
    var release: Release
    var snapshot: OrNull<String>
    var bytes: UInt64
    /// Of `backup create` only.
    var bytesAdded: UInt64?
    var stores: [StoreRecordResult]

    init(_ entry: RepositoryEntry, in target: String, bytesAdded: UInt64? = nil) {
        let line = BackupLine(entry, in: target)
        name = line.name
        id = line.id
        self.target = target
        mode = line.mode
        cut = line.cut
        created = line.created
        cluster = entry.manifest.cluster
        release = line.release
        snapshot = line.snapshot
        bytes = line.bytes
        self.bytesAdded = bytesAdded
        stores = entry.manifest.stores.map(StoreRecordResult.init)
    }
}
