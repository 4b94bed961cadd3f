/// What holds the snapshots of the policy, as the catalogue knows it.
extension Catalogue {
    /// What keeps a snapshot of the policy beside its buckets.
    package func otherHolds(on id: String, at now: Timestamp) -> Set<Hold> {
        var holds: Set<Hold> = []
        if overrides[id]?.pinned == true { holds.insert(.pinned) }
        switch overrides[id]?.expires {
        case .never: holds.insert(.lifetime(.never))
        case .at(let end) where end > now: holds.insert(.lifetime(.at(end)))
        case .at, nil: break
        }
        if safety?.snapshotID == id { holds.insert(.needed("undo of the last restore")) }
        if restoring?.snapshotID == id || restoring?.safetySnapshotID == id { holds.insert(.needed("a restore that did not end")) }
        if let copying, copying.snapshotID == id { holds.insert(.needed("backup \(copying.backup) is made from it")) }
        return holds
    }

    /// Everything that keeps each snapshot of the policy, by id.
    package func snapshotHolds(at now: Timestamp) -> [String: Set<Hold>] {
        let arrivals = policies.snapshotRecord.arrivals
        let standing = policies.snapshot.retention.holds(on: arrivals)
        return arrivals.reduce(into: [:]) { $0[$1.id] = standing[$1.id, default: []].union(otherHolds(on: $1.id, at: now)) }
    }

    /// Those that `policy` would not keep, oldest first.
    package func snapshotsLeaving(under policy: SnapshotPolicy, at now: Timestamp) -> [Arrival] {
        policy.retention.leaving(policies.snapshotRecord.arrivals) { otherHolds(on: $0.id, at: now) }
    }

    /// Whether the policy alone says how long a snapshot is kept.
    package func isKeptByPolicy(_ id: String) -> Bool { policies.snapshotRecord.arrivals.contains { $0.id == id } }

    /// What the history knows of the runs of a backup policy, also of those that there were none of; newest last.
    package func runs(ofBackupPolicy name: String) -> [HistoryEvent] {
        let command = "\(HistoryEvent.backupPolicy) \(name)"
        return history.filter { event in
            event.command == command || event.command.hasPrefix(HistoryEvent.missed) && event.command.contains(" of \(command): ")
        }
    }
}
