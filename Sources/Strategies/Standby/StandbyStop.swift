import Clusters
package import HostIO
package import Model
import RepositoryEngine
import ResticFormat

extension OfflineStandby {
    /// What ends, and what is left. Changes nothing.
    package func planStop() throws -> StandbyChangePlan {
        let record = try record()
        let left = record.applying ?? record.applied
        return StandbyChangePlan(
            PlanSummary(
                title: "stop keeping the cluster \(cluster.file.name) as a standby",
                lines: [
                    PlanSummary.Line("from", record.from),
                    PlanSummary.Line(
                        "stores", left.map { "as in \($0.name), \($0.cutBegan.readable)" } ?? "as they are: nothing was applied whole"),
                ], warnings: ["nobody keeps the active cluster in sync here any more"],
                losses: ["the points on this host's disk"],
                undo: "holdfast standby start --from \(record.from) --cluster ID, with empty stores"))
    }

    /// Ends it and leaves a consistent cluster: an apply that was interrupted is finished first. What has no snapshots of its own is a cluster of its
    /// own from now on; an old primary stays fenced.
    package func stop(job: JobControl) throws {
        _ = try record()
        try cluster.exclusively("standby stop") {
            try cluster.recording("standby stop", job) {
                var record = try record()
                try finishApply(&record, job)
                try reopenStores(job: job)
                let standing = try cluster.standing()
                do { try folder(record).unregister(standing.member) } catch {
                    job.note("the active cluster still counts on this standby: \(Failure(describing: error).summary)")
                }
                let owner = try? folder(record).newest()
                try forgetPoints()
                if let owner, try !EntryReader.list(.snapshot, in: try cluster.storage()).listing.entries.isEmpty {
                    try cluster.changeStanding { $0.yield(to: owner, in: record.from, at: cluster.host.clock.now(), hook: "") }
                } else {
                    try cluster.updateCatalogue { $0.clusterID = cluster.host.randomHex(bytes: 16) }
                    try cluster.changeStanding { $0 = Standing(member: cluster.host.randomHex(bytes: 16)) }
                }
                try erase()
            }
        }
    }

    private func finishApply(_ record: inout StandbyRecord, _ job: JobControl) throws {
        guard let wanted = record.applying else { return }
        let (entries, reader) = try points()
        guard let entry = entries.last(where: { $0.point.tree == wanted.tree }) ?? entries.last else { throw noPoint }
        _ = try apply(entry, reader, trusting: false, &record, job: job)
    }

    private func forgetPoints() throws {
        let entries = try points().entries
        let storage = try cluster.storage()
        let lock = try storage.lockForForgetting()
        defer { lock.release() }
        try cluster.forget(entries.map(\.id), in: storage, at: cluster.file.storage)
    }
}
