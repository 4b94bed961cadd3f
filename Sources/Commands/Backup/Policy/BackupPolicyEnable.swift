import ArgumentParser
import Backups
import Clusters
import Model

struct BackupPolicyEnableCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable",
        abstract: "Let a backup policy make backups again.",
        discussion: """
            EXAMPLES:
              holdfast backup policy enable nightly -c acme.yaml
            """)

    @Argument(help: "The name of the policy.")
    var name: String

    @OptionGroup var cluster: ClusterOptions

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        try context.watching { _ in try Backups(cluster).setPolicyEnabled(name, true) }
        return try context.finishBackupPolicy(name, of: cluster)
    }
}

struct BackupPolicyDisableCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable",
        abstract: "Let a backup policy rest; its backups stay.",
        discussion: """
            EXAMPLES:
              holdfast backup policy disable nightly -c acme.yaml
            """)

    @Argument(help: "The name of the policy.")
    var name: String

    @OptionGroup var cluster: ClusterOptions

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        try context.watching { _ in try Backups(cluster).setPolicyEnabled(name, false) }
        return try context.finishBackupPolicy(name, of: cluster)
    }
}
