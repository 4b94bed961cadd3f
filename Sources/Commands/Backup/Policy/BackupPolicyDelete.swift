import ArgumentParser
import Backups
import Clusters
import Model

struct BackupPolicyDeleteCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a backup policy; its backups stay.",
        discussion: """
            EXAMPLES:
              holdfast backup policy delete nightly -c acme.yaml
            """)

    @Argument(help: "The name of the policy.")
    var name: String

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var consent: ConsentOptions

    private struct Result: Encodable {
        struct Deleted: Encodable {
            var policy: String
        }
        var deleted: Deleted
    }

    func run(in context: CommandContext) throws -> Verdict {
        let backups = Backups(try context.cluster(cluster))
        guard try context.agree(to: try backups.planPolicyDeletion(name), consent) else { return .done }
        try context.watching { _ in try backups.deletePolicy(name) }
        context.console.finish(json: Result(deleted: Result.Deleted(policy: name))) { _ in "deleted the backup policy \(name)" }
        return .done
    }
}
