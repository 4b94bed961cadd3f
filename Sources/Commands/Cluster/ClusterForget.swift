import ArgumentParser
import Clusters
import Model

struct ClusterForgetCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget",
        abstract: "Stop protecting a cluster; nothing of it, and no backup, is touched.",
        discussion: """
            Removes what Holdfast keeps in the state directory: the catalogue, the history of
            jobs, what alerts were told, the token of the HTTP interface. Stores, storage,
            targets, the password and the cluster file stay as they are; the plan names them.
            holdfast cluster init takes the cluster up again, with the snapshots that are in
            its storage.

            EXAMPLES:
              holdfast cluster forget -c acme.yaml --dry-run
              holdfast cluster forget --yes -c acme.yaml
            """)

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var consent: ConsentOptions

    private struct Result: Encodable {
        struct Forgotten: Encodable {
            var cluster: String
            var id: String
            var state: String
            var storage: String
            var targets: [String]
        }
        var forgotten: Forgotten
    }

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        let plan = try cluster.planForgetting()
        guard try context.agree(to: plan, consent) else { return .done }
        try cluster.forget()
        let forgotten = Result.Forgotten(
            cluster: plan.cluster.name, id: plan.cluster.id, state: plan.state, storage: plan.storage, targets: plan.targets.map(\.path))
        context.console.finish(json: Result(forgotten: forgotten)) { _ in
            """
            cluster \(plan.cluster.name) is not protected any more; nothing of it was touched
            to take it up again: holdfast cluster init\(self.cluster.suffix)
            """
        }
        return .done
    }
}
