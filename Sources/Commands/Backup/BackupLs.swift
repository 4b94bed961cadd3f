import ArgumentParser
import Backups
import Clusters
import Model

struct BackupLsCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List the backups in a target, or in all of them.",
        discussion: """
            DRILLED says when a backup was last restored into a scratch place, and what came
            of it: holdfast backup drill. A target that cannot be read is named, and hides
            nothing of the others; the exit status is 14 then, or that of the failure when
            none could be read. It is 14, too, when backups are missing that were there
            before and that nobody here deleted: they are named. Backups of other clusters
            in the same target are only counted; --all-clusters lists them, with the ids
            that mean them.

            EXAMPLES:
              holdfast backup ls -c acme.yaml
              holdfast backup ls --target nas -c acme.yaml --json
              holdfast backup ls --all-clusters -c acme.yaml
            """,
        aliases: ["list"])

    @Option(help: ArgumentHelp("Only this target.", valueName: "name"))
    var target: String?

    @Flag(help: "Also those of other clusters that share a target.")
    var allClusters = false

    @OptionGroup var cluster: ClusterOptions

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        let targets = try target.map { [try cluster.target(named: $0)] } ?? cluster.targets()
        let found = try Backups(cluster).list(in: targets, allClusters ? .allClusters : .own)
        // Where there is one target only, its failure is the command's.
        if targets.count == 1, let only = found.unreachable.first { throw only.failure }
        tell(found, context.console)
        let known = try cluster.catalogue()
        context.console.finish(json: BackupListResult(found, known: known)) { text(found, targets, context.now, $0) }
        guard let first = found.unreachable.first else { return found.doubted.isEmpty ? .done : .flawed(.incomplete) }
        return .flawed(found.targetsRead > 0 ? .incomplete : first.failure.code)
    }

    private func tell(_ found: BackupListing, _ console: Console) {
        guard console.mode != .json else { return }
        for line in found.damaged { console.warn("cannot be read: \(line)") }
        for target in found.doubted { console.warn(target.doubt.warning(about: .target(target.target), suffix: cluster.suffix)) }
        for target in found.unreachable {
            console.warn(
                ["target \(target.target) is not listed: \(target.failure.summary)", target.failure.hint].compactMap { $0 }
                    .joined(separator: "; "))
        }
    }

    private func text(_ found: BackupListing, _ targets: [TargetPlace], _ now: Timestamp, _ terminal: Terminal) -> String {
        guard let first = targets.first else { return "no target yet: holdfast target add NAME PATH\(cluster.suffix)" }
        let others =
            found.others.isEmpty
            ? [] : ["\(BackupText.words(for: found.others)): holdfast backup ls --all-clusters\(cluster.suffix)"]
        if found.rows.isEmpty {
            let none = found.targetsRead == 0 ? [] : ["no backups yet: holdfast backup create --target \(first.name)\(cluster.suffix)"]
            return (none + others).joined(separator: "\n")
        }
        return ([BackupText(terminal: terminal, now: now).table(found.rows)] + others).joined(separator: "\n")
    }
}
