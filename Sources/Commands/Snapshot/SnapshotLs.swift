import ArgumentParser
import Clusters
import Model
import Snapshots

struct SnapshotLsCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List the snapshots of the cluster, oldest first.",
        discussion: """
            FULL, LIGHT and DATALESS are the sizes that a backup of each mode would have. What
            the policy has taken stays as long as it stands in one of its buckets. The exit
            status is 14 when snapshots are missing that were there before and that nobody
            here deleted: they are named.

            EXAMPLES:
              holdfast snapshot ls -c acme.yaml
              holdfast snapshot ls -c acme.yaml --json
            """,
        aliases: ["list"])

    @OptionGroup var cluster: ClusterOptions

    private struct Result: Encodable {
        var snapshots: [SnapshotLine]
        /// Left out when nothing is damaged.
        var damaged: [String]?
        /// Left out when the storage is what it was.
        var doubt: DoubtResult?
    }

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        let list = try Snapshots(cluster).list()
        let policy = try cluster.policies().snapshot
        let console = context.console
        if console.mode != .json {
            for line in list.damaged { console.warn("cannot be read: \(line)") }
            if let doubt = list.doubt { console.warn(doubt.warning(about: .storage, suffix: self.cluster.suffix)) }
        }
        let result = Result(
            snapshots: list.snapshots.map(SnapshotLine.init), damaged: list.damaged.isEmpty ? nil : list.damaged,
            doubt: list.doubt.map(DoubtResult.init))
        console.finish(json: result) { terminal in
            let table =
                list.snapshots.isEmpty
                ? "no snapshots yet: holdfast snapshot create NAME\(self.cluster.suffix)"
                : SnapshotText(terminal: terminal, now: context.now).table(list.snapshots)
            return "\(table)\n\npolicy: \(policy.text)"
        }
        return list.doubt == nil ? .done : .flawed(.incomplete)
    }
}
