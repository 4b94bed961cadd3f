import ArgumentParser
import Model
import Snapshots

struct SnapshotPolicyEnableCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable",
        abstract: "Let snapshots be taken by themselves again.",
        discussion: """
            EXAMPLES:
              holdfast snapshot policy enable -c acme.yaml
            """)

    @OptionGroup var cluster: ClusterOptions

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        _ = try context.watching { _ in try Snapshots(cluster).setPolicyEnabled(true) }
        return try context.finishSnapshotPolicy(of: cluster)
    }
}

struct SnapshotPolicyDisableCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable",
        abstract: "Take no snapshots by themselves; those that are there stay.",
        discussion: """
            Asks when a backup policy is enabled: without snapshots there is nothing between
            two backups to go back to.

            EXAMPLES:
              holdfast snapshot policy disable -c acme.yaml
            """)

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var consent: ConsentOptions

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        let snapshots = Snapshots(cluster)
        let plan = try snapshots.planDisabling()
        guard try context.agreeIfAsked(to: plan, consent) else { return .done }
        _ = try context.watching { _ in try snapshots.setPolicyEnabled(false) }
        return try context.finishSnapshotPolicy(of: cluster)
    }
}
