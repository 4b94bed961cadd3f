import ArgumentParser
import Clusters
import Model

struct JobsLsCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List what was done to the cluster, newest last.",
        discussion: """
            Runs of policies and commands that work on the cluster, with how long they took,
            why they failed, and why runs of policies were skipped. A job whose process ended
            before it did is interrupted.

            EXAMPLES:
              holdfast jobs -c acme.yaml
              holdfast jobs ls --failed --last 100 -c acme.yaml
            """,
        aliases: ["list"])

    @Option(help: ArgumentHelp("Show so many.", valueName: "count"))
    var last = 20

    @Flag(help: "Only those that were not done as they should: failed, interrupted, stopped or skipped.")
    var failed = false

    @OptionGroup var cluster: ClusterOptions

    func validate() throws {
        if last < 1 { throw ValidationError("--last takes a number from 1 on") }
    }

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        _ = try cluster.catalogue()
        let all = try cluster.jobs.list().filter { !failed || ![.running, .done].contains($0.outcome) }
        let shown = Array(all.suffix(last))
        context.console.finish(json: ["jobs": shown.map(JobLine.init)]) { terminal in
            shown.isEmpty ? "no jobs yet" : JobText(terminal: terminal, now: context.now).table(shown)
        }
        return .done
    }
}
