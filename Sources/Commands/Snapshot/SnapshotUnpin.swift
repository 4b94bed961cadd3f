import ArgumentParser
import Model
import Snapshots

struct SnapshotUnpinCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "unpin",
        abstract: "Let a pinned snapshot expire and be deleted again.",
        discussion: """
            EXAMPLES:
              holdfast snapshot unpin before-upgrade -c acme.yaml
            """)

    @Argument(help: "The name of the snapshot.")
    var name: String

    @OptionGroup var cluster: ClusterOptions

    func run(in context: CommandContext) throws -> Verdict {
        let snapshots = Snapshots(try context.cluster(cluster))
        return try context.finish(try context.watching { _ in try snapshots.setPinned(name, .unpin) })
    }
}
