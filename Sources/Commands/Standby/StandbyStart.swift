import ArgumentParser
import Model
import Standby

struct StandbyStartCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Keep this cluster in sync with another one, from its backups.",
        discussion: """
            The cluster file describes the standby: the same cluster name and the same stores,
            on this host's own paths, which are empty. Everything that is wrong is listed at
            once, and then nothing is changed. On an old primary that was fenced, what it holds
            is saved as a snapshot first, and only what differs is fetched.

            EXAMPLES:
              holdfast standby start --from /mnt/nas/acme --cluster acme -c standby.yaml
              holdfast standby start --from /mnt/nas/acme --cluster a1758ac43d1b8f98 \\
                  -c standby.yaml --yes
            """)

    @Option(
        help: ArgumentHelp("The directory of the target that the active cluster backs up to.", valueName: "path"), completion: .directory)
    var from: String

    @Option(name: .customLong("cluster"), help: ArgumentHelp("The id of the active cluster, its beginning, or its name.", valueName: "id"))
    var active: String

    @OptionGroup var room: RoomOption
    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var consent: ConsentOptions

    func run(in context: CommandContext) throws -> Verdict {
        let standby = OfflineStandby(try context.cluster(cluster))
        let place = try context.directory(from, for: "a target")
        let prepared = try context.watching { try standby.prepareStart(from: place, of: active, room: room.check, job: $0) }
        guard try context.agree(to: prepared.plan, consent) else { return .done }
        let outcome = try context.watching { try standby.start(prepared, job: $0) }
        context.console.finish(json: ["standby": StandbyStartResult(outcome)]) { terminal in
            var lines = StandbyText(terminal: terminal, now: context.now).divergence(outcome.divergence)
            lines.append(StandbyText(terminal: terminal, now: context.now).sync(outcome.sync))
            lines.append(
                "next: holdfast serve\(cluster.suffix) keeps it in sync; holdfast standby promote --rehearse\(cluster.suffix) proves it")
            return lines.joined(separator: "\n")
        }
        return context.verdict(outcome.sync.stores)
    }
}
