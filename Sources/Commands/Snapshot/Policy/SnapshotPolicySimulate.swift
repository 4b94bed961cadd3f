import ArgumentParser
import Clusters
import Model
import Snapshots

struct SnapshotPolicySimulateCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Show what the snapshot policy would keep, day by day.",
        discussion: """
            Takes what update takes, and saves nothing. Sizes are estimated from what the
            policy's snapshots have taken so far, or as whole snapshots before there are any.

            EXAMPLES:
              holdfast snapshot policy simulate -c acme.yaml
              holdfast snapshot policy simulate --every 2h --keep 3@2h,4@1d --days 10
            """)

    @OptionGroup var schedule: ScheduleOptions

    @Option(help: ArgumentHelp("How many days (default: as many as fill every bucket).", valueName: "count"))
    var days: Int?

    @OptionGroup var cluster: ClusterOptions

    func run(in context: CommandContext) throws -> Verdict {
        let change = try schedule.change(of: .snapshot, in: context)
        let (policy, simulation) = try Snapshots(context.cluster(cluster)).simulatePolicy(change, days: days)
        context.console.finish(json: ["simulation": SimulationResult(simulation, rules: policy.keep)]) { terminal in
            SimulationText(terminal: terminal).text(simulation, policy.text, rules: policy.keep)
        }
        return .done
    }
}
