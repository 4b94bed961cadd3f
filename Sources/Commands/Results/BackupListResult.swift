import Backups
import Clusters
import Model

/// What `backup ls` found.
struct BackupListResult: Encodable {
    struct Other: Encodable {
        var cluster: String
        var id: String
        var backups: Int
    }

    struct Unreachable: Encodable {
        var target: String
        var code: FailureCode
        var message: String
        var hint: String?
    }

    struct Doubted: Encodable {
        var target: String
        var doubt: DoubtResult
    }

    var backups: [BackupLine]
    /// Clusters that keep backups in the same targets, which are not listed; left out when there are none.
    var otherClusters: [Other]?
    /// Left out when nothing is damaged.
    var damaged: [String]?
    /// Targets that could not be read; left out when all could.
    var unreachable: [Unreachable]?
    /// Targets that are not what they were; left out when all are.
    var doubted: [Doubted]?

    init(_ found: BackupListing, known: Catalogue) {
        backups = found.rows.map { BackupLine($0.entry, in: $0.target, known: known, drill: $0.drill) }
        let others = found.others.map { Other(cluster: $0.name, id: $0.id, backups: $0.entries) }
        otherClusters = others.isEmpty ? nil : others
        damaged = found.damaged.isEmpty ? nil : found.damaged
        let unread = found.unreachable.map {
            Unreachable(target: $0.target, code: $0.failure.code, message: $0.failure.summary, hint: $0.failure.hint)
        }
        unreachable = unread.isEmpty ? nil : unread
        doubted = found.doubted.isEmpty ? nil : found.doubted.map { Doubted(target: $0.target, doubt: DoubtResult($0.doubt)) }
    }
}
