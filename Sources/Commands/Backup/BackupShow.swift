import ArgumentParser
import Backups
import Clusters
import Model
import ResticFormat

struct BackupShowCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what is in a backup, and what must be reloaded, store by store.",
        discussion: """
            EXAMPLES:
              holdfast backup show weekly --target nas -c acme.yaml
            """)

    @Argument(help: "The name of the backup, or an id.")
    var name: String

    @OptionGroup var target: TargetOption
    @OptionGroup var cluster: ClusterOptions

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        let target = try target.name(in: cluster)
        let entry = try Backups(cluster).find(name, in: target)
        let drill = try Backups(cluster).drills(of: [entry.id], in: target)[entry.id.hex]
        let known = try cluster.catalogue()
        context.console.finish(json: ["backup": BackupResult(entry, in: target, known: known, drill: drill)]) { terminal in
            let stores = StoreText(terminal: terminal)
            let records = entry.manifest.stores
            let reload = stores.reload(records)
            return
                ([BackupText(terminal: terminal, now: context.now).fields(entry, in: target, drill: drill), "", stores.images(records), ""]
                + stores.tables(records) + stores.physical(records)
                + stores.walks(records) + stores.issues(records, examples: 10) + stores.unchecked(records)
                + (reload.isEmpty ? ["nothing has to be reloaded after a restore"] : reload))
                .joined(separator: "\n")
        }
        return .done
    }
}
