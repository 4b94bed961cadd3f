import ArgumentParser
import Model
import Snapshots

struct SnapshotPinCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "pin",
        abstract: "Keep a snapshot from being deleted, by anybody and by its expiry.",
        discussion: """
            EXAMPLES:
              holdfast snapshot pin before-upgrade -c acme.yaml
            """)

    @Argument(help: "The name of the snapshot.")
    var name: String

    @OptionGroup var cluster: ClusterOptions

    func run(in context: CommandContext) throws -> Verdict {
        let snapshots = Snapshots(try context.cluster(cluster))
        return try context.finish(try context.watching { _ in try snapshots.setPinned(name, .pin) })
    }
}
