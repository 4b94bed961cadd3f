import ArgumentParser
import Clusters
import Model

struct ClusterInitCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Protect a cluster: check its stores and make the place for its snapshots.",
        discussion: """
            Makes the password file if it is not there yet, the repository in the storage,
            and the catalogue in the state directory. A storage that holds snapshots of
            this cluster already is taken over: this is how a lost state comes back, with
            the policies and targets that the newest of them knows. --without-settings
            begins with those of a new cluster. Backups of a cluster of this name that lie in
            the file's targets and are not this one's are named, with the way back to them.

            Print the recovery sheet that it shows, and keep it apart from the cluster.

            EXAMPLES:
              holdfast cluster init -c acme.yaml
              holdfast cluster init -c acme.yaml --json
            """)

    @Flag(help: "Do not take over policies and targets from the snapshots in the storage.")
    var withoutSettings = false

    @OptionGroup var cluster: ClusterOptions

    private struct Result: Encodable {
        struct Cluster: Encodable {
            var id: String
            var name: String
            var release: Release
            var stores: [StoreReportResult]
            var storage: String
            var newPasswordFile: OrNull<String>
            var adoptedSnapshots: OrNull<Int>
            /// Null: nothing says what there was, or it was not wanted.
            var settings: OrNull<[TakenSettingResult]>
            /// Backups of another cluster of this name.
            var otherBackups: [FoundBackupsResult]
            var notes: [String]
            var recoverySheet: String
        }
        var cluster: Cluster
    }

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        let outcome = try cluster.initialize(withoutSettings ? .leave : .take)
        context.console.finish(json: result(outcome, cluster)) { text(outcome, cluster, $0) }
        return .done
    }

    private func result(_ outcome: InitOutcome, _ cluster: Cluster) -> Result {
        Result(
            cluster: Result.Cluster(
                id: outcome.identity.id, name: outcome.identity.name, release: outcome.identity.release,
                stores: outcome.stores.map(StoreReportResult.init), storage: cluster.file.storage,
                newPasswordFile: OrNull(outcome.newPasswordFile), adoptedSnapshots: OrNull(outcome.adoptedSnapshots),
                settings: OrNull(outcome.settings?.map { TakenSettingResult($0, suffix: self.cluster.suffix) }),
                otherBackups: outcome.found.map(FoundBackupsResult.init), notes: outcome.notes, recoverySheet: outcome.recoverySheet))
    }

    private func newest(_ outcome: InitOutcome) -> String {
        outcome.newestAdopted.map { "the newest snapshot, of \($0.readable)" } ?? "the newest snapshot"
    }

    private func text(_ outcome: InitOutcome, _ cluster: Cluster, _ terminal: Terminal) -> String {
        var lines = [
            "cluster \(outcome.identity.name), release \(outcome.identity.release), is protected now",
            "id \(outcome.identity.id)", "", StoreText(terminal: terminal).reports(outcome.stores), "",
        ]
        if let adopted = outcome.adoptedSnapshots {
            lines.append("\(cluster.file.storage) has \(counted(adopted, "snapshot")) of this cluster: they are taken over")
            lines.append(
                "  which of them were pinned, or were to live longer, is not known any more: none goes by its age; pin what deletions shall spare"
            )
            if !withoutSettings { lines += SettingsText(suffix: self.cluster.suffix).lines(outcome.settings, from: newest(outcome)) }
        }
        lines += outcome.found.flatMap { wayBack($0) } + outcome.notes
        if let path = outcome.newPasswordFile {
            lines.append("a password was made: \(path); keep a copy apart from the cluster")
        }
        lines += [
            schedule(outcome) + "holdfast serve\(self.cluster.suffix)",
            "next: holdfast snapshot create NAME\(self.cluster.suffix)", "      holdfast target add NAME PATH\(self.cluster.suffix)", "",
            outcome.recoverySheet,
        ]
        return lines.joined(separator: "\n")
    }

    /// What was there before under this name, and how to have it again in place of this one.
    private func wayBack(_ found: FoundBackups) -> [String] {
        let id = found.id.prefix(8)
        return [
            "the target \(found.target) has \(counted(found.backups, "backup")) of a cluster \(found.cluster.text), the newest "
                + "\(found.newest) of \(found.created.readable) (id \(id)): they are not this one's",
            "  to restore that cluster here instead: holdfast cluster forget\(self.cluster.suffix)",
            "  then, where the stores are empty: holdfast cluster restore \(id) --from \(shellWord(found.path))\(self.cluster.suffix)",
        ]
    }

    private func schedule(_ outcome: InitOutcome) -> String {
        outcome.settings?.contains { $0.kind == .snapshotPolicy } == true
            ? "policies run while this does: " : "a snapshot will be taken \(SnapshotPolicy.standard.schedule.text) while this runs: "
    }
}
