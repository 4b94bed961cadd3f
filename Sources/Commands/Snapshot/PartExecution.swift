import Model
import Snapshots

struct PartResult: Encodable {
    struct Part: Encodable {
        var snapshot: SnapshotName
        var store: String
        /// "database acme", "table public.account in acme".
        var what: String
        var name: String
        /// What had the name before; null when nothing had it.
        var keptAs: OrNull<String>
        /// What was made equals what the snapshot has.
        var isSame: Bool
        var issues: [String]
        /// Paths of files with SQL for what of them can be made later.
        var scripts: [String]
        var undo: [String]
        var seconds: Double
    }

    var restored: Part

    init(_ outcome: PartRestoreOutcome) {
        let (plan, part) = (outcome.plan, outcome.plan.part)
        restored = Part(
            snapshot: plan.snapshot, store: plan.store, what: part.what, name: part.name, keptAs: OrNull(part.keptAs),
            isSame: outcome.isSame, issues: outcome.issues, scripts: outcome.scripts, undo: part.undo, seconds: outcome.seconds)
    }
}

extension CommandContext {
    /// From the plan of a restore of one part to its report.
    func execute(_ prepared: PreparedPartRestore, of snapshots: Snapshots, _ consent: ConsentOptions) throws -> Verdict {
        let plan = prepared.plan
        let isAgreed = try agree(to: plan, consent) { confirmation in
            guard plan.part.keptAs != nil else { return try confirmation.ask(plan.summary.title) }
            try confirmation.askTyping(plan.part.name, what: "its name", "\(plan.summary.title) in its place")
        }
        guard isAgreed else { return .done }
        let outcome = try watching { try snapshots.restore(prepared, job: $0) }
        console.finish(json: PartResult(outcome)) { _ in text(outcome) }
        if console.mode != .json {
            for issue in outcome.issues { console.warn("not made: \(printable(issue, limit: 300))") }
            for path in outcome.scripts { console.warn("SQL to run when the causes are gone: \(path)") }
        }
        return outcome.issues.isEmpty && outcome.isSame ? .done : .flawed(.incomplete)
    }

    private func text(_ outcome: PartRestoreOutcome) -> String {
        let (plan, part) = (outcome.plan, outcome.plan.part)
        let check = outcome.isSame ? "equals the snapshot" : "differs from the snapshot"
        let undo = part.undo.isEmpty ? nil : "undo: \(part.undo.joined(separator: "; "))"
        return [
            "\(part.what) of \(plan.snapshot) is \(part.name) now, in \(DurationText.spoken(seconds: outcome.seconds)); checked: \(check)",
            part.keptAs.map { "what was there is kept as \($0)" }, undo,
        ].compactMap { $0 }.joined(separator: "\n")
    }
}
