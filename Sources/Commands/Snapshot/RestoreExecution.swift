import Clusters
import Model
import ResticFormat
import Snapshots
import StoreContract

struct RestoreResult: Encodable {
    struct Restore: Encodable {
        var snapshot: SnapshotName
        /// What `snapshot undo` goes back to; null when nothing differed.
        var safety: OrNull<SnapshotName>
        var stores: [FilledStoreResult]
        var seconds: Double
    }

    var restore: Restore

    init(_ outcome: RestoreOutcome) {
        restore = Restore(
            snapshot: outcome.snapshot, safety: OrNull(outcome.safety), stores: outcome.stores.map(FilledStoreResult.init),
            seconds: outcome.seconds)
    }
}

extension CommandContext {
    /// From the plan of a restore onto the running cluster to its report.
    func execute(_ prepared: PreparedRestore, of snapshots: Snapshots, _ consent: ConsentOptions, _ options: ClusterOptions) throws
        -> Verdict
    {
        guard !prepared.plan.isEmpty || isUnfinished(prepared, snapshots.cluster) else {
            if consent.dryRun { PlanPrinter(console).print(prepared.plan.summary) }
            let outcome = RestoreOutcome(snapshot: prepared.plan.snapshot, stores: [], safety: nil, seconds: 0)
            console.finish(json: RestoreResult(outcome)) { _ in
                "nothing to do: the cluster equals the snapshot \(prepared.plan.snapshot)"
            }
            return .done
        }
        guard try agree(to: prepared.plan, consent) else { return .done }
        let outcome = try watching { try snapshots.restore(prepared, job: $0) }
        console.finish(json: RestoreResult(outcome)) { text(outcome, options, $0) }
        return outcome.stores.contains { $0.changes.issues > 0 } ? .flawed(.incomplete) : .done
    }

    /// A restore that was interrupted after its last change leaves a mark that only a restore takes away.
    private func isUnfinished(_ prepared: PreparedRestore, _ cluster: Cluster) -> Bool {
        (try? cluster.catalogue().restoring?.snapshotID) == prepared.entry.id.hex
    }

    private func text(_ outcome: RestoreOutcome, _ options: ClusterOptions, _ terminal: Terminal) -> String {
        let undo = outcome.safety.map { "safety snapshot: \($0)\nundo: holdfast snapshot undo\(options.suffix)" }
        return [
            "the cluster is back at snapshot \(outcome.snapshot), in \(DurationText.spoken(seconds: outcome.seconds))",
            RestoreText(terminal: terminal).stores(outcome.stores), undo,
        ].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: "\n")
    }
}
