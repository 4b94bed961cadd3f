import ArgumentParser
import Clusters
import Model

struct ClusterStatusCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the cluster, its stores, its snapshots' storage and its targets.",
        discussion: """
            Everything is looked at and nothing is changed. When a store, the storage or a
            target has a problem, the exit status is not 0.

            EXAMPLES:
              holdfast cluster status -c acme.yaml
              holdfast cluster status -c acme.yaml --json
            """)

    @OptionGroup var cluster: ClusterOptions

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        let status = try cluster.status()
        let result = ["cluster": ClusterStatusResult(status, now: context.now)]
        context.console.finish(json: result) { ClusterStatusText(terminal: $0, now: context.now).text(status) }
        return verdict(status)
    }

    private func verdict(_ status: ClusterStatus) -> Verdict {
        if let problem = status.problems.first { return .flawed(problem.code) }
        let places = [status.storage] + status.targets
        if places.contains(where: { !$0.problems.isEmpty && $0.space == nil }) { return .flawed(.storage) }
        return places.contains { !$0.problems.isEmpty } ? .flawed(.damaged) : .done
    }
}
