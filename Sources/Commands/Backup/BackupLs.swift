import ArgumentParser
import Backups
import Clusters
import Model
import ResticFormat

struct BackupLsCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List the backups in a target, or in all of them.",
        discussion: """
            DRILLED says when a backup was last restored into a scratch place, and what came
            of it: holdfast backup drill. A target that cannot be read is told and does not hide
            the others; the exit status is not 0 then.

            EXAMPLES:
              holdfast backup ls -c acme.yaml
              holdfast backup ls --target nas -c acme.yaml --json
            """,
        aliases: ["list"])

    @Option(help: ArgumentHelp("Only this target.", valueName: "name"))
    var target: String?

    @OptionGroup var cluster: ClusterOptions

    private struct Result: Encodable {
        var backups: [BackupLine]
        /// Left out when nothing is damaged.
        var damaged: [String]?
        /// Targets that cannot be read; left out when all can.
        var unreachable: [Unreachable]?
    }

    private struct Unreachable: Encodable {
        var target: String
        var problem: FailureResult
    }

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        let targets = try target.map { [try cluster.target(named: $0)] } ?? cluster.targets()
        var rows: [BackupText.Row] = []
        var damaged: [String] = []
        var failures: [(target: String, failure: Failure)] = []
        for place in targets {
            do {
                let listing = try Backups(cluster).list(in: place.name)
                let drills = try Backups(cluster).drills(of: listing.entries.map(\.id), in: place.name)
                rows += listing.entries.map { BackupText.Row(entry: $0, target: place.name, drill: drills[$0.id.hex]) }
                damaged += listing.damaged.map { "target \(place.name): \($0)" }
            } catch {
                // One that cannot be read does not hide the others.
                guard targets.count > 1 else { throw error }
                failures.append((place.name, Failure(describing: error)))
            }
        }
        if let first = failures.first?.failure, failures.count == targets.count { throw first }
        let console = context.console
        let known = try cluster.catalogue()
        if console.mode != .json {
            for line in damaged { console.warn("cannot be read: \(line)") }
            for (target, failure) in failures { console.warn("target \(target) cannot be read: \(failure.summary)") }
        }
        let result = Result(
            backups: rows.map { BackupLine($0.entry, in: $0.target, known: known, drill: $0.drill) },
            damaged: damaged.isEmpty ? nil : damaged,
            unreachable: failures.isEmpty ? nil : failures.map { Unreachable(target: $0.target, problem: FailureResult($0.failure)) })
        console.finish(json: result) { terminal in
            if targets.isEmpty { return "no target yet: holdfast target add NAME PATH\(self.cluster.suffix)" }
            if rows.isEmpty { return "no backups yet: holdfast backup create --target \(targets[0].name)\(self.cluster.suffix)" }
            return BackupText(terminal: terminal, now: context.now).table(rows)
        }
        return failures.first.map { .flawed($0.failure.code) } ?? .done
    }
}
