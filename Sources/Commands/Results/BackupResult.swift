import Backups
import Clusters
import Model
import ResticFormat

/// The last drill of a backup.
struct DrillNoteResult: Encodable {
    var time: Timestamp
    /// `passed`, `unproven`, `failed`.
    var verdict: DrillReport.Verdict
    /// Whether report and page are as they were signed; without that the rest is worth nothing.
    var signed: Bool
    var recoverySeconds: Double
    var problem: OrNull<String>

    init(_ found: FoundReport) {
        let note = DrillNote(found.report)
        time = note.time
        verdict = note.verdict
        signed = found.altered == nil
        recoverySeconds = note.recoverySeconds
        problem = OrNull(note.problem)
    }
}

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
    var clusterID: String
    var release: Release
    /// The name of the snapshot that it was made from.
    var snapshot: OrNull<String>
    var bytes: UInt64
    /// Whether it may stand for the cluster, after what a person has accepted; and what it lacks.
    var good: Bool
    var accepted: Bool
    var lacks: [String]
    /// Things to reload after a restore.
    var reload: Int
    /// Null: never drilled.
    var drill: OrNull<DrillNoteResult>

    init(_ entry: RepositoryEntry, in target: String, known: Catalogue, drill: FoundReport? = nil) {
        let manifest = entry.manifest
        name = manifest.name
        id = entry.id.hex
        self.target = target
        mode = manifest.mode ?? .full
        cut = manifest.cut.began
        created = manifest.created
        cluster = manifest.cluster.name
        clusterID = manifest.cluster.id
        release = manifest.cluster.release
        snapshot = OrNull(manifest.source?.name)
        bytes = manifest.bytes
        good = known.quality(of: manifest, id: entry.id.hex) == .good
        accepted = known.isAccepted(entry.id.hex)
        lacks = manifest.shortcomings
        reload = manifest.reload.count
        self.drill = OrNull(drill.map(DrillNoteResult.init))
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
    /// Whether it may stand for the cluster, after what a person has accepted; and what it lacks.
    var good: Bool
    var accepted: Bool
    var lacks: [String]
    /// Of `backup create` only.
    var bytesAdded: UInt64?
    /// Null: never drilled.
    var drill: OrNull<DrillNoteResult>
    var stores: [StoreRecordResult]

    init(_ entry: RepositoryEntry, in target: String, known: Catalogue, bytesAdded: UInt64? = nil, drill: FoundReport? = nil) {
        let line = BackupLine(entry, in: target, known: known, drill: drill)
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
        good = line.good
        accepted = line.accepted
        lacks = line.lacks
        self.bytesAdded = bytesAdded
        self.drill = line.drill
        stores = entry.manifest.stores.map(StoreRecordResult.init)
    }
}
