import Model

/// Policies as people read them.
struct PolicyText {
    let terminal: Terminal
    let now: Timestamp
    /// Of the cluster file.
    var objectives = Objectives()

    /// Everything about the snapshot policy.
    func fields(_ policies: Policies, service: String?) -> String {
        let policy = policies.snapshot
        var fields = Fields()
        fields.add("snapshots", policy.isEnabled ? policy.schedule.text : "not taken by themselves: disabled")
        fields.add("kept", keep(policy.keep, "snapshot"))
        fields.add("aim", aim(policy.objective, policy.recoveryObjective, objectives.snapshots, "snapshot"))
        fields.add("manual", "warned about from \(policy.manual.warning) on, refused at \(policy.manual.refusal); pinned ones do not count")
        add(policies.snapshotRecord, policy.schedule, isEnabled: policy.isEnabled, to: &fields)
        fields.add("served by", service ?? Self.unserved)
        return fields.text(for: terminal)
    }

    /// Everything about a backup policy.
    func fields(_ backup: Policies.Backup, service: String?) -> String {
        let policy = backup.policy
        var fields = Fields()
        fields.add("policy", policy.name)
        fields.add("backups", "\(policy.mode.rawValue) into \(policy.target), \(policy.isEnabled ? policy.schedule.text : "disabled")")
        fields.add("physical", policy.form == .physical ? "the files of PostgreSQL servers are kept beside the dumps" : nil)
        fields.add("kept", keep(policy.keep, "backup"))
        fields.add("verified", verified(policy))
        fields.add("aim", aim(policy.objective, policy.recoveryObjective, objectives.backups, "backup"))
        fields.add("drilled", drill(policy, backup.record))
        add(backup.record, policy.schedule, isEnabled: policy.isEnabled, to: &fields)
        fields.add("warning", backup.record.concern(about: policy.schedule))
        fields.add("served by", service ?? Self.unserved)
        return fields.text(for: terminal)
    }

    func table(_ backups: [Policies.Backup]) -> String {
        var table = Table([
            Table.Column("NAME", importance: 9, minimum: 8), Table.Column("TARGET", importance: 6, minimum: 6),
            Table.Column("MODE", importance: 5, minimum: 4), Table.Column("EVERY", importance: 8, minimum: 5),
            Table.Column("KEEP", importance: 4, minimum: 6), Table.Column("THERE", .right, importance: 3, minimum: 5),
            Table.Column("LAST GOOD", importance: 7, minimum: 8), Table.Column("NEXT", importance: 7, minimum: 8),
        ])
        for backup in backups {
            let (policy, record) = (backup.policy, backup.record)
            let next = record.next(policy.schedule, at: now)
            table.add(
                [
                    policy.name, policy.target, policy.mode.rawValue, policy.schedule.every.text, policy.keep.text,
                    "\(record.arrivals.count)",
                    record.lastGood.map { relativeAge(of: $0, at: now) } ?? "none yet",
                    policy.isEnabled ? (next <= now ? "due" : relativeAge(of: next, at: now)) : "disabled",
                ], note: record.lastFailure.map { "FAILED: \($0)" } ?? record.concern(about: policy.schedule))
        }
        return table.text(for: terminal)
    }

    /// Runs out of the history, newest last.
    func runs(_ events: [HistoryEvent]) -> String {
        guard !events.isEmpty else { return "no run yet" }
        var table = Table([
            Table.Column("TIME", importance: 9, minimum: 23), Table.Column("OUTCOME", importance: 8, minimum: 8),
            Table.Column("TOOK", .right, importance: 7, minimum: 6),
        ])
        for event in events {
            let isSkipped = event.outcome == HistoryEvent.skipped
            table.add(
                [event.time.readable, event.outcome, isSkipped ? "" : DurationText.spoken(seconds: event.seconds)],
                note: isSkipped ? event.command : nil)
        }
        return table.text(for: terminal)
    }

    static let unserved = "nobody: holdfast serve does not run, so nothing is done by itself"

