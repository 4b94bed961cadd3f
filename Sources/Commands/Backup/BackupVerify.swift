import ArgumentParser
import Backups
import Clusters
import Model
import RepositoryEngine

struct BackupVerifyCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Prove that everything a backup needs is there.",
        discussion: """
            Without --read-data: every tree decodes, every piece is indexed, every file of
            the target is there with its right size. With it, every byte is read, decrypted
            and compared with its hash. The exit status is 12 when something is damaged;
            other backups that need what is damaged are named. It is 14 when the backup is
            sound and does not hold all of its stores: what it lacks is named.

            EXAMPLES:
              holdfast backup verify weekly --target nas -c acme.yaml
              holdfast backup verify weekly --target nas --read-data -c acme.yaml
              holdfast backup verify weekly --target nas --sample 10 -c acme.yaml
            """)

    @Argument(help: "The name of the backup, or an id.")
    var name: String

    @Flag(help: "Read and prove every byte.")
    var readData = false

    @Option(help: ArgumentHelp("Read and prove so many percent of the data, chosen at random.", valueName: "percent"))
    var sample: Double?

    @OptionGroup var target: TargetOption
    @OptionGroup var cluster: ClusterOptions

    func validate() throws {
        if readData, sample != nil { throw ValidationError("--read-data and --sample contradict each other; leave one of them out") }
        if let sample, !(sample > 0 && sample <= 100) { throw ValidationError("--sample takes a number above 0 and up to 100") }
    }

    private var reading: DataReading { readData ? .all : sample.map { .sample($0 / 100) } ?? .none }

    private struct Result: Encodable {
        struct Verification: Encodable {
            var backup: SnapshotName
            var target: String
            var cluster: ClusterIdentity
            var check: CheckResult
            /// What its images have not of their stores; no damage.
            var lacks: [String]
            var alsoAffected: [SnapshotName]
            var seconds: Double
        }
        var verification: Verification
    }

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        let target = try target.name(in: cluster)
        let report = try context.watching { try Backups(cluster).verify(name, in: target, data: reading, job: $0) }
        let result = Result.Verification(
            backup: report.backup.manifest.name, target: target, cluster: report.backup.manifest.cluster, check: CheckResult(report.check),
            lacks: report.backup.manifest.shortcomings, alsoAffected: report.alsoAffected.map(\.manifest.name), seconds: report.seconds)
        context.console.finish(json: Result(verification: result)) { text(report, target, $0) }
        guard report.check.isSound else { return .flawed(.damaged) }
        return report.backup.manifest.isFlawless ? .done : .flawed(.incomplete)
    }

    private func text(_ report: VerifyReport, _ target: String, _ terminal: Terminal) -> String {
        if report.check.isSound {
            let head = "\(what(report)) in \(target) is sound, checked in \(DurationText.spoken(seconds: report.seconds))"
            let lines = StoreText(terminal: terminal).issues(report.backup.manifest.stores).map { "not in it: \($0)" }
            return ([head] + CheckText.proof(report.check) + lines).joined(separator: "\n")
        }
        var lines = [terminal.paint("\(what(report)) in \(target) is damaged:", .red)]
        lines += CheckText.problems(report.check.problems.map(\.text))
        let own = report.backup.manifest.cluster
        let others = report.alsoAffected.map(\.manifest).map { manifest in
            manifest.cluster.id == own.id ? manifest.name.text : "\(manifest.name) of the cluster \(manifest.cluster.text)"
        }
        lines.append(
            others.isEmpty ? "no other backup in \(target) is affected" : "also affected: \(Visible.line(others.joined(separator: ", ")))")
        let again = "holdfast backup create --target \(target)\(cluster.suffix)"
        lines.append("a new backup stores again what the cluster still has of it: \(again)")
        return lines.joined(separator: "\n")
    }

    private func what(_ report: VerifyReport) -> String {
        let manifest = report.backup.manifest
        return Visible.line("backup \(manifest.name) of cluster \(manifest.cluster.name)")
    }
}
