import Clusters
import HostIO
import Model
import RepositoryEngine

extension CommandContext {
    /// From the plan of a prune to its report. `place`: "target nas".
    func execute(
        _ plan: RepositoryPrunePlan, of place: String, _ consent: ConsentOptions, _ prune: (JobControl) throws -> RepositoryPruneOutcome
    ) throws -> Verdict {
        if plan.isEmpty {
            console.finish(json: ["prune": PruneResult(nil)]) { _ in "nothing to prune in \(place)" }
            return .done
        }
        guard try agree(to: plan, consent) else { return .done }
        let outcome = try watching(prune)
        console.finish(json: ["prune": PruneResult(outcome)]) { _ in text(outcome, place, grace: plan.graceSeconds) }
        return .done
    }

    private func text(_ outcome: RepositoryPruneOutcome, _ place: String, grace: Double) -> String {
        let pruned = outcome.pruned
        let expired = outcome.expired.isEmpty ? "" : "; expired and removed: \(outcome.expired.map(\.text).joined(separator: ", "))"
        let freed = "\(place): \(ByteCount(pruned.bytesFreed)) freed, \(counted(pruned.packsDeleted, "pack")) deleted"
        let waiting = pruned.packsMarked - pruned.packsDeleted
        let later = grace > 0 ? "a prune after \(DurationText.spoken(seconds: grace)) deletes" : "a later prune deletes"
        return freed + (waiting > 0 ? "; \(counted(waiting, "pack")) marked, which \(later)" : "") + expired
    }
}
