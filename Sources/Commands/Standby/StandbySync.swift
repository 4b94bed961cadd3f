import ArgumentParser
import Model
import Standby

struct StandbySyncCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync",
        abstract: "Bring a standby to the newest backup, once.",
        discussion: """
            Fetches what is missing of the newest backup into this host's own storage, then
            makes the stores equal to it, touching only what differs. holdfast serve does it
            whenever there is a new backup. What was interrupted goes on.

            EXAMPLES:
              holdfast standby sync -c standby.yaml
            """)

    @OptionGroup var cluster: ClusterOptions

    func run(in context: CommandContext) throws -> Verdict {
        let standby = OfflineStandby(try context.cluster(cluster))
        let outcome = try context.watching { try standby.sync(job: $0) }
        context.console.finish(json: ["sync": SyncResult(outcome)]) { StandbyText(terminal: $0, now: context.now).sync(outcome) }
        return context.verdict(outcome.stores)
    }
}
