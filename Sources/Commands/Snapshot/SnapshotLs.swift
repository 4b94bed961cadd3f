import ArgumentParser
import Model
import Snapshots

struct SnapshotLsCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List the snapshots of the cluster, oldest first.",
        discussion: """
            FULL, LIGHT and DATALESS are the sizes that a backup of each mode would have.

            EXAMPLES:
              holdfast snapshot ls -c acme.yaml
              holdfast snapshot ls -c acme.yaml --json
            """,
        aliases: ["list"])

    @OptionGroup var cluster: ClusterOptions

    private struct Result: Encodable {
        var snapshots: [SnapshotLine]
        /// Left out when nothing is damaged.
        var damaged: [String]?
    }

    func run(in context: CommandContext) throws -> Verdict {
        let list = try Snapshots(context.cluster(cluster)).list()
        let console = context.console
        if console.mode != .json { for line in list.damaged { console.warn("cannot be read: \(line)") } }
        let result = Result(snapshots: list.snapshots.map(SnapshotLine.init), damaged: list.damaged.isEmpty ? nil : list.damaged)
        console.finish(json: result) { terminal in
            list.snapshots.isEmpty
                ? "no snapshots yet: holdfast snapshot create NAME\(cluster.suffix)"
                : SnapshotText(terminal: terminal, now: context.now).table(list.snapshots)
        }
        return .done
    }
}
