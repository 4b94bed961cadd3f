import ArgumentParser
import Model
import Snapshots

struct SnapshotPruneCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Remove snapshots whose time is over, and free what nothing needs.",
        discussion: """
            snapshot delete frees the room of what it deletes by itself; snapshot create and
            backup create do so once a day for snapshots that have expired. This does it now,
            on a full storage too.

            EXAMPLES:
              holdfast snapshot prune --dry-run -c acme.yaml
              holdfast snapshot prune --yes -c acme.yaml
            """)

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var consent: ConsentOptions

    func run(in context: CommandContext) throws -> Verdict {
        let snapshots = Snapshots(try context.cluster(cluster))
        let plan = try context.watching { try snapshots.planPrune(job: $0) }
        return try context.execute(plan, of: "the storage", consent) { try snapshots.prune(job: $0) }
    }
}
