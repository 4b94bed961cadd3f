/// Whether this installation may act for its cluster: `standing.json` in `state`. A value; ``observe(_:at:leaseSeconds:)`` says what follows from a look at
/// the target.
package struct Standing: Hashable, Sendable, Codable {
    package static let newestFormat = 1

    package enum Role: String, Sendable, Codable {
        /// Takes snapshots and makes backups.
        case active
        /// Is kept in sync with the active one.
        case standby
        /// Another one took over.
        case fenced
    }

    /// A target that somebody keeps a standby from.
    package struct Watched: Hashable, Sendable, Codable {
        /// Path of the target.
        package var target: String
        /// The newest epoch that was seen there; 0 before the first.
        package var epoch: UInt64
        /// The last time that this installation was seen to own it.
        package var seen: Instant
        /// The epoch could not be raised when this installation took over, because the target was not there: as soon as it is.
        package var isOwed: Bool?
        /// Not in what was written before records were signed: then it is not known whether those that are there are true.
        package var isSigned: Bool?

        package init(target: String, epoch: UInt64, seen: Instant, isOwed: Bool? = nil) {
            self.target = target
            self.epoch = epoch
            self.seen = seen
            self.isOwed = isOwed
            isSigned = true
        }

        /// The newest epoch that may count: a number that cannot be one does not.
        package var lastEpoch: UInt64 { EpochNumber.remembered(epoch) }
    }

    /// What the clocks said, so that the time since can be told whatever was done to the time of day.
    package struct Instant: Hashable, Sendable, Codable {
        package var wall: Timestamp
        private var boot: String
        private var nanoseconds: UInt64

        package init(_ reading: ClockReading) {
            wall = reading.wall
            boot = reading.boot
            nanoseconds = reading.nanoseconds
        }

        /// By the boot clock within one run of the system, else by the time of day; never negative.
        package func seconds(until now: ClockReading) -> Double {
            if !boot.isEmpty, boot == now.boot, now.nanoseconds >= nanoseconds { return Double(now.nanoseconds - nanoseconds) / 1e9 }
            return max(0, now.wall.secondsSince(wall))
        }
    }

    package struct Fencing: Hashable, Sendable, Codable {
        package var target: String
        package var record: EpochRecord
        package var at: Timestamp
        /// What came of the hook: nil before it ran, empty when it went well, else why not.
        package var hook: String?

        package init(target: String, record: EpochRecord, at: Timestamp, hook: String? = nil) {
            self.target = target
            self.record = record
            self.at = at
            self.hook = hook
        }
    }

    package struct Suspension: Hashable, Sendable, Codable {
        package var target: String
        package var since: Timestamp
        /// Why the target cannot be read.
        package var reason: String
        /// As of ``Fencing``.
        package var hook: String?
    }

    package var format: Int
    /// Id of this installation, random.
    package var member: String
    package var role: Role
    package var watched: [Watched]
    package var fencing: Fencing?
    package var suspension: Suspension?
    /// A handover that was begun and not ended; the applications are stopped.
    package var handover: HandoverRequest?
    /// Counts the notices of this installation.
    package private(set) var serial: UInt64?
    /// The newest notice of each standby that was seen: an older one does not count.
    package private(set) var seenSerials: [String: UInt64]?
    /// Tokens of the last wishes that were answered, so that none is answered twice.
    package private(set) var answered: [String]?
    /// By target: the newest epoch that this installation owned or was fenced by. Kept when nobody is watched there any more.
    private var seenEpochs: [String: UInt64]?
    /// By target: what lies there and counts for nothing, in words.
    package var doubts: [String: [String]]?

    package init(member: String, role: Role = .active) {
        format = Self.newestFormat
        self.member = member
        self.role = role
        watched = []
    }
}

/// What a look at a target has shown.
package enum EpochSight: Hashable, Sendable {
    /// Nobody keeps a standby from it.
    case unwatched
    /// Somebody does; nil: and no epoch was raised yet.
    case epoch(EpochRecord?)
    /// It is there, and what somebody has put into it hides the records. Who does that can remove them as well: a reason to tell it, not to stop.
    case obscured
    case unreachable(String)
}

/// What is to be done after a look, in this order.
package enum StandingStep: Hashable, Sendable {
    /// The epoch is to be raised in the target, over the one that was seen.
    case claim(target: String, over: EpochRecord?, EpochRecord.Reason)
    case fenced
    case suspended
    /// The suspension is over.
    case resumed
}

extension Standing {
    private static let answersKept = 20
    /// Doubts that are told in full.
    package static let doubtsNamed = 3

    package mutating func nextSerial() -> UInt64 {
        let next = min(EpochNumber.remembered(serial ?? 0) + 1, EpochNumber.largest)
        serial = next
        return next
    }

    /// Whether it is not older than one of its standby that was seen before.
    package func isCurrent(_ notice: StandbyNotice) -> Bool { (notice.serial ?? 0) >= (seenSerials?[notice.member] ?? 0) }

    package mutating func note(_ notices: [StandbyNotice]) {
        for notice in notices where isCurrent(notice) {
            seenSerials = (seenSerials ?? [:]).merging([notice.member: notice.serial ?? 0]) { $1 }
        }
    }

    package mutating func noteAnswer(to wish: HandoverRequest) {
        answered = Array(((answered ?? []) + [wish.token]).suffix(Self.answersKept))
    }

    package func hasAnswered(_ wish: HandoverRequest) -> Bool { answered?.contains(wish.token) ?? false }

    /// The newest epoch of a target that was seen; 0 before the first.
    package func lastEpoch(in target: String) -> UInt64 {
        max(watched.first { $0.target == target }?.lastEpoch ?? 0, EpochNumber.remembered(seenEpochs?[target] ?? 0))
    }

