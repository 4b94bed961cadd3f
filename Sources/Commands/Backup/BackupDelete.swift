import ArgumentParser
import Backups
import Clusters
import Model

struct BackupDeleteCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete backups from a target; target prune frees the space.",
        discussion: """
            A name means a backup of this cluster. One of another cluster in the same target
            is meant by its id alone, as backup ls --all-clusters shows it; the plan says
            whose it is.

            When no good backup of a store would be left, --yes is not enough: the name of the
            cluster is typed, or given with --confirm; the other cluster's, when it is of that.

            EXAMPLES:
              holdfast backup delete weekly-1 weekly-2 --target nas -c acme.yaml
            """)

    @Argument(help: "The names of the backups, or ids.")
    var names: [String]

    @Option(help: ArgumentHelp("The name of the cluster, where no good backup of a store would be left.", valueName: "name"))
    var confirm: String?

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

    /// The cluster whose name has to be said; nil when none has.
    private func concerned(_ plan: DeletePlan, _ own: String) throws -> String? {
        let names = (plan.takesLastGood ? [own] : []) + plan.takesLastGoodOf
        guard names.count <= 1 else {
            throw Failure(
                .refused,
                "these are the last good backups of more than one cluster: \(names.map { printable($0) }.joined(separator: ", "))",
                hint: "delete those of each cluster by themselves")
        }
        return names.first ?? (confirm == nil ? nil : own)
    }

    private func agree(to plan: DeletePlan, _ name: String, _ context: CommandContext) throws -> Bool {
        try context.agree(to: plan, consent) { confirmation in
            guard let name = try concerned(plan, name) else { return try confirmation.ask(plan.summary.title) }
            guard !consent.yes || confirm != nil else {
                throw Failure(
                    .refused, "--yes is not enough to delete the last good backup of a store: nothing was changed",
                    hint: "look at it with --dry-run, then say the cluster's name: --confirm \(name)")
            }
            try Confirmation(context.console, consent: .ask).askName(
                name, confirmed: confirm, what: "the cluster's name", plan.summary.title)
        }
    }

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        let target = try target.name(in: cluster)
        let backups = Backups(cluster)
        let plan = try backups.planDeletion(names, in: target)
        guard try agree(to: plan, cluster.file.name, context) else { return .done }
        try context.watching { _ in try backups.delete(names, in: target) }
        let deleted = Result.Deleted(target: target, backups: plan.items.map(\.name))
        context.console.finish(json: Result(deleted: deleted)) { _ in
            "deleted \(plan.items.map(\.text).joined(separator: ", ")); free the space: holdfast target prune \(target)\(self.cluster.suffix)"
        }
        return .done
    }
}
