package import Clusters
package import HostIO
package import Model
import RepositoryEngine
import ResticFormat

extension Snapshots {
    /// At once: what a snapshot held has had its time.
    private static let options = PruneOptions(grace: 0, tolerableWaste: 0.2)

    /// What removing the snapshots whose time is over, and a prune, would do now.
    package func planPrune(job: JobControl) throws -> RepositoryPrunePlan {
        let due = try read { try expired(at: cluster.host.clock.now(), among: EntryReader.list(.snapshot, in: $0).listing) }
        var options = Self.options
        options.write = try cluster.writeOptions(at: cluster.file.storage, cluster.scratch())
        var plan = try cluster.planPrune(
            cluster.file.storage, called: "the snapshots of cluster \(cluster.file.name)", options, job: job)
        plan.expired = due.map(\.name)
        return plan
    }

    /// Removes the snapshots whose time is over and frees what nothing needs, on a full storage too.
    package func prune(job: JobControl) throws -> RepositoryPruneOutcome {
        try cluster.exclusively(HistoryEvent.pruned) {
            try cluster.freeing(cluster.file.storage) {
                try cluster.recording(HistoryEvent.pruned, job) {
                    let expired = try removeExpired()
                    return RepositoryPruneOutcome(expired: expired, pruned: try prune(job))
                }
            }
        }
    }

    private func removeExpired() throws -> [SnapshotName] {
        let repository = try cluster.storage()
        let lock = try repository.lockForForgetting()
        defer { lock.release() }
        return try removeExpired(among: cluster.believed(.snapshot, in: repository, at: cluster.file.storage), in: repository)
    }

    func prune(_ job: JobControl) throws -> PruneOutcome {
        let scratch = try cluster.scratch()
        var options = Self.options
        options.write = try cluster.writeOptions(at: cluster.file.storage, scratch)
        return try withExtendedLifetime(scratch) { try cluster.prune(cluster.file.storage, options, job: job) }
    }

    /// After a command that has removed expired snapshots, at most once a day. What keeps it from being done is told and is no failure of
    /// that command. Called by whoever holds the cluster's lock and none in the storage.
    package func freeExpired(job: JobControl) {
        guard (try? cluster.catalogue().isPruneDue(at: cluster.host.clock.now())) == true else { return }
        do { _ = try cluster.recording(HistoryEvent.pruned, job) { try prune(job) } } catch {
            job.note("the room of expired snapshots is not freed: \(Failure(describing: error).summary)")
        }
    }
}
