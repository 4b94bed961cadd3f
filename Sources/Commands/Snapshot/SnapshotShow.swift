import ArgumentParser
import Clusters
import Model
import Snapshots

struct SnapshotShowCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a snapshot: when, of what, how consistent, how long it is kept.",
        discussion: """
            EXAMPLES:
              holdfast snapshot show nightly -c acme.yaml
            """)

    @Argument(help: "The name of the snapshot.")
    var name: String

    @OptionGroup var cluster: ClusterOptions

    func run(in context: CommandContext) throws -> Verdict {
        let snapshot = try Snapshots(context.cluster(cluster)).find(name)
        context.console.finish(json: ["snapshot": SnapshotResult(snapshot)]) { terminal in
            let stores = StoreText(terminal: terminal)
            let records = snapshot.entry.manifest.stores
            return
                ([SnapshotText(terminal: terminal, now: context.now).fields(snapshot), "", stores.images(records)]
                + stores.issues(records, examples: 10) + stores.unchecked(records)).joined(separator: "\n")
        }
        return .done
    }
}
