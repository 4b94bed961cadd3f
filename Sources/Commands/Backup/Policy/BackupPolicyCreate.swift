import ArgumentParser
import Backups
import Clusters
import Model

/// What a backup policy has and a snapshot policy has not.
struct BackupPolicyOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The target (default: the only one).", valueName: "name"))
    var target: String?

    @Option(help: "How much of the cluster: full, lightweight or dataless.")
    var mode: BackupMode?

    @Option(
        help: ArgumentHelp(
            "How much of a new backup is read and proven before older ones go: none, all, or percents (5%).", valueName: "share"))
    var verify: String?

    @Option(
        help: ArgumentHelp(
            "How often a backup is drilled after it was made: 1w, or none (see holdfast backup drill --help).", valueName: "time"))
    var drill: String?

    @Flag(
        inversion: .prefixedNo,
        help: "Keep the files of PostgreSQL servers beside the dumps, for standbys and for cluster restore --physical.")
    var physical: Bool?

    func validate() throws {
        try validating { () throws(Failure) in
            if let verify { _ = try PolicyChange.percent(verifying: verify) }
            if let drill, drill != "none" { _ = try Period(drill, for: "drill") }
        }
    }

    func add(to change: inout PolicyChange) {
        change.drill = drill ?? change.drill
        change.target = target ?? change.target
        change.mode = mode ?? change.mode
        change.verify = verify ?? change.verify
        change.form = physical.map { $0 ? .physical : .portable } ?? change.form
    }
}

struct BackupPolicyCreateCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Let backups be made by themselves.",
        discussion: """
            Each run takes a fresh snapshot, stores it in the target, and proves that
            everything the backup needs is there, and a share of the data byte by byte;
            only then older ones go. Snapshots go on being taken meanwhile.

            EXAMPLES:
              holdfast backup policy create nightly --target nas --every 1d --offset 2h \\
                  --keep 7@1d,4@1w,12@30d -c acme.yaml
              holdfast backup policy create hourly --mode dataless --every 1h --keep 24@1h
            """)

    @Argument(help: "A name of at most 28 letters, digits, '-' and '_'.")
    var name: String

    @OptionGroup var options: BackupPolicyOptions
    @OptionGroup var schedule: ScheduleOptions
    @OptionGroup var cluster: ClusterOptions

    func validate() throws {
        try validating { () throws(Failure) in try BackupPolicy.check(name) }
    }

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        var change = try schedule.change(of: .backup, in: context)
        options.add(to: &change)
        var target = TargetOption()
        target.target = change.target
        let policy = try change.backupPolicy(named: name, target: try target.name(in: cluster))
        for concern in try context.watching({ _ in try Backups(cluster).createPolicy(policy) }) { context.console.warn(concern) }
        return try context.finishBackupPolicy(name, of: cluster)
    }
}

extension CommandContext {
    /// Tells what a backup policy is now.
    func finishBackupPolicy(_ name: String, of cluster: Cluster) throws -> Verdict {
        let backup = try cluster.policies().backup(named: name)
        let service = try cluster.state.service()
        console.finish(json: ["policy": BackupPolicyResult(backup, service: service, now: now)]) { terminal in
            PolicyText(terminal: terminal, now: now, objectives: cluster.file.objectives).fields(backup, service: service)
        }
        return .done
    }
}
