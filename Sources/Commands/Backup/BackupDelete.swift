import ArgumentParser
import Backups
import Model

struct BackupDeleteCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete backups from a target; target prune frees the space.",
        discussion: """
            A name means a backup of this cluster. One of another cluster in the same target
            is meant by its id alone, as backup ls --all-clusters shows it; the plan says
            whose it is.

            EXAMPLES:
              holdfast backup delete weekly-1 weekly-2 --target nas -c acme.yaml
            """)

    @Argument(help: "The names of the backups, or ids.")
    var names: [String]

    @OptionGroup var target: TargetOption
    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var consent: ConsentOptions

    private struct Result: Encodable {
        struct Deleted: Encodable {
            var target: String
            var backups: [SnapshotName]
        }
        var deleted: Deleted
    }

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        let target = try target.name(in: cluster)
        let backups = Backups(cluster)
        let plan = try backups.planDeletion(names, in: target)
        guard try context.agree(to: plan, consent) else { return .done }
        try context.watching { _ in try backups.delete(names, in: target) }
        let deleted = Result.Deleted(target: target, backups: plan.items.map(\.name))
        context.console.finish(json: Result(deleted: deleted)) { _ in
            "deleted \(plan.items.map(\.text).joined(separator: ", ")); free the space: holdfast target prune \(target)\(self.cluster.suffix)"
        }
        return .done
    }
}
