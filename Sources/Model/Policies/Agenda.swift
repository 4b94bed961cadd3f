/// One of a cluster's policies.
package enum PolicyID: Hashable, Sendable {
    case snapshots
    case backup(String)

    /// "snapshot policy", "backup policy nightly".
    package var text: String {
        switch self {
        case .snapshots: "snapshot policy"
        case .backup(let name): "backup policy \(name)"
        }
    }

    /// Of a backup policy; see ``Policies/subscript(record:)``.
    package var backupName: String? {
        switch self {
        case .snapshots: nil
        case .backup(let name): name
        }
    }
}

/// A run that is due.
package struct DueRun: Hashable, Sendable {
    package var policy: PolicyID
    package var slot: Timestamp
    /// Slots that had none, between the last run and this one.
    package var missed: Int64
    /// Times that it failed before.
    package var failures: Int
}

/// What the policies of a cluster want, in what order.
extension Policies {
    /// Those that are enabled, in the order in which they run when several are due at once: the snapshots, because they are quick; then backups
    /// as they were made.
    private var enabled: [(id: PolicyID, schedule: Schedule, record: PolicyRecord)] {
        let snapshots = snapshot.isEnabled ? [(PolicyID.snapshots, snapshot.schedule, snapshotRecord)] : []
        return snapshots + backups.filter(\.policy.isEnabled).map { (.backup($0.policy.name), $0.policy.schedule, $0.record) }
    }

    /// Nil for a policy that is not there.
    package func schedule(of policy: PolicyID) -> Schedule? {
        guard let name = policy.backupName else { return snapshot.schedule }
        return backups.first { $0.policy.name == name }?.policy.schedule
    }

    /// With the states of all schedules as they are to be believed at `now`.
    package func settled(at now: Timestamp) -> Policies {
        var settled = self
        for (id, schedule, record) in enabled { settled[record: id.backupName].state = schedule.settled(record.state, at: now) }
        return settled
    }

    /// For ``settled(at:)`` policies: the run that is to be made now, of those that are due the one that has waited the longest, from the first slot that had
    /// none, so that one whose runs take longer than its period leaves time for the others; and the first instant at which another will be, nil when no
    /// policy is enabled. `elapsed`: see ``Schedule/due(_:at:elapsed:)``.
    package func agenda(at now: Timestamp, elapsed: (PolicyID) -> Double?) -> (due: DueRun?, next: Timestamp?) {
        var due: [(run: DueRun, since: Timestamp)] = []
        var next: Timestamp?
        for (id, schedule, record) in enabled {
            switch schedule.due(record.state, at: now, elapsed: elapsed(id)) {
            case .now(let slot, let missed):
                let waiting = missed.multipliedReportingOverflow(by: schedule.every.seconds)
                let since = slot.adding(seconds: waiting.overflow ? -slot.seconds : -waiting.partialValue)
                due.append((DueRun(policy: id, slot: slot, missed: missed, failures: 0), since))
            case .retry(let slot, let failures): due.append((DueRun(policy: id, slot: slot, missed: 0, failures: failures), slot))
            case .later(let instant): next = min(next ?? instant, instant)
            }
        }
        let first = due.enumerated().min { ($0.element.since, $0.offset) < ($1.element.since, $1.offset) }?.element
        return (first?.run, next)
    }
}
