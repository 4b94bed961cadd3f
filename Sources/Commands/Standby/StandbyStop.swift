import ArgumentParser
import Clusters
import Model
import Standby

struct StandbyStopCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "End a standby and leave a consistent cluster.",
        discussion: """
            An apply that was interrupted is finished first. What is left is a cluster of its
            own, with the state of the last backup that was applied.

            EXAMPLES:
              holdfast standby stop -c standby.yaml
            """)

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var consent: ConsentOptions

    private struct Result: Encodable {
        var cluster: String
    }

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        let standby = OfflineStandby(cluster)
        guard try context.agree(to: try standby.planStop(), consent) else { return .done }
        try context.watching { try standby.stop(job: $0) }
        context.console.finish(json: ["stopped": Result(cluster: cluster.file.name)]) { _ in "\(cluster.file.name) is no standby any more" }
        return .done
    }
}
