import ArgumentParser
import Model
import RepositoryEngine
import Snapshots

struct SnapshotValidateCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Read and prove every byte that a snapshot needs.",
        discussion: """
            The exit status is 12 when something is damaged or missing.

            EXAMPLES:
              holdfast snapshot validate nightly -c acme.yaml
            """)

    @Argument(help: "The name of the snapshot.")
    var name: String

    @OptionGroup var cluster: ClusterOptions

    private struct Result: Encodable {
        struct Validation: Encodable {
            var snapshot: SnapshotName
            var check: CheckResult
        }
        var validation: Validation
    }

    func run(in context: CommandContext) throws -> Verdict {
        let snapshots = Snapshots(try context.cluster(cluster))
        let report = try context.watching { try snapshots.validate(name, job: $0) }
        let check = CheckResult(report.check, otherProblems: report.imageProblems)
        context.console.finish(json: Result(validation: Result.Validation(snapshot: report.snapshot.name, check: check))) { terminal in
            if report.isSound { return (["snapshot \(name) is sound"] + CheckText.proof(report.check)).joined(separator: "\n") }
            let head = terminal.paint("snapshot \(name) is damaged:", .red)
            let next =
                "a new snapshot stores again what the cluster still has of it; a backup made before is not affected: holdfast backup ls\(cluster.suffix)"
            return ([head] + CheckText.problems(check.problems) + [next]).joined(separator: "\n")
        }
        return report.isSound ? .done : .flawed(.damaged)
    }
}
