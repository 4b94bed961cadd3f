import Clusters
import Model
import StoreContract

/// The status of a cluster as people read it.
struct ClusterStatusText {
    let terminal: Terminal
    let now: Timestamp

    func text(_ status: ClusterStatus) -> String {
        let identity = status.identity
        var parts = [
            terminal.paint("cluster \(Visible.line(identity.name))", .bold)
                + ", release \(Visible.line(identity.release)), id \(identity.id)", "",
            StoreText(terminal: terminal).reports(status.stores), "", images(status), "", places(status),
        ]
        parts += status.problems.flatMap(problem)
        parts += status.stores.flatMap(notes)
        parts += (status.storage.problems + status.targets.flatMap(\.problems)).map { warning($0) }
        if let restoring = status.restoring {
            parts.append(
                warning(
                    "a restore of \(restoring.name), begun \(relativeAge(of: restoring.began, at: now)), did not end; "
                        + "run it again to go on, or holdfast snapshot undo"))
        }
        let others = status.halfDone.filter { half in status.restoring?.stores.contains(half.store) != true }
        parts += others.map { warning("\($0.store) is half restored from \($0.snapshot): restore it from a snapshot, --store \($0.store)") }
        parts += status.incomplete.flatMap(incomplete)
        if let safety = status.safety {
            parts.append(
                "the restore of \(Visible.line("\(safety.before)")) can be undone: holdfast snapshot undo (state of \(safety.taken.readable))"
            )
        }
        return parts.joined(separator: "\n")
    }

    private func incomplete(_ restore: IncompleteRestore) -> [String] {
        let all = restore.job.map { "; holdfast jobs show \($0) names all" } ?? ""
        return [
            warning(
                "the restore of \(restore.store) from \(restore.from), \(relativeAge(of: restore.at, at: now)), was incomplete: "
                    + "\(counted(restore.entries, "thing")) could not be restored\(all)")
        ] + restore.examples.prefix(3).map { "  \(printable($0, limit: 300))" }
    }

    /// Each store's software, and how its images are made and why so.
    private func images(_ status: ClusterStatus) -> String {
        var fields = Fields()
        for report in status.stores {
            guard case .success(let found) = report.status else { continue }
            let software = report.declaration.kind == .postgres ? found.version.map { "PostgreSQL \($0); " } ?? "" : ""
            fields.add(report.declaration.name, printable(software + found.imageReason, limit: 300))
        }
        return fields.text(for: terminal)
    }

    private func places(_ status: ClusterStatus) -> String {
        var fields = Fields()
        let text = PlaceText(now: now)
        fields.add("storage", text.line(status.storage, of: .snapshot))
        for target in status.targets { fields.add("target \(target.name)", text.line(target, of: .backup)) }
        if status.targets.isEmpty { fields.add("targets", "none: a snapshot dies with the cluster; holdfast target add NAME PATH") }
        let policies = PolicyText(terminal: terminal, now: now)
        let snapshot = status.policies.snapshot
        fields.add(
            "policy",
            policies.line("snapshots \(snapshot.text)", status.policies.snapshotRecord, snapshot.schedule, isEnabled: snapshot.isEnabled))
        for backup in status.policies.backups {
            let policy = backup.policy
            fields.add(
                "policy \(policy.name)", policies.line(policy.text, backup.record, policy.schedule, isEnabled: policy.isEnabled))
        }
        fields.add("standing", status.standing.map(StandingText.line))
        fields.add("served by", status.service ?? PolicyText.unserved)
        return fields.text(for: terminal)
    }

    private func notes(_ report: StoreReport) -> [String] {
        guard case .success(let found) = report.status else { return [] }
        return found.notes.map { "\(report.declaration.name): " + printable($0, limit: 500) }
    }

    private func problem(_ failure: Failure) -> [String] {
        [warning(failure.summary)] + (failure.hint.map { ["  \(printable($0, limit: 1000))"] } ?? [])
    }

    private func warning(_ text: String) -> String { terminal.paint("warning:", .yellow) + " " + printable(text, limit: 500) }
}
