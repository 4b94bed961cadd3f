import ArgumentParser
import Snapshots

struct SnapshotUndoCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "undo",
        abstract: "Take the last restore back.",
        discussion: """
            Restores the safety snapshot that the last restore took before it changed
            anything. An undo can be undone in the same way.

            EXAMPLES:
              holdfast snapshot undo -c acme.yaml
            """)

    @OptionGroup var place: PlaceOptions
    @OptionGroup var restoring: RestoreOptions
    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var consent: ConsentOptions

    func run(in context: CommandContext) throws -> Verdict {
        let snapshots = Snapshots(try context.cluster(cluster))
        restoring.apply(to: snapshots.cluster)
        let prepared = try context.watching { try snapshots.prepareUndo(job: $0) }
        return try context.execute(prepared, of: snapshots, consent, place, restoring, cluster)
    }
}
