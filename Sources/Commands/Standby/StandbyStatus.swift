import ArgumentParser
import Clusters
import Model
import Standby

struct StandbyStatusCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Say where a standby is, how old that is, and how long a promotion takes.",
        discussion: """
            EXAMPLES:
              holdfast standby status -c standby.yaml
              holdfast standby status --json -c standby.yaml
            """)

    @OptionGroup var cluster: ClusterOptions

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        let status = try OfflineStandby(cluster).status()
        let service = try cluster.state.service()
        context.console.finish(json: ["standby": StandbyStatusResult(status, service: service)]) {
            StandbyText(terminal: $0, now: status.now).status(status, service: service)
        }
        return status.trouble == nil ? .done : .flawed(.storage)
    }
}
