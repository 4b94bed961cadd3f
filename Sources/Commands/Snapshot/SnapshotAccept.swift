import ArgumentParser
import Model
import Snapshots

struct SnapshotAcceptCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept",
        abstract: "Say that the stores are right as a snapshot shows them.",
        discussion: """
            A snapshot that holds far less than the last good one, or whose store lies on
            another file system, HDFS or server than before, is not good: policies keep the
            last good one however long that lasts. Accepted, it is good, and later ones are
            compared with it. A store that is half restored cannot be accepted.

            EXAMPLES:
              holdfast snapshot accept nightly -c acme.yaml
            """)

    @Argument(help: "The name of the snapshot.")
    var name: String

    @OptionGroup var cluster: ClusterOptions

    func run(in context: CommandContext) throws -> Verdict {
        let snapshots = Snapshots(try context.cluster(cluster))
        return try context.finish(try context.watching { _ in try snapshots.accept(name) })
    }
}
