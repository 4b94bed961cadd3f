import ArgumentParser
import Model
import RepositoryEngine
import Snapshots

struct SnapshotDeleteCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete snapshots and free what nothing else needs.",
        discussion: """
            A pinned snapshot is refused. Backups made of a snapshot are not affected.

            EXAMPLES:
              holdfast snapshot delete old-one older-one -c acme.yaml
            """)

    @Argument(help: "The names of the snapshots.")
    var names: [String]

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var consent: ConsentOptions

    private struct Result: Encodable {
        struct Deleted: Encodable {
            var snapshots: [SnapshotName]
            var bytesFreed: UInt64
        }
        var deleted: Deleted
    }

    func run(in context: CommandContext) throws -> Verdict {
        let snapshots = Snapshots(try context.cluster(cluster))
        let plan = try snapshots.planDeletion(names)
        guard try context.agree(to: plan, consent) else { return .done }
        let outcome = try context.watching { try snapshots.delete(names, job: $0) }
        let deleted = Result.Deleted(snapshots: plan.items.map(\.name), bytesFreed: outcome.bytesFreed)
        context.console.finish(json: Result(deleted: deleted)) { _ in
            "deleted \(deleted.snapshots.map(\.text).joined(separator: ", ")); \(ByteCount(deleted.bytesFreed)) freed"
        }
        return .done
    }
}
