/// What `standby start` would do.
package struct StandbyStartPlan: Plan, Hashable {
    package var cluster: ClusterIdentity
    package var from: String
    package var file: ClusterFile
    package var newest: StandbyRecord.Point
    package var matching: StoreMatching
    package var checks: [String]
    package var warnings: [String]
    /// What is here now is saved as a snapshot first: this was the active cluster.
    package var savesDivergence: Bool
    /// It is a standby of that cluster already.
    package var isGoingOn: Bool
    package var madeAt: Timestamp

    package init(
        cluster: ClusterIdentity, from: String, file: ClusterFile, newest: StandbyRecord.Point, matching: StoreMatching, checks: [String],
        warnings: [String], savesDivergence: Bool, isGoingOn: Bool, madeAt: Timestamp
    ) {
        self.cluster = cluster
        self.from = from
        self.file = file
        self.newest = newest
        self.matching = matching
        self.checks = checks
        self.warnings = warnings
        self.savesDivergence = savesDivergence
        self.isGoingOn = isGoingOn
        self.madeAt = madeAt
    }

    package var isEmpty: Bool { false }

    package var summary: PlanSummary {
        var lines = [
            PlanSummary.Line("backups", "in \(from)"),
            PlanSummary.Line("newest", "\(newest.name), \(relativeAge(of: newest.cutBegan, at: madeAt)), \(ByteCount(newest.bytes))"),
        ]
        lines += matching.pairs.map { PlanSummary.Line($0.record.name, "\($0.size) → \($0.declaration.path)") }
        if savesDivergence { lines.append(PlanSummary.Line("first", "a snapshot of what is here now, pinned: diverged-…")) }
        lines += checks.map { PlanSummary.Line("checked", $0) }
        return PlanSummary(
            title: "\(isGoingOn ? "go on keeping" : "keep") \(file.path) as a standby of cluster \(cluster.name)", lines: lines,
            warnings: warnings,
            losses: savesDivergence ? ["what the stores hold now is replaced; it stays in the snapshot diverged-…"] : [],
            undo: "holdfast standby stop -c \(file.path)")
    }
}

/// What `standby promote` would do.
package struct PromotionPlan: Plan, Hashable {
    package var cluster: String
    package var file: ClusterFile
    /// What the promoted cluster will hold, as far as is known now.
    package var point: StandbyRecord.Point
    package var promotion: Promotion
    /// A newer backup is fetched first.
    package var fetches: Bool
    /// Who owns the cluster now; nil: nobody has raised an epoch yet.
    package var owner: EpochRecord?
    /// Why the target cannot be reached; nil when it can.
    package var trouble: String?
    package var expectedSeconds: Double?
    package var warnings: [String]
    package var madeAt: Timestamp

    package init(
        cluster: String, file: ClusterFile, point: StandbyRecord.Point, promotion: Promotion, fetches: Bool, owner: EpochRecord?,
        trouble: String?, expectedSeconds: Double?, warnings: [String] = [], madeAt: Timestamp
    ) {
        self.cluster = cluster
        self.file = file
        self.point = point
        self.promotion = promotion
        self.fetches = fetches
        self.owner = owner
        self.trouble = trouble
        self.expectedSeconds = expectedSeconds
        self.warnings = warnings
        self.madeAt = madeAt
    }

    package var isEmpty: Bool { false }

    package var summary: PlanSummary {
        let steps = Promotion.Step.allCases.filter { isWanted($0) && !promotion.isDone($0) }
        var lines = [
            PlanSummary.Line("backup", "\(point.name)" + (fetches ? ", to be fetched first" : ", on this host")),
            PlanSummary.Line("state of", "\(point.cutBegan.readable) (\(relativeAge(of: point.cutBegan, at: madeAt)))"),
            PlanSummary.Line("owner", owner.map { "\($0.host), epoch \($0.epoch)" } ?? "the primary, which never raised an epoch"),
            PlanSummary.Line("steps", steps.map(words).joined(separator: ", ")),
        ]
        if let expectedSeconds {
            lines.append(PlanSummary.Line("takes", "about \(DurationText.spoken(seconds: expectedSeconds)) and the hooks"))
        }
        let isBegun = !promotion.done.isEmpty
        return PlanSummary(
            title: "\(isBegun ? "go on promoting" : "promote") the standby of cluster \(cluster)", lines: lines, warnings: allWarnings,
            losses: promotion.isPlanned ? [] : ["what was written after \(point.cutBegan.readable), and is in no newer backup"],
            undo: "holdfast standby start on the old primary, then standby promote --planned there")
    }

    private var allWarnings: [String] {
        let unreachable = trouble.map {
            "the target cannot be reached, so nothing tells the old primary that it is fenced: make sure that it is off (\($0))"
        }
        let unfenced =
            file.standby.fence == nil && !promotion.isPlanned
            ? "no fence command in \(file.path): the old primary stands down by itself, within a minute, if it runs holdfast serve and reaches the target"
            : nil
        return [unreachable, unfenced].compactMap { $0 } + warnings
    }

    private func isWanted(_ step: Promotion.Step) -> Bool {
        switch step {
        case .handover: promotion.isPlanned
        case .start: file.stores.contains { $0.kind == .postgres }
        default: true
        }
    }

    private func words(_ step: Promotion.Step) -> String {
        switch step {
        case .handover: "the active cluster stops, makes the last backup and makes way"
        case .epoch: "raise the epoch"
        case .fetch: "fetch the newest backup"
        case .fence: file.standby.fence == nil ? "no fence command" : "run the fence command"
        case .apply: "apply"
        case .start: "start servers that are down"
        case .open: file.standby.onPromote == nil ? "no on-promote command" : "run the on-promote command"
        case .check: file.standby.check == nil ? "no check command" : "run the check command"
        case .takeOver: "take over the policies"
        }
    }
}

/// What `standby stop` and `standby override` would do.
package struct StandbyChangePlan: Plan, Hashable {
    package var summary: PlanSummary
    package var isEmpty: Bool { false }

    package init(_ summary: PlanSummary) { self.summary = summary }
}
