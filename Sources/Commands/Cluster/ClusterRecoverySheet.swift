import ArgumentParser
import Clusters

struct ClusterRecoverySheetCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "recovery-sheet",
        abstract: "Print the page that tells how to recover with restic alone.",
        discussion: """
            Keep it, and the password, apart from the cluster. It holds no secret.

            EXAMPLES:
              holdfast cluster recovery-sheet -c acme.yaml | lp
            """)

    @OptionGroup var cluster: ClusterOptions

    func run(in context: CommandContext) throws -> Verdict {
        let sheet = try context.cluster(cluster).recoverySheet()
        context.console.finish(json: ["recoverySheet": sheet]) { _ in sheet }
        return .done
    }
}
