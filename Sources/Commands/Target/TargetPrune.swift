import ArgumentParser
import Backups
import Model
import RepositoryEngine

struct TargetPruneCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Free the space of deleted backups.",
        discussion: """
            In two phases, so that no backup is kept waiting: what nothing needs is marked
            now and deleted by a prune that runs after the grace time. --grace 0s does both
            at once.

            EXAMPLES:
              holdfast target prune nas --dry-run -c acme.yaml
              holdfast target prune nas --grace 0s --yes -c acme.yaml
            """)

    @Argument(help: "The name of the target (default: the only one).")
    var name: String?

    @Option(help: ArgumentHelp("Time between marking and deleting: 0s, 12h, 1d.", valueName: "time"))
    var grace: String = "1d"

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var consent: ConsentOptions

    func validate() throws {
        try validating { () throws(Failure) in _ = try graceSeconds() }
    }

    private func graceSeconds() throws(Failure) -> Double {
        if ["0", "0s"].contains(grace) { return 0 }
        guard let milliseconds = DurationText.milliseconds(parsing: grace) else {
            throw Failure(
                .usage, "--grace: \"\(printable(grace))\" is not a length of time", hint: "write a number and a unit, such as 12h or 1d")
        }
        return Double(milliseconds) / 1000
    }

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        var option = TargetOption()
        option.target = name
        let target = try option.name(in: cluster)
        let options = PruneOptions(grace: try graceSeconds())
        let backups = Backups(cluster)
        let plan = try context.watching { try backups.planPrune(target, options, job: $0) }
        return try context.execute(plan, of: "target \(target)", consent) { try backups.prune(target, options, job: $0) }
    }
}
