import ArgumentParser
import Clusters
import Model
import Snapshots

struct SnapshotPolicyUpdateCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Change when snapshots are taken by themselves, and which of them stay.",
        discussion: """
            What is not named stays as it is. When snapshots that are there would go because
            of the change, the plan names them and asks. simulate shows beforehand what
            would be kept.

            EXAMPLES:
              holdfast snapshot policy update --every 2h --offset 15m --keep 3@2h,4@1d
              holdfast snapshot policy update --from policy.yaml --dry-run
              holdfast snapshot policy update --manual-warn 30 --manual-refuse 40
            """)

    @OptionGroup var schedule: ScheduleOptions
    @OptionGroup var limits: ManualLimitOptions
    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var consent: ConsentOptions

    func run(in context: CommandContext) throws -> Verdict {
        var change = try schedule.change(of: .snapshot, in: context)
        limits.add(to: &change)
        guard !change.isEmpty else {
            throw Failure(
                .usage, "nothing is to be changed",
                hint: "say what: --every, --offset, --keep, --rpo, --rto, --manual-warn, --manual-refuse or --from")
        }
        let cluster = try context.cluster(cluster)
        let snapshots = Snapshots(cluster)
        let plan = try snapshots.planPolicy(change)
        guard try context.agreeIfAsked(to: plan, consent) else { return .done }
        _ = try context.watching { _ in try snapshots.setPolicy(change) }
        return try context.finishSnapshotPolicy(of: cluster)
    }
}

extension CommandContext {
    /// Tells what the snapshot policy is now.
    func finishSnapshotPolicy(of cluster: Cluster) throws -> Verdict {
        let policies = try cluster.policies()
        let service = try cluster.state.service()
        console.finish(json: ["policy": SnapshotPolicyResult(policies, service: service, now: now)]) { terminal in
            PolicyText(terminal: terminal, now: now, objectives: cluster.file.objectives).fields(policies, service: service)
        }
        return .done
    }
}
