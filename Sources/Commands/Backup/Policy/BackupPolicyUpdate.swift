import ArgumentParser
import Backups
import Clusters
import Model

struct BackupPolicyUpdateCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Change a backup policy.",
        discussion: """
            What is not named stays as it is. When backups that are there would go because
            of the change, the plan names them and asks.

            EXAMPLES:
              holdfast backup policy update nightly --keep 14@1d,8@1w -c acme.yaml
              holdfast backup policy update nightly --from nightly.yaml --dry-run
            """)

    @Argument(help: "The name of the policy.")
    var name: String

    @OptionGroup var options: BackupPolicyOptions
    @OptionGroup var schedule: ScheduleOptions
    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var consent: ConsentOptions

    func run(in context: CommandContext) throws -> Verdict {
        var change = try schedule.change(of: .backup, in: context)
        options.add(to: &change)
        guard !change.isEmpty else {
            throw Failure(
                .usage, "nothing is to be changed",
                hint: "say what: --every, --offset, --keep, --target, --mode, --verify, --drill, --physical or --from")
        }
        let cluster = try context.cluster(cluster)
        let backups = Backups(cluster)
        let plan = try backups.planPolicy(name, change)
        guard try context.agreeIfAsked(to: plan, consent) else { return .done }
        for concern in try context.watching({ _ in try backups.setPolicy(name, change) }) { context.console.warn(concern) }
        return try context.finishBackupPolicy(name, of: cluster)
    }
}
