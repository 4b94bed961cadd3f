import ArgumentParser
import Backups
import Clusters
import Model

struct TargetAnalyzeCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "analyze",
        abstract: "Find out whether a directory or share is fit to hold backups, by trying.",
        discussion: """
            Tries, in a directory of its own there which it removes: renames, exclusive
            creation, reading what was just written, syncs, several writers at once, names,
            permissions, clock and throughput; and says what each result means. The exit
            status is 10 when the place is not fit, 0 when it is, with warnings or without.
            A target of the cluster is named by its name; any directory by its path, for
            which no cluster is needed.

            EXAMPLES:
              holdfast target analyze /mnt/nas
              holdfast target analyze nas --size 1024 -c acme.yaml
            """)

    @Argument(help: "A path, or the name of a target.", completion: .directory)
    var place: String

    @Option(help: ArgumentHelp("Write and read so many MiB for the throughput (16 to 65536).", valueName: "MiB"))
    var size: Int = 64

    @OptionGroup var cluster: ClusterOptions

    func validate() throws {
        guard (16...65_536).contains(size) else { throw ValidationError("--size takes a number from 16 to 65536") }
    }

    func run(in context: CommandContext) throws -> Verdict {
        let path = try path(in: context)
        let analyzing = TargetAnalyzing(host: context.host)
        let analysis = try context.watching { try analyzing.analyze(path, volume: size << 20, job: $0) }
        context.console.finish(json: ["analysis": analysis]) { text(analysis, $0) }
        return analysis.verdict == .unfit ? .flawed(.storage) : .done
    }

    private func path(in context: CommandContext) throws -> String {
        if place.contains("/") || place == "." || place == ".." { return try context.directory(place, for: "a target") }
        let path = try context.cluster(cluster).target(named: place).path
        guard path.hasPrefix("/") else {
            throw Failure(.refused, "the target \(place) is no directory: \(path)", hint: "analyze tries directories and mounts")
        }
        return path
    }

    private func text(_ analysis: TargetAnalysis, _ terminal: Terminal) -> String {
        var fields = Fields()
        for finding in analysis.findings {
            fields.add(finding.probe, "\(word(finding.verdict)): \(finding.message)")
            fields.add("", finding.remedy.map { "→ \($0)" })
        }
        return [
            fields.text(for: terminal), "",
            "\(analysis.path) is \(sentence(analysis.verdict)), tried in \(DurationText.spoken(seconds: analysis.seconds))",
        ].joined(separator: "\n")
    }

    private func word(_ verdict: TargetAnalysis.Verdict) -> String {
        switch verdict {
        case .good: "good"
        case .usable: "warning"
        case .unfit: "NOT FIT"
        }
    }

    private func sentence(_ verdict: TargetAnalysis.Verdict) -> String {
        switch verdict {
        case .good: "good"
        case .usable: "usable, with the warnings above"
        case .unfit: "not fit to hold backups"
        }
    }
}
