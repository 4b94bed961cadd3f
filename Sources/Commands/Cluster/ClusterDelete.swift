import ArgumentParser
import Clusters
import Model

struct ClusterDeleteCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete what the stores hold, and all snapshots. Backups stay.",
        discussion: """
            Shows what will be gone and which backups are left, and asks for the name of the
            cluster. Targets, the password and the cluster file stay, so that the cluster
            can be restored from a backup. Interrupted, it can be run again. Without a
            terminal the name is said by --confirm; --yes alone is refused.

            To stop protecting a cluster and touch nothing of it: holdfast cluster forget.

            EXAMPLES:
              holdfast cluster delete -c acme.yaml --dry-run
              holdfast cluster delete -c acme.yaml
              holdfast cluster delete --confirm acme -c acme.yaml
            """)

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var consent: NamedConsentOptions

    private struct Result: Encodable {
        struct Deleted: Encodable {
            var cluster: String
            var id: String
            var stores: [String]
            var snapshots: Int
        }
        var deleted: Deleted
    }

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        try consent.refuseBareYes("cluster delete", of: cluster.file.name)
        let plan = try cluster.planDeletion()
        let name = plan.cluster.name
        guard try context.agree(to: plan, consent, naming: name, what: "the cluster's name", "delete cluster \(name)") else { return .done }
        try context.watching { try cluster.delete(job: $0) }
        let deleted = Result.Deleted(
            cluster: plan.cluster.name, id: plan.cluster.id, stores: plan.stores.map(\.store), snapshots: plan.snapshots)
        context.console.finish(json: Result(deleted: deleted)) { _ in
            (["cluster \(plan.cluster.name) is deleted"] + (plan.summary.undo.map { [$0] } ?? [])).joined(separator: "\n")
        }
        return .done
    }
}
