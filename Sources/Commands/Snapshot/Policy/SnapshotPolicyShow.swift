import ArgumentParser
import Clusters
import Model

struct SnapshotPolicyShowCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show when snapshots are taken by themselves, and which of them stay.",
        discussion: """
            EXAMPLES:
              holdfast snapshot policy show -c acme.yaml
              holdfast snapshot policy show --yaml -c acme.yaml
            """)

    @Flag(help: "Print what update --from takes.")
    var yaml = false

    @OptionGroup var cluster: ClusterOptions

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        let policies = try cluster.policies()
        let service = try cluster.state.service()
        context.console.finish(json: ["policy": SnapshotPolicyResult(policies, service: service, now: context.now)]) { terminal in
            let text = PolicyText(terminal: terminal, now: context.now, objectives: cluster.file.objectives)
            return yaml ? policies.snapshot.yaml : text.fields(policies, service: service)
        }
        return .done
    }
}