    private mutating func remember(_ epoch: UInt64, in target: String) {
        seenEpochs = (seenEpochs ?? [:]).merging([target: EpochNumber.remembered(epoch)]) { max($0, $1) }
    }

    private mutating func doubt(_ words: String, in target: String) {
        var known = doubts ?? [:]
        if known[target]?.contains(words) != true { known[target, default: []].append(words) }
        doubts = known
    }

    package mutating func observe(
        _ sights: [(target: String, sight: EpochSight)], at now: ClockReading, leaseSeconds: Double
    ) -> [StandingStep] {
        guard role == .active else { return [] }
        var steps: [StandingStep] = []
        var late: Suspension?
        for (target, sight) in sights {
            let known = watched.firstIndex { $0.target == target }
            let isOwed = known.map { watched[$0].isOwed == true } ?? false
            switch sight {
            case .unwatched:
                if let known, !isOwed { watched.remove(at: known) }
                if isOwed { steps.append(.claim(target: target, over: nil, .promotion)) }
            case .epoch(let record?) where record.owner == member:
                if record.epoch < lastEpoch(in: target) { doubt(Self.older(record, than: lastEpoch(in: target)), in: target) }
                note(target, record.epoch, now)
            case .epoch(nil):
                if let known, !isOwed, watched[known].lastEpoch > 0 { doubt(Self.gone(lastEpoch(in: target)), in: target) }
                steps.append(.claim(target: target, over: nil, isOwed ? .promotion : .watched))
                if !isOwed { note(target, 0, now) }
            case .epoch(let record?):
                if isOwed, record.epoch <= lastEpoch(in: target) {
                    steps.append(.claim(target: target, over: record, .promotion))
                    continue
                }
                guard record.epoch > lastEpoch(in: target) else {
                    // What was there when this installation owned it later, put back by somebody: the number goes on from the last one.
                    doubt(Self.older(record, than: lastEpoch(in: target)), in: target)
                    steps.append(.claim(target: target, over: record, .watched))
                    continue
                }
                yield(to: record, in: target, at: now.wall, hook: nil)
                return [.fenced]
            case .obscured:
                guard let known, !isOwed else { continue }
                note(target, watched[known].lastEpoch, now)
            case .unreachable(let reason):
                guard let known, watched[known].isOwed != true, watched[known].seen.seconds(until: now) > leaseSeconds else { continue }
                late = suspension ?? Suspension(target: target, since: now.wall, reason: reason)
            }
        }
        if late != nil, suspension == nil { steps.append(.suspended) }
        if late == nil, suspension != nil { steps.append(.resumed) }
        suspension = late
        return steps
    }

    private static func older(_ record: EpochRecord, than last: UInt64) -> String {
        "the newest epoch is \(record.epoch), of \(printable(record.host)), and \(last) was this one's: the target was put back to an older state, or somebody removes records"
    }

    private static func gone(_ last: UInt64) -> String {
        "the record of epoch \(last), this one's, is gone from there: somebody removes records, or the target was emptied"
    }

    private mutating func note(_ target: String, _ epoch: UInt64, _ now: ClockReading) {
        remember(epoch, in: target)
        let seen = Watched(target: target, epoch: lastEpoch(in: target), seen: Instant(now))
        if let known = watched.firstIndex(where: { $0.target == target }) { watched[known] = seen } else { watched.append(seen) }
    }

    /// This installation owns `target` from now on, or will as soon as that is there again.
    package mutating func own(_ target: String, _ epoch: UInt64, at now: ClockReading, isOwed: Bool = false) {
        note(target, epoch, now)
        for index in watched.indices where watched[index].target == target { watched[index].isOwed = isOwed ? true : nil }
        role = .active
        fencing = nil
        suspension = nil
        handover = nil
    }
}

/// What somebody wants to do who must be allowed to act for the cluster.
package enum Action: String, Sendable {
    case snapshot, backup, restore
}

extension Standing {
    /// Throws `fenced` when this installation may not do that.
    package func allow(_ action: Action, cluster: String, file: String) throws(Failure) {
        switch role {
        case .standby:
            throw Failure(
                .fenced, "the cluster \(cluster) is a standby here: the active one takes the snapshots and makes the backups",
                hint: "holdfast standby status -c \(file); holdfast standby promote makes it the active one")
        case .fenced:
            let what = fencing.map { "\($0.record.host) took it over with epoch \($0.record.epoch), \($0.record.raised.readable)" }
            throw Failure(
                .fenced, "the cluster \(cluster) is fenced here: \(what ?? "another one took it over")",
                hint:
                    "holdfast standby start makes it the standby of the new owner; only when that one is gone for good: holdfast standby override --reason TEXT -c \(file)",
                cause: fencing.map { "seen in \($0.target)" })
        case .active:
            guard let suspension, action == .backup else { return }
            throw Failure(
                .fenced,
                "the cluster \(cluster) is suspended since \(suspension.since.readable): its lease on \(suspension.target) ran out",
                hint: "mount the disk or share; it goes on by itself when the target says that nobody took over", cause: suspension.reason)
        }
    }
}

extension Standing {
    /// Becomes a standby, whatever it was.
    package mutating func standDown() {
        role = .standby
        watched = []
        fencing = nil
        suspension = nil
        handover = nil
    }

    /// Another one owns the cluster. `hook`: what came of the command that stops the applications; nil when it is still to be run.
    package mutating func yield(to record: EpochRecord, in target: String, at now: Timestamp, hook: String?) {
        role = .fenced
        suspension = nil
        handover = nil
        remember(record.epoch, in: target)
        fencing = Fencing(target: target, record: record, at: now, hook: hook)
    }
}
