/// What a cluster remembers beside its repositories: the state file. A value; functions change it, whoever holds the cluster's lock
/// writes it.
package struct Catalogue: Hashable, Sendable, Codable {
    package static let newestFormat = 1
    /// History events kept; older ones fall off.
    package static let historyLimit = 1000

    package var format: Int
    /// Without the release, which the cluster file has.
    package var clusterID: String
    package var clusterName: String
    package var created: Timestamp
    /// Nil when it was made by `cluster init`.
    private var formers: [String]?
    /// Targets added by command, beside those of the cluster file.
    package private(set) var targets: [TargetRecord]
    /// By hex of the snapshot id.
    package private(set) var overrides: [String: KeepingOverride]
    package var safety: SafetyRecord?
    /// Set while a restore changes stores; found again after a crash. See `RestoreProgress.swift`.
    package var restoring: RestoreRecord?
    /// Set while a backup is made; the backup's lock says whether it still is.
    package var copying: CopyRecord?
    /// Nil in catalogues of before there was such a thing.
    private var halves: [HalfRestoredStore]?
    /// Nil when there are none. See `ComparisonBase.swift`.
    var bases: [ComparisonBase]?
    /// Ids of entries whose doubts a person has dispelled, how much stores held when they were last known to be right, and what the newest images
    /// lack; nil when there are none. See `ImageStandings.swift`.
    var accepted: [String]?
    var baselines: [StoreBaseline]?
    var reports: [ImageReport]?
    /// Nil in catalogues of before there was such a thing. See `BackupNote.swift`.
    private var notes: [BackupNote]?
    /// Nil when there are none. See `IncompleteRestore.swift`.
    var incomplete: [IncompleteRestore]?
    /// Nil in catalogues of before there were policies.
    private var policyState: Policies?
    /// Oldest first.
    package private(set) var history: [HistoryEvent]

    package init(clusterID: String, clusterName: String, created: Timestamp) {
        format = Self.newestFormat
        self.clusterID = clusterID
        self.clusterName = clusterName
        self.created = created
        targets = []
        overrides = [:]
        policyState = Policies()
        history = []
    }

    /// When snapshots whose time was over have been removed since the last prune of the storage, and that is a day ago or more: to look for
    /// what nothing needs any more costs a walk through all snapshots.
    package func isPruneDue(at now: Timestamp) -> Bool {
        let prunes = [HistoryEvent.pruned, "snapshot delete"]
        let last = history.lastIndex { event in event.outcome == "ok" && prunes.contains { event.command.hasPrefix($0) } }
        guard let expiry = history.lastIndex(where: { $0.command.hasPrefix(HistoryEvent.expired) }) else { return false }
        guard let last else { return true }
        return last < expiry && !(0..<86_400).contains(now.secondsSince(history[last].time))
    }

    /// Ids that the cluster had before it was restored from a backup, the last one first: its earlier backups are theirs.
    package var formerIDs: [String] {
        get { formers ?? [] }
        set { formers = newValue.isEmpty ? nil : newValue }
    }

    /// Stores that earlier restores left half done; those of ``restoring`` are not among them.
    package internal(set) var halfRestored: [HalfRestoredStore] {
        get { halves ?? [] }
        set { halves = newValue.isEmpty ? nil : newValue }
    }

    /// In the order of their noting.
    package internal(set) var backupNotes: [BackupNote] {
        get { notes ?? [] }
        set { notes = newValue.isEmpty ? nil : newValue }
    }

    /// Those of a new cluster, where the catalogue is of before there were any.
    package var policies: Policies {
        get { policyState ?? Policies() }
        set { policyState = newValue }
    }

    package mutating func record(_ event: HistoryEvent) {
        history.append(event)
        if history.count > Self.historyLimit { history.removeFirst(history.count - Self.historyLimit) }
    }

    /// Throws `exists` when a target of that name or path is known, unless both are the same.
    package mutating func addTarget(_ target: TargetRecord) throws(Failure) {
        try NameRule.check(target.name, of: "target")
        if let known = targets.first(where: { $0.name == target.name || $0.path == target.path }) {
            throw Failure(
                .exists, "the target \(known.name) at \(known.path) exists already", hint: "holdfast target ls shows the targets")
        }
        targets.append(target)
    }

    package mutating func removeTarget(named name: String) {
        targets.removeAll { $0.name == name }
        reports = reports?.filter { $0.target != name }
    }

    package func target(named name: String) -> TargetRecord? { targets.first { $0.name == name } }

    package mutating func setPinned(_ pinned: Bool, of id: String) { overrides[id, default: KeepingOverride()].pinned = pinned }

    package mutating func setExpiry(_ expiry: Expiry, of id: String) { overrides[id, default: KeepingOverride()].expires = expiry }

    /// Drops what is known of a snapshot that was deleted.
    package mutating func forget(_ id: String) {
        overrides[id] = nil
        accepted = accepted.flatMap { known in
            let rest = known.filter { $0 != id }
            return rest.isEmpty ? nil : rest
        }
        policyState?.forget([id])
        if safety?.snapshotID == id { safety = nil }
    }

    /// How long a snapshot is kept: what was said last, else what its manifest says.
    package func keeping(of manifest: Manifest, id: String) -> Keeping {
        let override = overrides[id]
        return Keeping(
            pinned: override?.pinned ?? manifest.pinned, expires: override?.expires ?? Expiry(manifest.expires))
    }
}

