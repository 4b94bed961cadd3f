/// The policies of a cluster and what became of them; a part of the catalogue.
package struct Policies: Hashable, Sendable, Codable {
    /// A backup policy with what became of it.
    package struct Backup: Hashable, Sendable, Codable {
        package var policy: BackupPolicy
        package var record: PolicyRecord

        package init(policy: BackupPolicy, record: PolicyRecord) {
            self.policy = policy
            self.record = record
        }

        /// Whether a backup of the policy is to be drilled now. Runs do not come to the second, so half a period early is due.
        package func isDrillDue(at now: Timestamp) -> Bool {
            guard policy.isEnabled, let every = policy.drill else { return false }
            guard let last = record.lastDrill else { return true }
            let wanted = Double(every.seconds) - Double(min(policy.schedule.every.seconds, every.seconds)) / 2
            return !(0..<wanted).contains(now.secondsSince(last.time))
        }
    }

    package var snapshot: SnapshotPolicy
    package var snapshotRecord: PolicyRecord
    /// In the order of their making; names differ.
    package private(set) var backups: [Backup]

    /// Those of a cluster that has just been made.
    package init() {
        snapshot = .standard
        snapshotRecord = PolicyRecord()
        backups = []
    }

    /// Throws `notFound` with the nearest name.
    package func backup(named name: String) throws(Failure) -> Backup {
        if let known = backups.first(where: { $0.policy.name == name }) { return known }
        let near = nearest(to: name, among: backups.map(\.policy.name)).map { "did you mean \($0)? " } ?? ""
        throw Failure(
            .notFound, "there is no backup policy named \"\(printable(name))\"", hint: "\(near)holdfast backup policy ls shows them")
    }

    /// Of a backup policy, or of the snapshot policy (nil). Of one that is not there nothing is known or kept.
    package subscript(record name: String?) -> PolicyRecord {
        get { name == nil ? snapshotRecord : backups.first { $0.policy.name == name }?.record ?? PolicyRecord() }
        set {
            guard let name else {
                snapshotRecord = newValue
                return
            }
            for index in backups.indices where backups[index].policy.name == name { backups[index].record = newValue }
        }
    }

    /// Throws `exists` for a name that is taken.
    package mutating func add(_ policy: BackupPolicy, at now: Timestamp) throws(Failure) {
        guard !backups.contains(where: { $0.policy.name == policy.name }) else {
            throw Failure(
                .exists, "a backup policy named \(policy.name) exists already",
                hint: "change it: holdfast backup policy update \(policy.name)")
        }
        var record = PolicyRecord()
        record.begin(policy.schedule, at: now)
        backups.append(Backup(policy: policy, record: record))
    }

    package mutating func disable(_ policy: PolicyID) {
        switch policy {
        case .snapshots: snapshot.isEnabled = false
        case .backup(let name):
            for index in backups.indices where backups[index].policy.name == name { backups[index].policy.isEnabled = false }
        }
    }

    /// Changes one that is there.
    package mutating func changeBackup(named name: String, _ body: (inout Backup) -> Void) throws(Failure) {
        _ = try backup(named: name)
        for index in backups.indices where backups[index].policy.name == name { body(&backups[index]) }
    }

    package mutating func removeBackup(named name: String) throws(Failure) {
        _ = try backup(named: name)
        backups.removeAll { $0.policy.name == name }
    }

    /// A backup with this id was drilled: known to the policy that made it.
    package mutating func noteDrill(_ note: DrillNote, of id: String) {
        for index in backups.indices where backups[index].record.arrivals.contains(where: { $0.id == id }) {
            backups[index].record.note(note)
        }
    }

    /// What is wrong with an entry that was proven has been judged anew.
    package mutating func reconsider(_ id: String, flawed: [String], at now: Timestamp) {
        func judge(_ record: inout PolicyRecord) {
            guard record.arrivals.contains(where: { $0.id == id && $0.flawedStores != nil }) else { return }
            record.proved(id, flawed: flawed, at: now)
        }
        judge(&snapshotRecord)
        for index in backups.indices { judge(&backups[index].record) }
    }

    /// What is known of a snapshot or backup that was removed goes.
    package mutating func forget(_ ids: Set<String>) {
        snapshotRecord.forget(ids)
        for index in backups.indices { backups[index].record.forget(ids) }
    }
}

extension Policies {
    /// With backups in another target: what is in it is the same, under another name.
    package func retargeted(from old: String, to new: String) -> Policies {
        var policies = self
        for index in policies.backups.indices where policies.backups[index].policy.target == old {
            policies.backups[index].policy.target = new
        }
        return policies
    }
}
