/// Something about a cluster that is not as it should be.
package struct Concern: Hashable, Sendable, Codable {
    package enum Severity: String, Sendable, Codable, Comparable, CaseIterable {
        case warning, critical

        package static func < (left: Severity, right: Severity) -> Bool { left == .warning && right == .critical }
    }

    /// The same thing has the same key for as long as it lasts: "snapshot-age", "backup-age nightly".
    package var key: String
    package var severity: Severity
    package var message: String
    /// What to do next.
    package var remedy: String

    package init(_ key: String, _ severity: Severity, _ message: String, remedy: String) {
        self.key = key
        self.severity = severity
        self.message = message
        self.remedy = remedy
    }
}

/// How much room there is in the storage or a target.
package struct PlaceRoom: Hashable, Sendable {
    package var name: String
    package var free: UInt64
    package var total: UInt64

    package init(name: String, free: UInt64, total: UInt64) {
        self.name = name
        self.free = free
        self.total = total
    }
}

/// What is known of a cluster when somebody asks how it is.
package struct HealthFacts: Hashable, Sendable {
    package var now: Timestamp
    /// When the cluster came under protection.
    package var protectedSince: Timestamp
    package var policies: Policies
    /// Of the newest snapshot and, by policy, backup that are good, by the clock of then.
    package var newestSnapshot: Timestamp?
    package var rooms: [PlaceRoom]
    /// What cannot be reached, or holds something that cannot be read, by the name of the place.
    package var troubles: [String: String]
    /// Repositories that are not what they were.
    package var placeDoubts: [RememberedPlace: PlaceDoubt] = [:]
    package var roomHistories: [String: RoomHistory] = [:]
    package var bounds = AlertBounds()
    package var objectives = Objectives()
    /// Of any backup that went well, by hand or by a policy.
    package var newestBackup: Timestamp?
    /// What the last restores took.
    package var snapshotRestore: Measurement?
    package var clusterRestore: Measurement?
    /// What the newest snapshot and the newest backup in each target lack.
    package var imageReports: [ImageReport] = []
    /// Work that took the process of the service down.
    package var unended: [UnendedWork] = []
    /// Nil when the cluster never had a standby, and never was one.
    package var standing: Standing?
    /// Of a standby.
    package var standby: StandbyRecord?
    /// Whether somebody does what the policies want; nil when nobody looked.
    package var isServed: Bool?
    /// Nil when nobody looked where things lie.
    package var loss: LossOfDisk?
    /// Targets of the cluster file that were never used, and at whose path there is nothing: paths by name.
    package var unused: [String: String] = [:]
    /// Backups that somebody has found damaged, and by target the cut of the newest one that can be relied on.
    package var damagedBackups: [BackupNote] = []
    package var newestUsable: [String: Timestamp?] = [:]
    /// Stores that a restore in place left half done.
    package var halfDone: [HalfRestoredStore] = []
    /// Stores whose last restore could not make everything as it was.
    package var incomplete: [IncompleteRestore] = []
    /// A restore that began and did not end.
    package var restoring: RestoreRecord?
    /// It is under way.
    package var isRestoring = false

    package init(
        now: Timestamp, protectedSince: Timestamp, policies: Policies, newestSnapshot: Timestamp? = nil, rooms: [PlaceRoom] = [],
        troubles: [String: String] = [:]
    ) {
        self.now = now
        self.protectedSince = protectedSince
        self.policies = policies
        self.newestSnapshot = newestSnapshot
        self.rooms = rooms
        self.troubles = troubles
    }
}

extension HealthFacts {
    static let fewPercent = 10
    static let veryFewPercent = 4

