import ArgumentParser
import Model
import Snapshots

struct SnapshotDiffCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show what changed in each store from one snapshot to another.",
        discussion: """
            EXAMPLES:
              holdfast snapshot diff monday tuesday -c acme.yaml
            """)

    @Argument(help: "The snapshot to start from.")
    var from: String

    @Argument(help: "The snapshot to compare with it.")
    var to: String

    @Option(help: ArgumentHelp("How many changed entries to name a store.", valueName: "count"))
    var examples: Int = 10

    @OptionGroup var cluster: ClusterOptions

    func validate() throws {
        if !(0...1_000_000).contains(examples) { throw ValidationError("--examples takes a number from 0 to 1000000") }
    }

    func run(in context: CommandContext) throws -> Verdict {
        let snapshots = Snapshots(try context.cluster(cluster))
        let difference = try context.watching { try snapshots.diff(from: from, to: to, examples: examples, job: $0) }
        context.console.finish(json: ["diff": DifferenceResult(difference)]) { DifferenceText(terminal: $0).text(difference) }
        return .done
    }
}
