import ArgumentParser
import Backups
import Clusters
import Model
import Snapshots
import StoreContract

struct ClusterRestoreCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Restore a backup into the empty cluster that a cluster file describes.",
        discussion: """
            The backup is read and proven, and the cluster file checked, before anything is
            touched. Stores are matched by name; their paths, the host and the release may
            differ from those of the backup. A store that the file lacks is an error unless
            --without names it. The password is the one that the cluster file names.

            latest is the newest backup. In a target that several clusters share, names and
            latest mean the cluster that the file names, or --cluster; an id means a backup
            whatever cluster it is of.

            Policies and targets of the backup are taken over as far as they can be had
            here, and named: the snapshot policy goes on, backup policies are disabled until
            you enable them. --without-settings begins with those of a new cluster.

            Set-user-ID files, devices, capabilities and trusted attributes of the backup
            are named in the plan; whoever answers it with yes has them back. With --yes
            they are left out and named, unless --privileged is given.

            EXAMPLES:
              holdfast cluster restore nightly --from /mnt/nas/acme -c new.yaml
              holdfast cluster restore nightly --from /mnt/nas/acme -c small.yaml \\
                  --without lake --yes
              holdfast cluster restore latest --from /mnt/nas/all --cluster acme -c new.yaml
            """)

    @Argument(help: "The name or id of the backup, or latest.")
    var backup: String

    @Option(help: ArgumentHelp("The directory of the target.", valueName: "path"), completion: .directory)
    var from: String

    @Option(
        name: .customLong("cluster"),
        help: ArgumentHelp("The name or id of the cluster whose backup it is (default: as the cluster file says).", valueName: "name"))
    var owner: String?

    @Option(help: ArgumentHelp("Leave this store of the backup out (may be repeated).", valueName: "store"))
    var without: [String] = []

    @Flag(help: "Take the files of stores that the backup holds in their physical form as well: the same release, and faster.")
    var physical = false

    @Flag(help: "Do not take over policies and targets from the backup.")
    var withoutSettings = false

    @OptionGroup var room: RoomOption
    @OptionGroup var restoring: RestoreOptions
    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var consent: ConsentOptions

    func validate() throws {
        if backup.wholeMatch(of: /[0-9a-f]{45,64}/) != nil { return }
        try validating { () throws(Failure) in try NameRule.check(backup, of: "backup") }
    }

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        restoring.apply(to: cluster)
        let place = try context.directory(from, for: "a target")
        let restore = ClusterRestore(
            into: cluster, from: place, form: physical ? .physical : .portable, of: owner, settings: withoutSettings ? .leave : .take,
            room: room.check)
        let prepared = try context.watching { try restore.prepare(backup, without: without, job: $0) }
        guard try context.agree(to: prepared.plan, consent) else { return .done }
        let outcome = try context.watching { try restore.run(prepared, privileges: restoring.privileges(consent), job: $0) }
        let name = prepared.entry.manifest.name.text
        context.console.finish(json: ["cluster": ClusterRestoreResult(outcome, backup: name, suffix: self.cluster.suffix)]) {
            text(outcome, of: name, $0)
        }
        if context.console.mode != .json {
            for failed in outcome.failures { FailurePrinter(context.console).print(failed.failure) }
        }
        return context.verdict(outcome.stores, outcome.failures)
    }

    private func text(_ outcome: ClusterRestoreOutcome, of name: String, _ terminal: Terminal) -> String {
        let restored = RestoreText(terminal: terminal)
        let isWhole = outcome.failures.isEmpty
        var lines = [
            Visible.line("cluster \(outcome.identity.name), release \(outcome.identity.release), restored")
                + " \(isWhole ? "" : "in part ")from \(Visible.line(name)) in " + DurationText.spoken(seconds: outcome.seconds),
            restored.stores(outcome.stores),
        ]
        lines += restored.issues(outcome.stores, job: outcome.job, cluster.suffix)
        for store in outcome.stores { lines += (store.image?.lines(of: store.name, examples: 10) ?? []).map { "not in the backup: \($0)" } }
        guard isWhole else { return lines.filter { !$0.isEmpty }.joined(separator: "\n") }
        for store in outcome.reload {
            lines += ["reload into \(Visible.line(store.store)):"] + store.items.map { "  " + printable($0.text, limit: 300) }
        }
        if !withoutSettings {
            lines += SettingsText(suffix: cluster.suffix).lines(outcome.settings, from: "the backup")
        }
        lines += [
            "it is a cluster of its own now (id \(outcome.identity.id))",
            "next: holdfast snapshot create NAME\(cluster.suffix)", "", outcome.recoverySheet,
        ]
        return lines.joined(separator: "\n")
    }
}
