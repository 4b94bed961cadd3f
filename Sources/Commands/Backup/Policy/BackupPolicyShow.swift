import ArgumentParser
import Backups
import Clusters
import Model

struct BackupPolicyShowCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a backup policy.",
        discussion: """
            EXAMPLES:
              holdfast backup policy show nightly -c acme.yaml
              holdfast backup policy show nightly --yaml -c acme.yaml
            """)

    @Argument(help: "The name of the policy.")
    var name: String

    @Flag(help: "Print what update --from takes.")
    var yaml = false

    @OptionGroup var cluster: ClusterOptions

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        guard yaml, context.console.mode != .json else { return try context.finishBackupPolicy(name, of: cluster) }
        context.console.out.show(try cluster.policies().backup(named: name).policy.yaml)
        return .done
    }
}
