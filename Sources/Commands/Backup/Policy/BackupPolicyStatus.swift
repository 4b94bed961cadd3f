import ArgumentParser
import Backups
import Clusters
import Model

struct BackupPolicyStatusCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show what became of the runs of a backup policy.",
        discussion: """
            The exit status is 14 when the last run failed.

            EXAMPLES:
              holdfast backup policy status nightly -c acme.yaml
            """)

    @Argument(help: "The name of the policy.")
    var name: String

    @OptionGroup var cluster: ClusterOptions

    private struct Result: Encodable {
        var policy: BackupPolicyResult
        /// Newest last.
        var runs: [HistoryEvent]
    }

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        let catalogue = try cluster.catalogue()
        let backup = try catalogue.policies.backup(named: name)
        let runs = Array(catalogue.runs(ofBackupPolicy: name).suffix(20))
        let service = try cluster.state.service()
        let result = Result(policy: BackupPolicyResult(backup, service: service, now: context.now), runs: runs)
        context.console.finish(json: ["status": result]) { terminal in
            let text = PolicyText(terminal: terminal, now: context.now, objectives: cluster.file.objectives)
            return [text.fields(backup, service: service), "", text.runs(runs)].joined(separator: "\n")
        }
        return backup.record.lastFailure == nil ? .done : .flawed(.incomplete)
    }
}
