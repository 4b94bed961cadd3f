/// How many manual snapshots that are not pinned a cluster may have.
package struct ManualLimits: Hashable, Sendable, Codable {
    package static let standard = ManualLimits(known: 15, 20)
    package static let range = 1...1000

    /// From so many on, `snapshot create` warns.
    package let warning: Int
    /// With so many, it refuses.
    package let refusal: Int

    private init(known warning: Int, _ refusal: Int) {
        self.warning = warning
        self.refusal = refusal
    }

    /// Throws `usage` for numbers out of range, or a warning that would come after the refusal.
    package init(warning: Int, refusal: Int) throws(Failure) {
        guard Self.range.contains(warning), Self.range.contains(refusal) else {
            throw Failure(
                .usage, "a limit of manual snapshots is out of range", hint: "use \(Self.range.lowerBound) to \(Self.range.upperBound)")
        }
        guard warning <= refusal else {
            throw Failure(
                .usage, "the warning at \(warning) manual snapshots would come after the refusal at \(refusal)",
                hint: "let the warning begin at or below the refusal")
        }
        self.init(known: warning, refusal)
    }

    package enum Verdict: Hashable, Sendable { case fine, many, tooMany }

    /// For one more, when `count` of them are there.
    package func verdict(on count: Int) -> Verdict { count >= refusal ? .tooMany : count.addingSaturated(1) >= warning ? .many : .fine }
}

/// When snapshots are taken by themselves, and which of them stay. Every cluster has one; it can be disabled, not deleted.
package struct SnapshotPolicy: Hashable, Sendable, Codable {
    /// Each snapshot costs a manifest to read in every listing, and a native image to look after.
    package static let mostKept = 100

    package var isEnabled: Bool
    package var schedule: Schedule
    package var keep: KeepRules
    package var manual: ManualLimits
    /// How old the newest good snapshot may become before that is an alert (RPO); nil: as the cluster file says, else three periods.
    package var objective: Period?
    /// How long a restore may take before that is an alert (RTO); nil: as the cluster file says, else nothing is.
    package var recoveryObjective: Period?

    package init(isEnabled: Bool = true, schedule: Schedule, keep: KeepRules, manual: ManualLimits = .standard) {
        self.isEnabled = isEnabled
        self.schedule = schedule
        self.keep = keep
        self.manual = manual
    }

    /// The one of a cluster that nobody has given another: every hour, kept 3@1h,4@4h,4@1d,2@1w.
    package static let standard = SnapshotPolicy(
        schedule: Schedule(of: Period(known: 3600)),
        keep: KeepRules(known: [
            KeepRule(known: 3, 3600), KeepRule(known: 4, 4 * 3600), KeepRule(known: 4, 86_400), KeepRule(known: 2, 604_800),
        ]))

    package var retention: Retention { Retention(keep: keep, schedule: schedule) }

    /// "every 2h at 15m, kept 3@2h,4@1d".
    package var text: String { "\(schedule.text), kept \(keep.text)" + (isEnabled ? "" : ", disabled") }
}

/// When backups are made by themselves, into which target, and which of them stay.
package struct BackupPolicy: Hashable, Sendable, Codable {
    package static let mostKept = 1000
    /// Its backups are named after it and the time, and names have 44 characters.
    package static let longestName = 28
    /// Of the data of a new backup, read and proven before older ones may go, where nothing else is said.
    package static let usualVerifyPercent = 5

    package var name: String
    /// The name of a target.
    package var target: String
    package var mode: BackupMode
    package var isEnabled: Bool
    package var schedule: Schedule
    package var keep: KeepRules
    /// How old the newest good backup may become before that is an alert (RPO); nil: as the cluster file says, else three periods.
    package var objective: Period?
    /// How long it may take until all is back in use before that is an alert (RTO); nil: as the cluster file says, else nothing is.
    package var recoveryObjective: Period?
    /// 0...100; nil: ``usualVerifyPercent``.
    package var verifyPercent: Int?
    /// How often a backup is drilled, after it was made; nil: never by itself.
    package var drill: Period?
    /// Whether backups keep the files of PostgreSQL servers beside the dumps; nil: they do not.
    package var form: StoredForm?

    /// Throws `usage` for a name that cannot be.
    package init(
        name: String, target: String, mode: BackupMode, isEnabled: Bool = true, schedule: Schedule, keep: KeepRules
    ) throws(Failure) {
        try Self.check(name)
        self.name = name
        self.target = target
        self.mode = mode
        self.isEnabled = isEnabled
        self.schedule = schedule
        self.keep = keep
    }

    package static func check(_ name: String) throws(Failure) {
        try NameRule.check(name, of: "policy")
        guard name.utf8.count <= longestName else {
            throw Failure(
                .usage, "the policy name \"\(name)\" is \(name.utf8.count) characters long",
                hint: "use at most \(longestName): the time is added to it to name the backups")
        }
    }

    package var retention: Retention { Retention(keep: keep, schedule: schedule) }

    /// "full into nas, every 1d at 2h, kept 7@1d".
    package var text: String {
        "\(mode.rawValue) into \(target), \(schedule.text), kept \(keep.text)\(drill.map { ", drilled every \($0)" } ?? "")"
            + (isEnabled ? "" : ", disabled")
    }
}
