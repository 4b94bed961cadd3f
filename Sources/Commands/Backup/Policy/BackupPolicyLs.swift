import ArgumentParser
import Backups
import Clusters
import Model

struct BackupPolicyLsCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List the backup policies.",
        discussion: """
            EXAMPLES:
              holdfast backup policy ls -c acme.yaml
            """,
        aliases: ["list"])

    @OptionGroup var cluster: ClusterOptions

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        let backups = try cluster.policies().backups
        let service = try cluster.state.service()
        let results = backups.map { BackupPolicyResult($0, service: service, now: context.now) }
        context.console.finish(json: ["policies": results]) { terminal in
            if backups.isEmpty {
                return
                    "no backup policies yet: holdfast backup policy create NAME --target TARGET --every 1d --keep 7@1d\(self.cluster.suffix)"
            }
            let table = PolicyText(terminal: terminal, now: context.now).table(backups)
            return service == nil ? "\(table)\n\nserved by \(PolicyText.unserved)" : table
        }
        return .done
    }
}
