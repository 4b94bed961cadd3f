import ArgumentParser
import Clusters
import Model
import Standby

struct StandbyOverrideCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "override",
        abstract: "Take a fenced cluster back from its successor, and say why.",
        discussion: """
            Only for when the successor is gone for good, or was promoted by mistake: its work is
            not here. The reason is written into the target and the history, the epoch is raised,
            and the successor is fenced.

            With --accept-unsigned also on the active one, once, when the records in its target are
            those of a Holdfast that did not sign them: it begins anew there with a signed one, and
            unsigned ones count no more.

            EXAMPLES:
              holdfast standby override --reason mistake -c acme.yaml
              holdfast standby override --accept-unsigned --reason upgrade -c acme.yaml
            """)

    @Option(help: ArgumentHelp("Why, in your words.", valueName: "text"))
    var reason: String

    @Flag(help: "Let an active cluster go on where the records in its target are not signed.")
    var acceptUnsigned = false

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var consent: ConsentOptions

    private struct Result: Encodable {
        var epoch: UInt64
    }

    func validate() throws {
        if reason.allSatisfy(\.isWhitespace) { throw ValidationError("--reason is empty; say why") }
    }

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        let override = StandbyOverride(cluster, acceptsUnsigned: acceptUnsigned)
        let plan = try override.plan(reason)
        let isAgreed = try context.agree(to: plan, consent) {
            try $0.askTyping(cluster.file.name, what: "the cluster's name", plan.summary.title)
        }
        guard isAgreed else { return .done }
        let record = try context.watching { _ in try override.run(reason) }
        context.console.finish(json: ["override": Result(epoch: record.epoch)]) { _ in
            "\(cluster.file.name) is the active one again, with epoch \(record.epoch)"
        }
        return .done
    }
}
