import ArgumentParser
import Model
import Snapshots
import StoreContract

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

            A store that lies on another file system, HDFS or server than when the snapshot
            was taken is told by the plan; with --yes it takes --elsewhere as well.

            Set-user-ID files, devices, capabilities and trusted attributes that a restore
            brings are named in the plan; whoever answers it with yes has them back. With
            --yes they are left out and named, unless --privileged is given.

            --database brings back one database of a PostgreSQL store, --table one table of
            it, while the server serves: out of a server that is started on a copy of the
            snapshot. With --as it stands beside what is there; without, what has its name
            is kept under another, and its name has to be typed.

            EXAMPLES:
              holdfast snapshot restore before-upgrade --dry-run -c acme.yaml
              holdfast snapshot restore before-upgrade -c acme.yaml
              holdfast snapshot restore nightly --store uploads --yes -c acme.yaml
              holdfast snapshot restore nightly --store catalog --database acme --table public.account --as account_old
            """)

    @Argument(help: "The name of the snapshot.")
    var name: String

    @Option(name: .customLong("store"), help: ArgumentHelp("Restore only this store (may be repeated).", valueName: "name"))
    var stores: [String] = []

    @Option(help: ArgumentHelp("Restore only this database of the store.", valueName: "name"))
    var database: String?

    @Option(help: ArgumentHelp("Restore only this table of the database.", valueName: "[schema.]name"))
    var table: String?

    @Option(name: .customLong("as"), help: ArgumentHelp("The database or table gets this name, beside what is there.", valueName: "name"))
    var newName: String?

    @Flag(help: "Restore a snapshot that was taken under another release.")
    var allowReleaseChange = false

    @OptionGroup var place: PlaceOptions
    @OptionGroup var restoring: RestoreOptions
    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var consent: ConsentOptions

    func validate() throws {
        if database == nil, table != nil || newName != nil {
            throw ValidationError("--table and --as say what to do with a database: name it with --database")
        }
        if database != nil, stores.count != 1 { throw ValidationError("--database wants the store that it is in: --store NAME") }
    }

    private var part: StorePart? { database.map { StorePart(database: $0, table: table, newName: newName) } }

    func run(in context: CommandContext) throws -> Verdict {
        if let part { return try restore(part, in: context) }
        let snapshots = Snapshots(try context.cluster(cluster))
        restoring.apply(to: snapshots.cluster)
        let prepared = try context.watching {
            try snapshots.prepareRestore(
                name, stores: stores.isEmpty ? nil : stores, releaseChange: allowReleaseChange ? .allowed : .refused, job: $0)
        }
        return try context.execute(prepared, of: snapshots, consent, place, restoring, cluster)
    }

    private func restore(_ part: StorePart, in context: CommandContext) throws -> Verdict {
        let snapshots = Snapshots(try context.cluster(cluster))
        let prepared = try context.watching {
            try snapshots.preparePart(
                part, of: stores[0], in: name, releaseChange: allowReleaseChange ? .allowed : .refused, job: $0)
        }
        defer { snapshots.close(prepared) }
        return try context.execute(prepared, of: snapshots, consent)
    }
}
