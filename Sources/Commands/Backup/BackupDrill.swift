import ArgumentParser
import Backups
import Clusters
import Model

struct BackupDrillCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "drill",
        abstract: "Restore a backup into a scratch place, check it there, and sign what came of it.",
        discussion: """
            Every byte is read and proven, every store restored apart from the cluster and
            opened: databases by integrity_check, servers by starting one and pg_amcheck,
            files by their checksums. Counts are compared with those of the cut, and the
            checks of the cluster file are asked. What was restored is removed; a signed
            report and a page for people stay in the target, or in the state of the cluster
            where the target takes none (a read-only mount). Nothing of the cluster is
            touched. latest is the newest backup of this cluster.

            The exit status is 12 when the backup failed, 14 when something could not be
            tried here, or the report could be left nowhere.

            EXAMPLES:
              holdfast backup drill latest -c acme.yaml
              holdfast backup drill weekly --target nas --scratch /mnt/spare -c acme.yaml
            """)

    @Argument(help: "The name of the backup, an id, or latest.")
    var name: String

    @Option(
        help: ArgumentHelp("Restore below this directory (default: in the state of the cluster).", valueName: "dir"), completion: .directory
    )
    var scratch: String?

    @OptionGroup var room: RoomOption
    @OptionGroup var target: TargetOption
    @OptionGroup var cluster: ClusterOptions

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        let place = try scratch.map { try context.directory($0, for: "a scratch place") }
        let request = DrillRequest(backup: name, target: try target.name(in: cluster), scratch: place, room: room.check)
        let outcome = try context.watching { try Backups(cluster).drill(request, job: $0) }
        if let failure = outcome.unwritten { context.console.warn("the report could not be left in the target: \(failure.summary)") }
        context.console.finish(json: ["drill": DrillResult(outcome)]) { terminal in
            let text = DrillText(terminal: terminal, now: context.now)
            let place =
                outcome.place.map { "report: \($0).json and .md in target \(request.target)" } ?? outcome.kept.map {
                    "report: \($0).json and .md"
                }
                ?? "report: not left in target \(request.target); what it says stands above, and in holdfast jobs"
            return [text.report(outcome.report, answers: outcome.answers), place].joined(separator: "\n")
        }
        switch outcome.report.verdict {
        case .failed: return .flawed(.damaged)
        case .unproven: return .flawed(.incomplete)
        case .passed: return outcome.place ?? outcome.kept != nil ? .done : .flawed(.incomplete)
        }
    }
}
