package import Clusters
import HostIO
package import Model

/// The one way back of a fenced cluster that is not through its successor: a person says so, and it is written down in the target.
package struct StandbyOverride: Sendable {
    private let cluster: Cluster

    package init(_ cluster: Cluster) { self.cluster = cluster }

    /// Throws `refused` unless the cluster is fenced here.
    package func plan(_ words: String) throws -> StandbyChangePlan {
        try cluster.lookAtEpochs()
        let fencing = try fencing()
        let record = fencing.record
        return StandbyChangePlan(
            PlanSummary(
                title: "take the cluster \(cluster.file.name) back from \(record.host)",
                lines: [
                    PlanSummary.Line("owner", "\(record.host), epoch \(record.epoch), since \(record.raised.readable)"),
                    PlanSummary.Line("reason", words),
                    PlanSummary.Line("then", "epoch \(record.epoch + 1) is this one's, and \(record.host) is fenced"),
                ],
                warnings: ["the stores here stay as they are: they lack what was written on \(record.host)"],
                losses: [
                    "what was written on \(record.host) since \(record.raised.readable), unless it becomes a standby of this one: then it is saved there"
                ],
                undo: "holdfast standby start on this one, from \(record.host)"))
    }

    private func fencing() throws -> Standing.Fencing {
        let standing = try cluster.standing()
        if standing.role == .fenced, let fencing = standing.fencing { return fencing }
        throw Failure(
            .refused, "the cluster \(cluster.file.name) is not fenced here", hint: "holdfast cluster status -c \(cluster.file.path)")
    }

    /// Raises the epoch in the target for this installation. Throws `fenced` when somebody else raised it meanwhile.
    package func run(_ words: String) throws -> EpochRecord {
        try cluster.exclusively("standby override") {
            try cluster.recording("standby override: \(printable(words, limit: 200))") {
                let fencing = try fencing()
                let folder = try cluster.epochs(in: fencing.target)
                return try cluster.changeStanding { standing in
                    let record = try cluster.record(over: try folder.newest(), owner: standing.member, .override, words: words)
                    if let winner = try folder.raise(record) {
                        throw Failure(
                            .fenced, "\(winner.host) raised the epoch meanwhile",
                            hint: "look again: holdfast cluster status -c \(cluster.file.path)")
                    }
                    standing.own(fencing.target, record.epoch, at: cluster.host.readClocks())
                    return record
                }
            }
        }
    }
}
