import ArgumentParser
import Clusters
import Model
import Snapshots

struct SnapshotCreateCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Take a snapshot of the running cluster.",
        discussion: """
            All stores are captured side by side, under the quiesce hooks of the cluster
            file if it has any; then what changed since the last snapshot is archived.
            Entries that cannot be read are counted and named; the snapshot exists then, is
            not good, and the exit status is 14. So it is when a store is half restored, lies
            on another file system than before, or holds far less: holdfast snapshot accept.

            EXAMPLES:
              holdfast snapshot create before-upgrade -c acme.yaml
              holdfast snapshot create nightly --ttl 7d --reason "nightly run" -c acme.yaml
            """)

    @Argument(help: "A name of at most 44 letters, digits, '-' and '_'.")
    var name: String

    @Option(help: ArgumentHelp("Why it is taken.", valueName: "text"))
    var reason: String = ""

    @Option(help: ArgumentHelp("How long it lives: 30m, 12h, 7d, 2w or never.", valueName: "time"))
    var ttl: String = "never"

    @OptionGroup var cluster: ClusterOptions

    func validate() throws {
        try validating { () throws(Failure) in
            _ = try SnapshotName(name)
            _ = try TimeToLive(ttl)
        }
    }

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        let request = SnapshotRequest(name: try SnapshotName(name), reason: reason, timeToLive: try TimeToLive(ttl))
        let (outcome, seconds) = try context.timing { try context.watching { try Snapshots(cluster).create(request, job: $0) } }
        for warning in warnings(outcome, try ShelteredBy(cluster: cluster, now: context.now)) { context.console.warn(warning) }
        let result = SnapshotResult(KeptSnapshot(taken: outcome.entry), bytesAdded: outcome.bytesStored, removed: outcome.removed)
        context.console.finish(json: ["snapshot": result]) {
            SnapshotCreateText(terminal: $0, now: context.now, storage: cluster.file.storage).text(outcome, seconds: seconds)
        }
        return outcome.entry.manifest.isFlawless ? .done : .flawed(.incomplete)
    }

    private func warnings(_ outcome: SnapshotOutcome, _ shelter: ShelteredBy) -> [String] {
        let manifest = outcome.entry.manifest
        let lacks = manifest.shortcomings.map { "\(manifest.isGood ? "not all is in it" : "the snapshot is not good"): \($0)" }
        return lacks + [outcome.crowding, shelter.warning].compactMap { $0 }
            + outcome.orphans.map { "removed the native image \($0), which an interrupted snapshot had left" }
    }
}
