import ArgumentParser
import Backups
import Clusters
import Model

struct BackupAcceptCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept",
        abstract: "Say that the stores are right as a backup shows them.",
        discussion: """
            A backup that holds far less than the last good one is not good: policies keep
            the last good one however long that lasts. Accepted, it is good, and later ones
            are compared with it. See also holdfast snapshot accept, which settles it for
            later backups too.

            EXAMPLES:
              holdfast backup accept weekly --target nas -c acme.yaml
            """)

    @Argument(help: "The name of the backup.")
    var name: String

    @OptionGroup var target: TargetOption
    @OptionGroup var cluster: ClusterOptions

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        let target = try target.name(in: cluster)
        let entry = try context.watching { _ in try Backups(cluster).accept(name, in: target) }
        let known = try cluster.catalogue()
        context.console.finish(json: ["backup": BackupResult(entry, in: target, known: known)]) { terminal in
            BackupText(terminal: terminal, now: context.now).fields(entry, in: target)
        }
        return .done
    }
}
