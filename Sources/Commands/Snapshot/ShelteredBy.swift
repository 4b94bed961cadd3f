import Clusters
import Model

/// Whether something outside the cluster would survive it, as far as the history of commands tells.
struct ShelteredBy {
    /// A backup that is older than this is not recent.
    static let recent: Double = 7 * 86_400

    /// Nil when there is no target.
    private let lastBackup: Timestamp?
    private let hasTarget: Bool
    private let now: Timestamp

    init(hasTarget: Bool, history: [HistoryEvent], now: Timestamp) {
        self.hasTarget = hasTarget
        self.now = now
        lastBackup =
            history.last { event in
                event.outcome == "ok" && ["backup create ", HistoryEvent.backupPolicy].contains { event.command.hasPrefix($0) }
            }?.time
    }

    init(cluster: Cluster, now: Timestamp) throws {
        self.init(hasTarget: try !cluster.targets().isEmpty, history: try cluster.catalogue().history, now: now)
    }

    /// Nil when there is a recent backup.
    var warning: String? {
        guard hasTarget else {
            return "a snapshot dies with the cluster, and there is no target for backups: holdfast target add NAME PATH"
        }
        guard let lastBackup else { return "a snapshot dies with the cluster, and there is no backup yet: holdfast backup create" }
        let age = now.secondsSince(lastBackup)
        if age <= Self.recent { return nil }
        return "a snapshot dies with the cluster, and the last backup is \(DurationText.age(seconds: age)) old: holdfast backup create"
    }
}