/// A place for backups that was added by command.
package struct TargetRecord: Hashable, Sendable, Codable {
    package var name: String
    /// Absolute.
    package var path: String
    package var added: Timestamp

    package init(name: String, path: String, added: Timestamp) {
        self.name = name
        self.path = path
        self.added = added
    }
}

/// What commands said after a snapshot was taken; nil is nothing.
package struct KeepingOverride: Hashable, Sendable, Codable {
    package var pinned: Bool?
    package var expires: Expiry?

    package init(pinned: Bool? = nil, expires: Expiry? = nil) {
        self.pinned = pinned
        self.expires = expires
    }
}

/// The last snapshot that a restore took before it changed anything: what `undo` goes back to.
package struct SafetyRecord: Hashable, Sendable, Codable {
    /// Hex.
    package var snapshotID: String
    package var name: SnapshotName
    package var taken: Timestamp
    /// Name of the snapshot that was restored then.
    package var before: SnapshotName
    /// Names of the stores that were restored then.
    package var stores: [String]

    package init(snapshotID: String, name: SnapshotName, taken: Timestamp, before: SnapshotName, stores: [String]) {
        self.snapshotID = snapshotID
        self.name = name
        self.taken = taken
        self.before = before
        self.stores = stores
    }
}

/// A restore under way.
package struct RestoreRecord: Hashable, Sendable, Codable {
    /// Hex.
    package var snapshotID: String
    package var name: SnapshotName
    package var began: Timestamp
    /// Hex; nil when it runs without a safety snapshot.
    package var safetySnapshotID: String?
    package var stores: [String]
    /// Those of `stores` that equal the image already.
    package var finished: [String]
    /// The absolute path of each store, where the restore found an empty place: what lies there is its own. Nil for a restore in place.
    package var places: [String: String]?
    /// Begun by `snapshot undo`; nil is no.
    package var isUndo: Bool?

    package init(
        snapshotID: String, name: SnapshotName, began: Timestamp, safetySnapshotID: String?, stores: [String], finished: [String] = [],
        places: [String: String]? = nil, isUndo: Bool? = nil
    ) {
        self.snapshotID = snapshotID
        self.name = name
        self.began = began
        self.safetySnapshotID = safetySnapshotID
        self.stores = stores
        self.finished = finished
        self.places = places
        self.isUndo = isUndo
    }
}

package struct HistoryEvent: Hashable, Sendable, Codable {
    /// How the commands begin under which it is noted that the storage was pruned, and that snapshots were removed because of their age.
    package static let pruned = "snapshot prune"
    package static let expired = "snapshot expire"
    /// A snapshot of the policy, a run that there was none of, and the outcome of that.
    package static let periodic = "snapshot policy run"
    package static let missed = "missed"
    /// A backup of a policy, whose name follows, and what was removed because of its age.
    package static let backupPolicy = "backup policy run"
    package static let backupExpired = "backup expire"
    package static let targetPruned = "target prune"
    package static let skipped = "skipped"
    /// The name of a backup follows.
    package static let drill = "backup drill"

    package var time: Timestamp
    /// "snapshot create nightly".
    package var command: String
    /// "ok" or a failure code.
    package var outcome: String
    package var seconds: Double

    package init(time: Timestamp, command: String, outcome: String, seconds: Double) {
        self.time = time
        self.command = command
        self.outcome = outcome
        self.seconds = seconds
    }
}