    private func verified(_ policy: BackupPolicy) -> String {
        switch policy.verifyPercent ?? BackupPolicy.usualVerifyPercent {
        case 0: "structure only, before older ones go"
        case 100: "every byte, before older ones go"
        case let percent: "structure and \(percent) % of the data, before older ones go"
        }
    }

    private func aim(_ rpo: Period?, _ rto: Period?, _ file: Objectives.Aim, _ what: String) -> String? {
        let parts = [
            (rpo ?? file.rpo).map { "the newest good \(what) is at most \($0) old" },
            (rto ?? file.rto).map { "all is back within \($0)" },
        ].compactMap { $0 }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    private func drill(_ policy: BackupPolicy, _ record: PolicyRecord) -> String {
        let when = policy.drill.map { "every \($0), after a backup" } ?? "not by itself"
        guard let last = record.lastDrill else { return "\(when); none yet" }
        let problem = last.problem.map { ", \($0)" } ?? ""
        return "\(when); \(last.backup) \(relativeAge(of: last.time, at: now)): \(last.word)\(problem)"
    }

    /// "3@2h,4@1d, at most 7 snapshots".
    func keep(_ rules: KeepRules, _ what: String) -> String { "\(rules.text), at most \(counted(rules.total, what))" }

    func add(_ record: PolicyRecord, _ schedule: Schedule, isEnabled: Bool, to fields: inout Fields) {
        let next = record.next(schedule, at: now)
        fields.add("next", isEnabled ? (next <= now ? "due" : "\(next.readable) (\(relativeAge(of: next, at: now)))") : nil)
        fields.add("last good", record.lastGood.map { "\($0.readable) (\(relativeAge(of: $0, at: now)))" } ?? "none yet")
        fields.add("last failure", words: record.lastFailure)
        fields.add("usually takes", record.usualSeconds.map { DurationText.spoken(seconds: $0) })
        fields.add("missed", record.missed > 0 ? counted(record.missed, "run") : nil)
        fields.add("there are", record.arrivals.isEmpty ? nil : record.arrivals.map(\.name.text).joined(separator: ", "))
    }

    /// For a status: "every 1h, kept 3@1h; next in 12m, last good 48m ago".
    func line(_ text: String, _ record: PolicyRecord, _ schedule: Schedule, isEnabled: Bool) -> String {
        guard isEnabled else { return text }
        let next = record.next(schedule, at: now)
        let due = next <= now ? "due now" : "next \(relativeAge(of: next, at: now))"
        let good = record.lastGood.map { "last good \(relativeAge(of: $0, at: now))" } ?? "none yet"
        return "\(text); \(due), \(good)" + (record.lastFailure.map { "; the last run failed: \($0)" } ?? "")
    }
}

/// A simulation as people read it.
struct SimulationText {
    let terminal: Terminal

    func text(_ simulation: Simulation, _ policy: String, rules: KeepRules) -> String {
        var columns = [Table.Column("DAY", .right, importance: 9, minimum: 3), Table.Column("END", importance: 8, minimum: 10)]
        columns += rules.rules.map { Table.Column($0.text, .right, importance: 4, minimum: 4) }
        columns += [Table.Column("KEPT", .right, importance: 9, minimum: 4), Table.Column("SIZE", .right, importance: 7, minimum: 7)]
        columns.append(Table.Column("OLDEST", importance: 6, minimum: 6))
        var table = Table(columns)
        for day in simulation.days {
            let age = day.kept.first.map { DurationText.short(seconds: day.end.secondsSince($0)) } ?? ""
            table.add(
                ["\(day.number)", String(day.end.text.prefix(10))] + day.byRule.map { "\($0)" }
                    + ["\(day.kept.count)", day.bytes.map { ByteCount($0).text } ?? "?", age])
        }
        let most = simulation.days.map(\.kept.count).max() ?? 0
        let bytes = simulation.days.compactMap(\.bytes).max().map { ", \(ByteCount($0))" } ?? ""
        let unknown = simulation.days.contains { $0.bytes == nil } ? "; sizes are known once there is one" : ""
        return [
            policy, "", table.text(for: terminal), "", "at the end of a day at most \(most) are kept\(bytes)\(unknown); nothing was saved",
        ]
        .joined(separator: "\n")
    }
}
