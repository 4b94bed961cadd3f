import Clusters
package import HostIO
package import Model
import RepositoryEngine
import ResticFormat
package import Snapshots

/// A start that is planned and whose preflight found nothing wrong.
package struct PreparedStandby: Sendable {
    package let plan: StandbyStartPlan
    let repository: String
}

package struct StandbyStartOutcome: Sendable {
    /// What the stores held before, when this was the active cluster.
    package var divergence: Divergence?
    package var sync: SyncOutcome
}

extension OfflineStandby {
    /// Checks everything and changes nothing. Throws `refused` that lists all that is wrong.
    package func prepareStart(from: String, of wanted: String, room: RoomCheck = .refuses, job: JobControl = JobControl()) throws
        -> PreparedStandby
    {
        var preflight = Preflight(cluster, from: from, wanted: wanted, room: room, job: job)
        try preflight.run()
        guard let newest = preflight.newest, let matching = preflight.matching, let repository = preflight.repository else {
            throw Failure(.internal, "the preflight found neither a backup nor a fault")
        }
        let plan = StandbyStartPlan(
            cluster: newest.manifest.cluster, from: from, file: cluster.file, newest: newest.point, matching: matching,
            checks: preflight.checks, warnings: preflight.warnings, savesDivergence: preflight.savesDivergence,
            isGoingOn: preflight.isGoingOn, madeAt: cluster.host.clock.now())
        return PreparedStandby(plan: plan, repository: repository.id)
    }

    /// Makes the cluster a standby, then syncs it for the first time. Interrupted, `standby sync` goes on.
    package func start(_ prepared: PreparedStandby, job: JobControl) throws -> StandbyStartOutcome {
        let plan = prepared.plan
        // Before there is a cluster here, so that it is never taken for the active one.
        if try cluster.state.current() == nil { try cluster.changeStanding { $0.standDown() } }
        try cluster.establishStandby(of: plan.cluster.id)
        return try cluster.exclusively("standby start") {
            try cluster.recording("standby start --from \(plan.from)", job) {
                let divergence = plan.savesDivergence ? try saveDivergence(from: plan.from, job: job) : nil
                if try current()?.from != plan.from {
                    try save(StandbyRecord(from: plan.from, repository: prepared.repository, since: cluster.host.clock.now()))
                }
                try cluster.changeStanding { $0.standDown() }
                try register(nil, try record())
                return StandbyStartOutcome(divergence: divergence, sync: try syncLocked(job: job))
            }
        }
    }
}
