import ArgumentParser
import Backups
import Clusters
import Model
import Snapshots

extension BackupMode: ExpressibleByArgument {}

struct BackupCreateCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Store a snapshot outside the cluster.",
        discussion: """
            Without --snapshot a fresh one is taken. What a mode keeps:
              full         everything
              lightweight  all but the stores of role data and the rows of bulk tables
              dataless     rows and files of the metadata and config stores; of the others
                           tables without rows and directories without files
            What is left out is listed and has to be reloaded from its source.

            EXAMPLES:
              holdfast backup create --target nas -c acme.yaml
              holdfast backup create --target nas --mode lightweight --name weekly \\
                  --snapshot before-upgrade -c acme.yaml
            """)

    @Option(help: ArgumentHelp("The snapshot to store (default: a fresh one).", valueName: "name"))
    var snapshot: String?

    @Option(help: "How much of it: full, lightweight or dataless.")
    var mode: BackupMode = .full

    @Flag(help: "Keep the files of PostgreSQL servers beside the dumps: for a faster restore under the same release.")
    var physical = false

    @Option(help: ArgumentHelp("A name of at most 44 letters, digits, '-' and '_' (default: time and mode).", valueName: "name"))
    var name: String?

    @OptionGroup var target: TargetOption
    @OptionGroup var cluster: ClusterOptions

    func validate() throws {
        try validating { () throws(Failure) in if let name { try NameRule.check(name, of: "backup") } }
    }

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        let target = try target.name(in: cluster)
        let request = BackupRequest(name: name, snapshot: snapshot, target: target, mode: mode, form: physical ? .physical : .portable)
        let (outcome, seconds) = try context.timing { try context.watching { try Backups(cluster).create(request, job: $0) } }
        let manifest = outcome.entry.manifest
        for line in manifest.shortcomings {
            context.console.warn("\(manifest.isGood ? "not all is in it" : "the backup is not good"): \(line)")
        }
        let result = BackupResult(outcome.entry, in: target, known: try cluster.catalogue(), bytesAdded: outcome.bytesAdded)
        context.console.finish(json: ["backup": result]) { text(outcome, target, seconds, context, $0) }
        return manifest.isFlawless ? .done : .flawed(.incomplete)
    }

    private func text(
        _ outcome: BackupOutcome, _ target: String, _ seconds: Double, _ context: CommandContext, _ terminal: Terminal
    ) -> String {
        let stores = StoreText(terminal: terminal)
        let records = outcome.entry.manifest.stores
        let name = outcome.entry.manifest.name
        return
            ([
                BackupText(terminal: terminal, now: context.now).fields(outcome.entry, in: target), "", stores.images(records), "",
                "\(ByteCount(outcome.bytesAdded)) added to target \(target) in \(DurationText.spoken(seconds: seconds))",
            ] + stores.walks(records) + stores.issues(records) + stores.unchecked(records) + stores.reload(records) + [
                "prove it: holdfast backup verify \(name) --target \(target) --read-data\(cluster.suffix)"
            ])
            .joined(separator: "\n")
    }
}
