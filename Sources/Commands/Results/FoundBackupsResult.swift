import Clusters
import Model

/// Backups of another cluster of the same name, as `cluster init` finds them.
struct FoundBackupsResult: Encodable {
    var target: String
    var path: String
    var clusterID: String
    var backups: Int
    var newest: SnapshotName
    var newestID: String
    var created: Timestamp

    init(_ found: FoundBackups) {
        target = found.target
        path = found.path
        clusterID = found.cluster.id
        backups = found.backups
        newest = found.newest
        newestID = found.id
        created = found.created
    }
}
