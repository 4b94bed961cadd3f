import Clusters
import Model

struct ClusterStatusResult: Encodable {
    struct Restoring: Encodable {
        var snapshot: SnapshotName
        var began: Timestamp
        var stores: [String]
        var finished: [String]
    }

    struct Undo: Encodable {
        var snapshot: SnapshotName
        var before: SnapshotName
        var taken: Timestamp
    }

    var id: String
    var name: String
    var release: Release
    var stores: [StoreReportResult]
    var storage: PlaceResult
    var targets: [PlaceResult]
    var restoring: OrNull<Restoring>
    /// Stores that a restore in place left half done.
    var halfRestored: [HalfRestoredStore]
    /// Stores of which the last restore could not make everything.
    var incompleteRestores: [IncompleteRestore]
    /// What `snapshot undo` would go back to.
    var undo: OrNull<Undo>
    var snapshotPolicy: SnapshotPolicyResult
    var backupPolicies: [BackupPolicyResult]
    /// Null when the cluster never had a standby.
    var standing: OrNull<StandingResult>

    init(_ status: ClusterStatus, now: Timestamp) {
        id = status.identity.id
        name = status.identity.name
        release = status.identity.release
        stores = status.stores.map(StoreReportResult.init)
        storage = PlaceResult(status.storage)
        targets = status.targets.map(PlaceResult.init)
        restoring = OrNull(
            status.restoring.map { Restoring(snapshot: $0.name, began: $0.began, stores: $0.stores, finished: $0.finished) })
        halfRestored = status.halfDone
        incompleteRestores = status.incomplete
        undo = OrNull(status.safety.map { Undo(snapshot: $0.name, before: $0.before, taken: $0.taken) })
        snapshotPolicy = SnapshotPolicyResult(status.policies, service: status.service, now: now)
        standing = OrNull(status.standing.map(StandingResult.init))
        backupPolicies = status.policies.backups.map { BackupPolicyResult($0, service: status.service, now: now) }
    }
}
