import ArgumentParser
import Backups
import Clusters
import Model

struct BackupPolicySimulateCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Show what a backup policy would keep, day by day.",
        discussion: """
            Of a policy that is there, as it would be with what is named; or, without a name,
            of one that is not there yet. Nothing is saved. Sizes are estimated from what the
            policy's backups have taken so far, or as whole ones before there are any.

            EXAMPLES:
              holdfast backup policy simulate nightly --keep 14@1d -c acme.yaml
              holdfast backup policy simulate --every 1d --offset 2h --keep 7@1d,4@1w
            """)

    @Argument(help: "The name of a policy.")
    var name: String?

    @OptionGroup var options: BackupPolicyOptions
    @OptionGroup var schedule: ScheduleOptions

    @Option(help: ArgumentHelp("How many days (default: as many as fill every bucket).", valueName: "count"))
    var days: Int?

    @OptionGroup var cluster: ClusterOptions

    func run(in context: CommandContext) throws -> Verdict {
        var change = try schedule.change(of: .backup, in: context)
        options.add(to: &change)
        let cluster = try context.cluster(cluster)
        let known = try name.map { try cluster.policies().backup(named: $0) }
        let policy =
            try known.map { try change.applied(to: $0.policy) }
            ?? change.backupPolicy(named: "simulated", target: change.target ?? "a target")
        let simulation = try Backups(cluster).simulate(policy, known?.record, days: days)
        context.console.finish(json: ["simulation": SimulationResult(simulation, rules: policy.keep)]) { terminal in
            SimulationText(terminal: terminal).text(simulation, policy.text, rules: policy.keep)
        }
        return .done
    }
}
