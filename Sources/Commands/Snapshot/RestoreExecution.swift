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
        /// Stores that this or an earlier restore left half done.
        var halfRestored: [HalfRestoredStore]
        var seconds: Double
    }

    var restore: Restore

    init(_ outcome: RestoreOutcome) {
        restore = Restore(
            snapshot: outcome.snapshot, safety: OrNull(outcome.safety), stores: outcome.stores.map(FilledStoreResult.init),
            halfRestored: outcome.halfDone, seconds: outcome.seconds)
    }
}

extension FilledStore {
    /// The image itself does not hold all entries of the store that it was made of.
    var lacksEntries: Bool { image.map { !$0.hasAllEntries } ?? false }
}

extension CommandContext {
    /// From the plan of a restore onto the running cluster to its report.
    func execute(
        _ prepared: PreparedRestore, of snapshots: Snapshots, _ consent: ConsentOptions, _ place: PlaceOptions, _ options: ClusterOptions
    ) throws -> Verdict {
        let plan = prepared.plan
        let half = try snapshots.cluster.catalogue().halfDone
        // One that was interrupted after its last change leaves a mark that only a restore takes away.
        guard !plan.isEmpty || half.contains(where: { half in plan.stores.contains { $0.store == half.store } }) else {
            if consent.dryRun { PlanPrinter(console).print(plan.summary) }
            report(RestoreOutcome(snapshot: plan.snapshot, stores: [], safety: nil, halfDone: half, seconds: 0)) { _ in
                "nothing to do: \(subject(of: plan, "equals", "equal")) the snapshot \(plan.snapshot)"
            }
            return .done
        }
        try place.check(plan.moved, consent)
        guard try agree(to: plan, consent) else { return .done }
        let outcome = try watching { try snapshots.restore(prepared, job: $0) }
        report(outcome) { text(outcome, subject(of: plan, "is", "are"), options, $0) }
        return outcome.stores.contains { $0.changes.issues > 0 || $0.lacksEntries } ? .flawed(.incomplete) : .done
    }

    private func report(_ outcome: RestoreOutcome, _ text: (Terminal) -> String) {
        console.finish(json: RestoreResult(outcome), human: text)
        guard console.mode != .json else { return }
        for half in outcome.halfDone { console.warn("\(half.store) is still half restored from \(half.snapshot)") }
    }

    /// "the cluster is", "uploads, lake are".
    private func subject(of plan: RestorePlan, _ one: String, _ many: String) -> String {
        if plan.untouched.isEmpty { return "the cluster \(one)" }
        return "\(plan.stores.map(\.store).joined(separator: ", ")) \(plan.stores.count == 1 ? one : many)"
    }

    private func text(_ outcome: RestoreOutcome, _ subject: String, _ options: ClusterOptions, _ terminal: Terminal) -> String {
        let undo = outcome.safety.map { "safety snapshot: \($0)\nundo: holdfast snapshot undo\(options.suffix)" }
        return [
            "\(subject) back at snapshot \(outcome.snapshot), in \(DurationText.spoken(seconds: outcome.seconds))",
            RestoreText(terminal: terminal).stores(outcome.stores), undo,
        ].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: "\n")
    }
}
