import ArgumentParser
import Backups
import Clusters
import Model

struct BackupReportCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Show the report of the last drill of a backup, and check its signature.",
        discussion: """
            The signature covers every byte of the report and of the page beside it; only who
            has the password of the target can make it. The exit status is 12 when something
            was altered. --file checks a report that was copied out of the target.

            EXAMPLES:
              holdfast backup report weekly --target nas -c acme.yaml
              holdfast backup report --file weekly.json --target nas -c acme.yaml
            """)

    @Argument(help: "The name of the backup, an id, or latest.")
    var name: String?

    @Option(help: ArgumentHelp("A report in a file; a page beside it, of the same name with .md, is checked too.", valueName: "file"))
    var file: String?

    @OptionGroup var target: TargetOption
    @OptionGroup var cluster: ClusterOptions

    func validate() throws {
        if (name == nil) == (file == nil) { throw ValidationError("name a backup, or a file with --file") }
    }

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        let target = try target.name(in: cluster)
        let backups = Backups(cluster)
        let found: FoundReport
        if let file {
            let path = context.absolute(file)
            found = try backups.report(inFile: path, page: path.hasSuffix(".json") ? "\(path.dropLast(5)).md" : nil, of: target)
        } else {
            found = try backups.report(of: name ?? DrillRequest.latest, in: target)
        }
        context.console.finish(json: ["report": ReportResult(found)]) { terminal in
            let text = DrillText(terminal: terminal, now: context.now)
            let sound = "signature: right; report and page are as they were written"
            let altered = found.altered.map {
                terminal.paint("ALTERED: \(Visible.line("\($0)")) is not what was signed; nothing that it says can be trusted", .red)
            }
            return [text.report(found.report, answers: [:]), altered ?? sound].joined(separator: "\n")
        }
        return found.altered == nil ? .done : .flawed(.damaged)
    }
}
