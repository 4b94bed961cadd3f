/// What a schedule has to know of the past: it stands in the catalogue, and so survives every restart.
package struct ScheduleState: Hashable, Sendable, Codable {
    /// The instant that the last run was for; nil before the first.
    package var lastSlot: Timestamp?
    /// Runs for that slot that failed one after the other.
    package var failures: Int
    /// When the last run ended, by the clock of then.
    package var lastEnded: Timestamp?

    package init(lastSlot: Timestamp? = nil, failures: Int = 0, lastEnded: Timestamp? = nil) {
        self.lastSlot = lastSlot
        self.failures = failures
        self.lastEnded = lastEnded
    }
}

/// What there is to be done about a schedule now.
package enum Due: Hashable, Sendable {
    /// Run now, for this slot; so many slots before it were missed and are not made up for.
    case now(slot: Timestamp, missed: Int64)
    /// Run now: the run for this slot failed so many times.
    case retry(slot: Timestamp, failures: Int)
    /// Nothing before this instant.
    case later(Timestamp)
}

extension Schedule {
    /// Times that a run is tried again before its next slot.
    package static let retries = 3

    /// Seconds between a failed run and the next try: an eighth of the period, from a second to an hour.
    package var pauseAfterFailure: Int64 { min(max(every.seconds / 8, 1), 3600) }

    /// The state as it is to be believed at `now`: a last slot that lies more than a period ahead was noted by a clock that was wrong then or is
    /// wrong now, and counts as the present slot, so that the next run is at most a period away.
    package func settled(_ state: ScheduleState, at now: Timestamp) -> ScheduleState {
        var settled = state
        if let last = state.lastSlot, last.secondsSince(now) > Double(every.seconds) { settled.lastSlot = slot(atOrBefore: now) }
        if let ended = state.lastEnded, ended > now { settled.lastEnded = now }
        return settled
    }

    /// As if it had run at `now`: how a policy begins that is new, was changed or was enabled again.
    package func begun(at now: Timestamp) -> ScheduleState { ScheduleState(lastSlot: slot(atOrBefore: now)) }

    /// What is to be done, for a ``settled(_:at:)`` state. However many slots were missed, there is one run for all of them. A clock that was put
    /// back keeps no run waiting for more than a period: `elapsed` is the time since the last run by a clock that nobody sets, nil when there
    /// is none.
    package func due(_ state: ScheduleState, at now: Timestamp, elapsed: Double?) -> Due {
        let present = slot(atOrBefore: now)
        guard let last = state.lastSlot else { return .now(slot: present, missed: 0) }
        if present > last {
            let between = present.seconds.subtractingSaturated(last.seconds).subtractingSaturated(1) / every.seconds
            return .now(slot: present, missed: between)
        }
        if let elapsed, elapsed >= Double(every.seconds) { return .now(slot: last, missed: 0) }
        let next = slot(after: last)
        guard (1...Self.retries).contains(state.failures), let ended = state.lastEnded else { return .later(next) }
        let again = ended.adding(seconds: pauseAfterFailure)
        return again <= now ? .retry(slot: last, failures: state.failures) : .later(min(again, next))
    }
}
