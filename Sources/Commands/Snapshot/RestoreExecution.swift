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
        var failures: [StoreFailureResult]
        /// Stores that this or an earlier restore left half done.
        var halfRestored: [HalfRestoredStore]
        /// Its number among the jobs; null where nothing was done, or it was not noted.
        var job: OrNull<Int>
        var seconds: Double
    }

    var restore: Restore

    init(_ outcome: RestoreOutcome) {
        restore = Restore(
            snapshot: outcome.snapshot, safety: OrNull(outcome.safety), stores: outcome.stores.map(FilledStoreResult.init),
            failures: outcome.failures.map(StoreFailureResult.init), halfRestored: outcome.halfDone, job: OrNull(outcome.job),
            seconds: outcome.seconds)
    }
}

extension FilledStore {
    /// The image itself does not hold all of the store that it was made of.
    var isOfPartOnly: Bool { image.map { !$0.isWhole } ?? false }
}

extension CommandContext {
    /// From the plan of a restore onto the running cluster to its report.
    func execute(
        _ prepared: PreparedRestore, of snapshots: Snapshots, _ consent: ConsentOptions, _ place: PlaceOptions, _ restoring: RestoreOptions,
        _ options: ClusterOptions
    ) throws -> Verdict {
        let plan = prepared.plan
        let catalogue = try snapshots.cluster.catalogue()
        let half = catalogue.halfDone
        // One that was interrupted after its last change leaves a mark that only a restore takes away, as does one that was incomplete.
        let marked = Set(half.map(\.store) + catalogue.incompleteRestores.map(\.store))
        guard !plan.isEmpty || plan.stores.contains(where: { marked.contains($0.store) }) else {
            if consent.dryRun { PlanPrinter(console).print(plan.summary) }
            let outcome = RestoreOutcome(
                snapshot: plan.snapshot, stores: [], failures: prepared.failures, safety: nil, halfDone: half, seconds: 0)
            report(outcome) { _ in "nothing to do: \(subject(of: plan, "equals", "equal")) the snapshot \(plan.snapshot)" }
            return verdict(outcome)
        }
        try place.check(plan.moved, consent)
        guard try agree(to: plan, consent) else { return .done }
        let outcome = try watching { try snapshots.restore(prepared, privileges: restoring.privileges(consent), job: $0) }
        report(outcome) { text(outcome, plan, options, $0) }
        return verdict(outcome)
    }

    private func verdict(_ outcome: RestoreOutcome) -> Verdict { verdict(outcome.stores, outcome.failures) }

    /// Of stores that were restored, or not, or not wholly.
    func verdict(_ stores: [FilledStore], _ failures: [StoreFailure] = []) -> Verdict {
        if let failure = failures.first?.failure { return .flawed(failure.code) }
        return stores.contains { $0.changes.issues > 0 || $0.isOfPartOnly } ? .flawed(.incomplete) : .done
    }

    private func report(_ outcome: RestoreOutcome, _ text: (Terminal) -> String) {
        console.finish(json: RestoreResult(outcome), human: text)
        guard console.mode != .json else { return }
        for failed in outcome.failures { FailurePrinter(console).print(failed.failure) }
        for half in outcome.halfDone { console.warn("\(half.store) is still half restored from \(half.snapshot)") }
    }

    /// "the cluster is", "uploads, lake are".
    private func subject(of plan: RestorePlan, _ one: String, _ many: String) -> String {
        if plan.untouched.isEmpty { return "the cluster \(one)" }
        return "\(plan.stores.map(\.store).joined(separator: ", ")) \(plan.stores.count == 1 ? one : many)"
    }

    private func text(_ outcome: RestoreOutcome, _ plan: RestorePlan, _ options: ClusterOptions, _ terminal: Terminal) -> String {
        let undo = outcome.safety.map { "safety snapshot: \($0)\nundo: holdfast snapshot undo\(options.suffix)" }
        let restored = RestoreText(terminal: terminal)
        var subject: String? = subject(of: plan, "is", "are")
        if !outcome.failures.isEmpty {
            let names = outcome.stores.map(\.name)
            subject = names.isEmpty ? nil : "\(names.joined(separator: ", ")) \(names.count == 1 ? "is" : "are")"
        }
        let head = subject.map { "\($0) back at snapshot \(outcome.snapshot), in \(DurationText.spoken(seconds: outcome.seconds))" }
        return
            ([head, restored.stores(outcome.stores)].compactMap { $0 }.filter { !$0.isEmpty }
            + restored.issues(outcome.stores, job: outcome.job, options.suffix) + [undo].compactMap { $0 }).joined(separator: "\n")
    }
}
