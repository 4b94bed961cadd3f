import ArgumentParser
import Model
import Snapshots

struct SnapshotExtendCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "extend",
        abstract: "Let a snapshot live longer.",
        discussion: """
            The time is added to what is left of its life; never takes its end away.

            EXAMPLES:
              holdfast snapshot extend nightly --by 14d -c acme.yaml
              holdfast snapshot extend nightly --by never -c acme.yaml
            """)

    @Argument(help: "The name of the snapshot.")
    var name: String

    @Option(name: [.customLong("by"), .customLong("ttl")], help: ArgumentHelp("How much longer: 12h, 7d, 2w or never.", valueName: "time"))
    var more: String

    @OptionGroup var cluster: ClusterOptions

    func validate() throws {
        try validating { () throws(Failure) in _ = try TimeToLive(more) }
    }

    func run(in context: CommandContext) throws -> Verdict {
        let snapshots = Snapshots(try context.cluster(cluster))
        return try context.finish(try context.watching { _ in try snapshots.extend(name, by: TimeToLive(more)) })
    }
}

extension CommandContext {
    /// Tells how long a snapshot is kept now.
    func finish(_ snapshot: KeptSnapshot) throws -> Verdict {
        console.finish(json: ["snapshot": SnapshotResult(snapshot)]) { terminal in
            if let holds = snapshot.heldBy { return "snapshot \(snapshot.name) is held by \(holds.joined(separator: ", "))" }
            return "snapshot \(snapshot.name) is kept \(SnapshotText(terminal: terminal, now: now).kept(snapshot.keeping))"
        }
        return .done
    }
}
