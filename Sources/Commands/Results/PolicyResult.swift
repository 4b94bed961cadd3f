import Model

/// When a policy ran and will run.
struct PolicyRecordResult: Encodable {
    /// Null when it is disabled.
    var next: OrNull<Timestamp>
    var lastRun: OrNull<Timestamp>
    var lastGood: OrNull<Timestamp>
    /// Why the last run failed.
    var lastFailure: OrNull<String>
    var missedRuns: Int64
    /// The median; null before there is any.
    var usualSeconds: OrNull<Double>
    /// Names, in the order of their arrival.
    var entries: [SnapshotName]

    init(_ record: PolicyRecord, _ schedule: Schedule, isEnabled: Bool, now: Timestamp) {
        next = OrNull(isEnabled ? record.next(schedule, at: now) : nil)
        lastRun = OrNull(record.state.lastEnded)
        lastGood = OrNull(record.lastGood)
        lastFailure = OrNull(record.lastFailure)
        missedRuns = record.missed
        usualSeconds = OrNull(record.usualSeconds)
        entries = record.arrivals.map(\.name)
    }
}

struct SnapshotPolicyResult: Encodable {
    var enabled: Bool
    var every: Period
    var offset: String
    var keep: [String]
    /// Null: as the cluster file says, else three periods.
    var rpo: OrNull<Period>
    /// Null: as the cluster file says.
    var rto: OrNull<Period>
    var manual: ManualLimits
    var record: PolicyRecordResult
    /// Whether holdfast serve runs, without which nothing does by itself.
    var served: Bool

    init(_ policies: Policies, service: String?, now: Timestamp) {
        let policy = policies.snapshot
        enabled = policy.isEnabled
        every = policy.schedule.every
        offset = policy.schedule.offsetText
        keep = policy.keep.rules.map(\.text)
        rpo = OrNull(policy.objective)
        rto = OrNull(policy.recoveryObjective)
        manual = policy.manual
        record = PolicyRecordResult(policies.snapshotRecord, policy.schedule, isEnabled: policy.isEnabled, now: now)
        served = service != nil
    }
}

struct BackupPolicyResult: Encodable {
    var name: String
    var target: String
    var mode: BackupMode
    var enabled: Bool
    var every: Period
    var offset: String
    var keep: [String]
    /// Null: as the cluster file says, else three periods.
    var rpo: OrNull<Period>
    /// Null: as the cluster file says.
    var rto: OrNull<Period>
    /// Of the data of a new backup, read before older ones go.
    var verifyPercent: Int
    /// The files of PostgreSQL servers are kept beside the dumps.
    var physical: Bool
    /// How often a backup is drilled; null: never by itself.
    var drill: OrNull<Period>
    var lastDrill: OrNull<DrillNote>
    var record: PolicyRecordResult
    /// Why the policy cannot be kept as it is.
    var concern: OrNull<String>
    /// Whether holdfast serve runs, without which nothing does by itself.
    var served: Bool

    init(_ backup: Policies.Backup, service: String?, now: Timestamp) {
        let policy = backup.policy
        name = policy.name
        target = policy.target
        mode = policy.mode
        enabled = policy.isEnabled
        every = policy.schedule.every
        offset = policy.schedule.offsetText
        keep = policy.keep.rules.map(\.text)
        rpo = OrNull(policy.objective)
        rto = OrNull(policy.recoveryObjective)
        verifyPercent = policy.verifyPercent ?? BackupPolicy.usualVerifyPercent
        physical = policy.form == .physical
        drill = OrNull(policy.drill)
        lastDrill = OrNull(backup.record.lastDrill)
        record = PolicyRecordResult(backup.record, policy.schedule, isEnabled: policy.isEnabled, now: now)
        concern = OrNull(backup.record.concern(about: policy.schedule))
        served = service != nil
    }
}

struct SimulationResult: Encodable {
    struct Day: Encodable {
        var day: Int
        var end: Timestamp
        /// The instants of the entries that are kept.
        var kept: [Timestamp]
        /// By rule, how many stand in its bucket.
        var buckets: [String: Int]
        var bytes: OrNull<UInt64>
    }

    var days: [Day]

    init(_ simulation: Simulation, rules: KeepRules) {
        days = simulation.days.map { day in
            let buckets = Dictionary(uniqueKeysWithValues: zip(rules.rules.map(\.text), day.byRule))
            return Day(day: day.number, end: day.end, kept: day.kept, buckets: buckets, bytes: OrNull(day.bytes))
        }
    }
}