    /// Everything that is not as it should be, the worst first.
    package var concerns: [Concern] {
        // Policies are those of the active one.
        let isActive = standing.map { $0.role == .active } ?? true
        let ofPolicies =
            isActive ? snapshotConcerns + policies.backups.flatMap(backupConcerns) + cutConcerns + protectionConcerns : []
        let all =
            unserved + ofPolicies + unended.map(\.concern) + readings.flatMap(\.concerns) + imageReports.flatMap(\.concerns)
            + standingConcerns + standbyConcerns
            + rooms.compactMap(roomConcern)
            + rooms.compactMap(forecastConcern)
            + troubleConcerns + doubtConcerns
        return all.sorted { ($1.severity, $0.key) < ($0.severity, $1.key) }
    }

    private var unserved: [Concern] {
        guard isServed == false else { return [] }
        return [
            Concern(
                "unserved", .critical, "holdfast serve does not run: nothing is done by itself",
                remedy: "systemctl start holdfast@NAME, or holdfast serve")
        ]
    }

    private var standingConcerns: [Concern] {
        guard let standing else { return [] }
        var concerns: [Concern] = []
        if let fencing = standing.fencing, standing.role == .fenced {
            concerns.append(
                Concern(
                    "fenced", .critical, "fenced: \(fencing.record.host) took the cluster over with epoch \(fencing.record.epoch)",
                    remedy: "holdfast standby start makes this one the standby of the new owner"))
        }
        if let suspension = standing.suspension {
            concerns.append(
                Concern(
                    "suspended", .critical, "suspended: the lease on \(suspension.target) ran out: \(suspension.reason)",
                    remedy: "mount the disk or share"))
        }
        for (target, lines) in standing.doubts ?? [:] { concerns.append(Self.doubt(lines, in: target)) }
        if let trouble = [standing.fencing?.hook, standing.suspension?.hook].compactMap({ $0 }).first(where: { !$0.isEmpty }) {
            concerns.append(Concern("standby-hook", .critical, trouble, remedy: "run it by hand"))
        }
        return concerns
    }

    private static func doubt(_ lines: [String], in target: String) -> Concern {
        let first = lines.prefix(Standing.doubtsNamed).joined(separator: "; ")
        let more = lines.count > Standing.doubtsNamed ? "; and \(counted(lines.count - Standing.doubtsNamed, "thing")) more" : ""
        return Concern(
            "standby-records \(target)", .critical, "in the target \(target) lies what counts for nothing: \(first)\(more)",
            remedy:
                "find out who can write there, and remove it; after an upgrade from a Holdfast that signed nothing: holdfast standby override --accept-unsigned on the active one"
        )
    }

    private var standbyConcerns: [Concern] {
        guard let standby else { return [] }
        let show = "holdfast standby status"
        var concerns: [Concern] = []
        if let failure = standby.lastFailure {
            concerns.append(Concern("standby-sync", .critical, "the last sync of the standby failed: \(failure)", remedy: show))
        }
        for writes in standby.writes ?? [] {
            let remedy = "find out who does, and stop it; \(show)"
            concerns.append(Concern("standby-written \(writes.store)", .warning, writes.words, remedy: remedy))
        }
        if standby.promotion != nil {
            concerns.append(
                Concern("standby-promotion", .critical, "a promotion was begun and did not end", remedy: "holdfast standby promote"))
        }
        return concerns
    }

    private var snapshotConcerns: [Concern] {
        let policy = policies.snapshot
        guard policy.isEnabled else {
            return [
                Concern(
                    "snapshot-policy-disabled", .warning, "the snapshot policy is disabled", remedy: "holdfast snapshot policy enable")
            ]
        }
        return failure(policies.snapshotRecord, "snapshot policy", "snapshot-failure", remedy: "holdfast snapshot create NAME shows it")
    }

    private func backupConcerns(_ backup: Policies.Backup) -> [Concern] {
        let (policy, record) = (backup.policy, backup.record)
        let show = "holdfast backup policy status \(policy.name)"
        guard policy.isEnabled else {
            return [
                Concern(
                    "backup-policy-disabled \(policy.name)", .warning, "the backup policy \(policy.name) is disabled",
                    remedy: "holdfast backup policy enable \(policy.name)")
            ]
        }
        let slow = record.concern(about: policy.schedule).map {
            Concern(
                "backup-slow \(policy.name)", .warning, "backup policy \(policy.name): \($0)", remedy: "give it a longer period: \(show)")
        }
        return failure(record, "backup policy \(policy.name)", "backup-failure \(policy.name)", remedy: show) + [slow].compactMap { $0 }
            + drillConcerns(backup)
    }

