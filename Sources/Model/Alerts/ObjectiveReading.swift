/// How long something took until it could be used.
package struct Measurement: Hashable, Sendable {
    package var seconds: Double
    /// "the last restore of a snapshot".
    package var source: String

    package init(seconds: Double, source: String) {
        self.seconds = seconds
        self.source = source
    }
}

/// A strategy, as it is, against what is asked of it.
package struct ObjectiveReading: Hashable, Sendable {
    package enum Strategy: String, Sendable, Encodable { case snapshots, backups, drills, standby }

    /// Where it stands how old the newest one may become.
    package enum Origin: String, Sendable, Encodable {
        case policy
        case clusterFile = "cluster-file"
        /// Nobody said so: it follows from the period.
        case usual
    }

    package var strategy: Strategy
    /// Nil where it is about none.
    package var policy: String?
    /// Seconds since the newest good one, or its state; nil when there is none yet.
    package var age: Double?
    /// The same, or, where there is none yet, seconds since there should be one: since its policy was enabled.
    package var silence: Double
    /// Seconds that ``age`` may be.
    package var rpo: Double
    package var origin: Origin
    /// Measured; nil when it never was.
    package var recovery: Measurement?
    /// Seconds that ``recovery`` may take; nil when nobody said so.
    package var rto: Double?
    /// What to do when one of the two is beyond its aim.
    var ageRemedy: String
    var recoveryRemedy = ""

    /// "backups nightly".
    package var title: String { policy.map { "\(strategy.rawValue) \($0)" } ?? strategy.rawValue }
}

extension ObjectiveReading {
    package var ageIsBeyond: Bool { silence > rpo }
    package var recoveryIsBeyond: Bool {
        guard let recovery, let rto else { return false }
        return recovery.seconds > rto
    }

    var concerns: [Concern] { [ageConcern, recoveryConcern].compactMap { $0 } }

    private func key(_ word: String) -> String {
        let strategy =
            switch strategy {
            case .snapshots: "snapshot"
            case .backups: "backup"
            case .drills: "drill"
            case .standby: "standby"
            }
        return "\(strategy)-\(word)" + (policy.map { " \($0)" } ?? "")
    }

    private var noun: String {
        switch strategy {
        case .snapshots: "snapshot"
        case .backups: policy.map { "backup of \($0)" } ?? "backup"
        case .drills: policy.map { "drill of a backup of \($0)" } ?? "drill"
        case .standby: "state of the standby"
        }
    }

    /// Warns beyond what is tolerated, and is critical at twice that. An instant that lies ahead is of a wrong clock and says nothing.
    private var ageConcern: Concern? {
        guard ageIsBeyond else { return nil }
        let length = DurationText.age(seconds: silence)
        let message = age == nil ? "no good \(noun) for \(length), since there should be" : "the newest good \(noun) is \(length) old"
        return concern("age", message, beyond: silence > 2 * rpo, aim: rpo, ageRemedy)
    }

    private var recoveryConcern: Concern? {
        guard let recovery, let rto, recovery.seconds > rto else { return nil }
        let message = "\(recovery.source) took \(DurationText.spoken(seconds: recovery.seconds))"
        return concern("rto", message, beyond: recovery.seconds > 2 * rto, aim: rto, recoveryRemedy)
    }

    private func concern(_ word: String, _ message: String, beyond: Bool, aim: Double, _ remedy: String) -> Concern {
        Concern(
            key(word), beyond ? .critical : .warning, "\(message); at most \(DurationText.spoken(seconds: aim)) is the aim", remedy: remedy)
    }
}

extension HealthFacts {
    /// Periods without a good snapshot or backup that are tolerated when no objective is given.
    package static let tolerablePeriods: Double = 3
    /// Of drills, which do not come to the hour.
    static let tolerableDrills: Double = 2

    /// Of everything that is looked after here: a standby has no policies of its own, and what is disabled no aim.
    package var readings: [ObjectiveReading] {
        guard standing.map({ $0.role == .active }) ?? true else { return standbyReading.map { [$0] } ?? [] }
        let enabled = policies.backups.filter(\.policy.isEnabled)
        return [snapshotReading, enabled.isEmpty ? anyBackupReading : nil].compactMap { $0 } + enabled.map(backupReading)
            + enabled.compactMap(drillReading)
    }

