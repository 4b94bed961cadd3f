import ArgumentParser
import Model
import Snapshots

struct SnapshotRestoreCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Bring the running cluster back to a snapshot, touching only what differs.",
        discussion: """
            Shows what will be lost and asks. A safety snapshot is taken first: holdfast
            snapshot undo goes back to it. The stores keep running.

            A snapshot restores only the cluster that it was taken of, under the same
            release: data written by one release of the cluster's software is not always
            readable to another. --allow-release-change restores it all the same, for when
            the software is known to cope; otherwise make a backup of the snapshot and use
            holdfast cluster restore.

            EXAMPLES:
              holdfast snapshot restore before-upgrade --dry-run -c acme.yaml
              holdfast snapshot restore before-upgrade -c acme.yaml
              holdfast snapshot restore nightly --store uploads --yes -c acme.yaml
            """)

    @Argument(help: "The name of the snapshot.")
    var name: String

    @Option(name: .customLong("store"), help: ArgumentHelp("Restore only this store (may be repeated).", valueName: "name"))
    var stores: [String] = []

    @Flag(help: "Restore a snapshot that was taken under another release.")
    var allowReleaseChange = false

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var consent: ConsentOptions

    func run(in context: CommandContext) throws -> Verdict {
        let snapshots = Snapshots(try context.cluster(cluster))
        let prepared = try context.watching {
            try snapshots.prepareRestore(
                name, stores: stores.isEmpty ? nil : stores, releaseChange: allowReleaseChange ? .allowed : .refused, job: $0)
        }
        return try context.execute(prepared, of: snapshots, consent, cluster)
    }
}