    private func drillConcerns(_ backup: Policies.Backup) -> [Concern] {
        let (name, record) = (backup.policy.name, backup.record)
        guard let last = record.lastDrill, last.verdict == .failed else { return [] }
        return [
            Concern(
                "drill-failure \(name)", .critical, "the backup \(last.backup) failed its drill: \(last.problem ?? "see its report")",
                remedy: "holdfast backup report \(last.backup) --target \(backup.policy.target)")
        ]
    }

    /// Critical when it has failed as often as it is tried.
    private func failure(_ record: PolicyRecord, _ what: String, _ key: String, remedy: String) -> [Concern] {
        guard let failure = record.lastFailure else { return [] }
        return [
            Concern(
                key, record.state.failures > Schedule.retries ? .critical : .warning, "\(what): the last run failed: \(failure)",
                remedy: remedy)
        ]
    }

    private func roomConcern(_ room: PlaceRoom) -> Concern? {
        let left = percent(room.free, of: max(room.total, 1))
        guard left < Self.fewPercent else { return nil }
        return Concern(
            "space \(room.name)", left < Self.veryFewPercent ? .critical : .warning,
            "\(room.name) has \(ByteCount(room.free)) free, \(left) % of \(ByteCount(room.total))",
            remedy: "keep less, or give it more room")
    }

    /// Only where there is room yet: what is nearly full is a concern of its own.
    private func forecastConcern(_ room: PlaceRoom) -> Concern? {
        guard roomConcern(room) == nil, let history = roomHistories[room.name], let left = history.secondsLeft(free: room.free),
            left < bounds.fullWithinSeconds
        else { return nil }
        let day = now.adding(seconds: Int64(saturating: left)).readable.prefix(10)
        return Concern(
            "space-forecast \(room.name)", left < bounds.fullWithinSeconds / 4 ? .critical : .warning,
            "\(room.name) will be full on \(day), in \(DurationText.spoken(seconds: left)), if it goes on as in the last "
                + "\(DurationText.spoken(seconds: history.reach))",
            remedy: "keep less, or give it more room")
    }

    /// Of the last snapshot of the policy.
    private var cutConcerns: [Concern] {
        guard let last = policies.snapshotRecord.samples.last else { return [] }
        func concern(_ key: String, _ what: String, _ seconds: Double?, _ bound: Double?, _ remedy: String) -> Concern? {
            guard let seconds, let bound, seconds > bound else { return nil }
            return Concern(
                key, .warning,
                "the last snapshot \(what) \(DurationText.spoken(seconds: seconds)); at most \(DurationText.spoken(seconds: bound)) is the aim",
                remedy: remedy)
        }
        return [
            concern(
                "snapshot-pause", "held the writers for", last.pauseSeconds, bounds.pauseSeconds,
                "look at the quiesce hooks of the cluster file, and at holdfast snapshot show"),
            concern(
                "snapshot-skew", "shows instants that lie apart by", last.skewSeconds, bounds.skewSeconds,
                "holdfast snapshot show names the stores; quiesce hooks hold their writers"),
        ].compactMap { $0 }
    }

    private var troubleConcerns: [Concern] {
        troubles.sorted { $0.key < $1.key }.map {
            Concern("place \($0.key)", .critical, "\($0.key): \($0.value)", remedy: "holdfast cluster status says more")
        }
    }

    private var doubtConcerns: [Concern] {
        placeDoubts.sorted { $0.key.key < $1.key.key }.map { place, doubt in
            Concern(
                "seen \(place.key)", .critical, "\(place.key): \(doubt.text); nothing is deleted there",
                remedy: "find out who did that; if it is to stay as it is: \(place.acceptance)")
        }
    }
}
