import Backups
import Model

struct ClusterRestoreResult: Encodable {
    struct Reload: Encodable {
        var store: String
        var items: [ReloadItem]
    }

    var id: String
    var name: String
    var release: Release
    var backup: String
    var stores: [FilledStoreResult]
    var failures: [StoreFailureResult]
    var reload: [Reload]
    /// Null: the backup does not say, or it was not wanted.
    var settings: OrNull<[TakenSettingResult]>
    var recoverySheet: String
    /// Its number among the jobs; null where it was not noted.
    var job: OrNull<Int>
    var seconds: Double

    /// `suffix`: what names the cluster in a command.
    init(_ outcome: ClusterRestoreOutcome, backup: String, suffix: String) {
        id = outcome.identity.id
        name = outcome.identity.name
        release = outcome.identity.release
        self.backup = backup
        stores = outcome.stores.map(FilledStoreResult.init)
        reload = outcome.reload.map { Reload(store: $0.store, items: $0.items) }
        settings = OrNull(outcome.settings?.map { TakenSettingResult($0, suffix: suffix) })
        recoverySheet = outcome.recoverySheet
        seconds = outcome.seconds
        failures = outcome.failures.map(StoreFailureResult.init)
        job = OrNull(outcome.job)
    }
}
