package import Clusters
package import HostIO
package import Model
import RepositoryEngine
import ResticFormat
import Snapshots

/// A backup that a policy has made.
package struct PolicyBackupOutcome: Sendable {
    package var backup: BackupOutcome
    /// Backups of the policy that were removed afterwards.
    package var removed: [SnapshotName]
}

extension Backups {
    /// Makes the backup that a policy wants, proves that everything it needs is in the target, and only then removes those of the policy that it
    /// does not keep any more. Nil when the policy has been disabled or deleted meanwhile.
    package func createByPolicy(_ name: String, _ run: PolicyRun, job: JobControl) throws -> PolicyBackupOutcome? {
        let command = "\(HistoryEvent.backupPolicy) \(name)"
        return try cluster.backingUp(command) { () throws -> PolicyBackupOutcome? in
            // Waits for a command that is at work before anything is noted.
            let wanted = try cluster.exclusively(command) { try cluster.policies() }
            guard let policy = try? wanted.backup(named: name).policy, policy.isEnabled else { return nil }
            try cluster.checkMay(.backup)
            let outcome = try cluster.running(command, run, of: name, job, .locking, flaw: { $0.backup.entry.flaw }) {
                try take(policy, job)
            }
            tidy(policy.target, job)
            cluster.publishNotices()
            return outcome
        }
    }

    private func take(_ policy: BackupPolicy, _ job: JobControl) throws -> PolicyBackupOutcome {
        let start = cluster.host.clock.monotonicNanoseconds()
        let listing = try list(in: policy.target).own(by: try owner())
        try cluster.reconcile(policy.name, with: listing, in: try cluster.target(named: policy.target).path, .locking)
        let name = try freeName("\(policy.name)-\(cluster.host.clock.now().compact)", besides: listing.names)
        try change(policy) { $0.pending = name }
        let backup = try make(BackupRequest(name: name.text, target: policy.target, mode: policy.mode, form: policy.form ?? .portable), job)
        try change(policy) { $0.arrive(backup.entry.id.hex, name, .flawed, at: cluster.host.readClocks()) }
        job.begin(phase: "verifying \(name)")
        do { try prove(name, policy, job) } catch {
            var note = BackupNote(of: backup.entry, in: policy.target)
            note.isGood = false
            try? cluster.updateCatalogue(.trying, "backup policy \(policy.name)") { $0.note(note) }
            throw error
        }
        let seconds = Double(cluster.host.clock.monotonicNanoseconds() &- start) / 1e9
        let sample = PolicyRecord.Sample(seconds: seconds, bytesAdded: backup.bytesAdded, bytes: backup.entry.manifest.bytes)
        try change(policy) { record in
            record.proved(backup.entry.id.hex, flawed: backup.entry.manifest.flawedStores, at: cluster.host.clock.now())
            record.add(sample)
        }
        // The backup is there, whatever comes of this.
        var removed: [SnapshotName] = []
        do { removed = try apply(policy, job) } catch {
            job.note("backups that the policy \(policy.name) does not keep any more are still there: \(Failure(describing: error).summary)")
        }
        return PolicyBackupOutcome(backup: backup, removed: removed)
    }

    /// Changes the record of the policy; not that of one that was sent into another target meanwhile, which has nothing there.
    private func change(_ policy: BackupPolicy, _ body: (inout PolicyRecord) -> Void) throws {
        try cluster.updateCatalogue(.locking, "backup policy \(policy.name)") { catalogue in
            guard (try? catalogue.policies.backup(named: policy.name))?.policy.target == policy.target else { return }
            body(&catalogue.policies[record: policy.name])
        }
    }

    private func prove(_ name: SnapshotName, _ policy: BackupPolicy, _ job: JobControl) throws {
        let report = try examine(name.text, in: policy.target, policy.proof, job)
        noteDamage(report, policy.proof, in: policy.target, .locking)
        for problem in report.check.problems { job.log("damaged: \(problem.text)") }
        guard !report.check.isSound else { return }
        throw Failure(
            .damaged, "the new backup \(name) in \(policy.target) is damaged, so no older one was removed",
            hint:
                "look at the target and its disk: holdfast backup verify \(name) --target \(policy.target) --read-data -c \(cluster.file.path)",
            cause: report.check.problems.first?.text)
    }

    /// Removes what no bucket of the policy, as it is by now, holds.
    private func apply(_ policy: BackupPolicy, _ job: JobControl) throws -> [SnapshotName] {
        let place = try cluster.target(named: policy.target)
        let names = try cluster.exclusivelyAtLast("backup policy \(policy.name)") { try removeLeaving(policy, from: place) }
        guard !names.isEmpty else { return [] }
        job.log("removed by the policy: \(names.map(\.text).joined(separator: " "))")
        freeTarget(place, job)
        return names
    }

    private func removeLeaving(_ policy: BackupPolicy, from place: TargetPlace) throws -> [SnapshotName] {
        guard let now = try? cluster.policies().backup(named: policy.name), now.policy.target == policy.target else { return [] }
        let leaving = now.policy.retention.leaving(now.record.arrivals)
        guard !leaving.isEmpty else { return [] }
        let ids = Set(leaving.map(\.id))
        try cluster.freeing(place.path) {
            let repository = try cluster.repository(of: place)
            let lock = try repository.lockForForgetting()
            defer { lock.release() }
            let entries = try cluster.believed(.backup, in: repository, at: place.path).entries
            try cluster.forget(entries.map(\.id).filter { ids.contains($0.hex) }, in: repository, at: place.path)
        }
        let names = leaving.map(\.name)
        try cluster.updateCatalogue { catalogue in
            catalogue.policies[record: policy.name].forget(ids)
            catalogue.forgetBackups(ids)
            let command = "\(HistoryEvent.backupExpired) \(names.map(\.text).joined(separator: " "))"
            catalogue.record(HistoryEvent(time: cluster.host.clock.now(), command: command, outcome: "ok", seconds: 0))
        }
        return names
    }

    /// In two phases, at most once a day. What keeps it from being done is told, and is no failure of the backup.
    private func freeTarget(_ place: TargetPlace, _ job: JobControl) {
        let command = "\(HistoryEvent.targetPruned) \(place.name)"
        do {
            let last = try cluster.catalogue().history.last { $0.command == command && $0.outcome == "ok" }
            if let last, (0..<86_400).contains(cluster.host.clock.now().secondsSince(last.time)) { return }
            _ = try cluster.recording(command, job, .locking) { try cluster.prune(place.path, PruneOptions(), job: job) }
        } catch {
            job.note("the room of removed backups in \(place.name) is not freed: \(Failure(describing: error).summary)")
        }
    }
}

extension BackupPolicy {
    /// How a new backup is proven before older ones may go.
    fileprivate var proof: DataReading {
        switch verifyPercent ?? BackupPolicy.usualVerifyPercent {
        case 0: .none
        case 100: .all
        case let percent: .sample(Double(percent) / 100)
        }
    }
}