    private var snapshotReading: ObjectiveReading? {
        let (policy, record) = (policies.snapshot, policies.snapshotRecord)
        guard policy.isEnabled else { return nil }
        let newest = [newestSnapshot, record.lastGood].compactMap { $0 }.max()
        var reading = reading(
            .snapshots, newest, own: policy.objective, objectives.snapshots.rpo, Self.tolerablePeriods * seconds(policy.schedule.every),
            "holdfast snapshot policy show says why")
        reading.recovery = snapshotRestore
        reading.rto = (policy.recoveryObjective ?? objectives.snapshots.rto).map(seconds)
        reading.recoveryRemedy = "holdfast jobs ls --last 100 shows the restore; native images (cluster status) are restored fastest"
        return reading
    }

    private func backupReading(_ backup: Policies.Backup) -> ObjectiveReading {
        let (policy, record) = (backup.policy, backup.record)
        var reading = reading(
            .backups, record.lastGood, since: record.begun, own: policy.objective, objectives.backups.rpo,
            Self.tolerablePeriods * seconds(policy.schedule.every), "holdfast backup policy status \(policy.name)")
        reading.policy = policy.name
        let drill = record.newestGoodDrill.map {
            Measurement(seconds: $0.recoverySeconds, source: "until all of \($0.backup) could be used in its drill it")
        }
        reading.recovery = drill ?? clusterRestore
        reading.rto = (policy.recoveryObjective ?? objectives.backups.rto).map(seconds)
        let report = record.newestGoodDrill.map { "holdfast backup report \($0.backup) --target \(policy.target)" }
        reading.recoveryRemedy = report.map { "\($0) says which store took how long" } ?? "holdfast jobs ls --last 100 shows the restore"
        return reading
    }

    /// Where the cluster file wants backups that no policy makes.
    private var anyBackupReading: ObjectiveReading? {
        guard let rpo = objectives.backups.rpo else { return nil }
        return reading(
            .backups, newestBackup, own: nil, rpo, 0,
            "holdfast backup policy create nightly --every 1d --keep 7@1d,4@1w makes them by itself")
    }

    private func drillReading(_ backup: Policies.Backup) -> ObjectiveReading? {
        let (policy, record) = (backup.policy, backup.record)
        guard record.lastGood != nil, policy.drill != nil || objectives.drills != nil else { return nil }
        let own = policy.drill.map { Self.tolerableDrills * seconds($0) }
        var reading = reading(
            .drills, record.newestGoodDrill?.time, since: record.begun, own: nil, own == nil ? objectives.drills : nil, own ?? 0,
            "holdfast backup drill latest --target \(policy.target)")
        reading.policy = policy.name
        if own != nil { reading.origin = .policy }
        return reading
    }

    private var standbyReading: ObjectiveReading? {
        guard let standby else { return nil }
        let policies = standby.notice?.policies.backups.map(\.policy).filter { $0.isEnabled && $0.mode == .full } ?? []
        let usual = policies.map { $0.objective.map(seconds) ?? Self.tolerablePeriods * seconds($0.schedule.every) }.min()
        guard let tolerated = objectives.standby.rpo.map(seconds) ?? usual else { return nil }
        var reading = reading(
            .standby, standby.applied?.cutBegan, since: standby.since, own: nil, objectives.standby.rpo, tolerated,
            "holdfast standby status")
        reading.recovery = standby.rehearsed.map { Measurement(seconds: $0, source: "the last rehearsal of a promotion") }
        reading.rto = objectives.standby.rto.map(seconds)
        reading.recoveryRemedy = "holdfast standby promote --rehearse measures it anew"
        return reading
    }

    private func seconds(_ period: Period) -> Double { Double(period.seconds) }

    private func reading(
        _ strategy: ObjectiveReading.Strategy, _ newest: Timestamp?, since: Timestamp? = nil, own: Period?, _ file: Period?,
        _ usual: Double, _ remedy: String
    ) -> ObjectiveReading {
        ObjectiveReading(
            strategy: strategy, age: newest.map { max(0, now.secondsSince($0)) },
            silence: now.secondsSince(newest ?? since ?? protectedSince), rpo: (own ?? file).map(seconds) ?? usual,
            origin: own != nil ? .policy : file != nil ? .clusterFile : .usual, ageRemedy: remedy)
    }
}
