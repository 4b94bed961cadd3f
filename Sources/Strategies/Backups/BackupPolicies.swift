import Clusters
import HostIO
package import Model
import RepositoryEngine
import Snapshots

/// Backup policies as commands see and change them.
extension Backups {
    private var now: Timestamp { cluster.host.clock.now() }

    /// Enabled from its next slot on. Throws `notFound` for a target that is not known, `exists` for a name that is taken.
    package func createPolicy(_ policy: BackupPolicy) throws -> [String] {
        try checkTarget(policy.target)
        try changing("create \(policy.name)") { try $0.add(policy, at: now) }
        return try concerns(about: policy.name)
    }

    /// What a change would let go. The plan is empty when that is nothing.
    package func planPolicy(_ name: String, _ change: PolicyChange) throws -> PolicyPlan {
        let known = try cluster.policies().backup(named: name)
        let new = try change.applied(to: known.policy)
        _ = try cluster.target(named: new.target)
        let before = Set(known.policy.retention.leaving(known.record.arrivals).map(\.id))
        let leaving = new.retention.leaving(known.record.arrivals).filter { !before.contains($0.id) }
        let isMoved = new.target != known.policy.target && !known.record.arrivals.isEmpty
        let stays = "the \(counted(known.record.arrivals.count, "backup")) in \(known.policy.target) will not be looked after any more"
        return PolicyPlan(
            title: "change the backup policy \(name)",
            lines: [PlanSummary.Line("now", known.policy.text), PlanSummary.Line("then", new.text)], warnings: isMoved ? [stays] : [],
            leaving: isMoved ? [] : leaving.map(\.name), kind: .backup,
            undo:
                "holdfast backup policy update \(name) --target \(known.policy.target) --mode \(known.policy.mode.rawValue) --every \(known.policy.schedule.every) --offset \(known.policy.schedule.offsetText) --keep \(known.policy.keep.text)"
        )
    }

    /// Another schedule begins with its next slot; in another target the policy begins with nothing.
    package func setPolicy(_ name: String, _ change: PolicyChange) throws -> [String] {
        if let target = change.target { try checkTarget(target) }
        try changing("update \(name)") { policies in
            let old = try policies.backup(named: name).policy
            let new = try change.applied(to: old)
            try policies.changeBackup(named: name) { backup in
                if new.target != old.target {
                    backup.record = PolicyRecord(state: backup.record.state)
                    backup.record.begun = now
                }
                if new.schedule != old.schedule { backup.record.goOn(new.schedule, at: now) }
                backup.policy = new
            }
        }
        return try concerns(about: name)
    }

    /// Throws `notFound` for one that is not known, `storage` for one that was used before and cannot be reached.
    private func checkTarget(_ name: String) throws {
        let place = try cluster.target(named: name)
        guard place.record != nil, try !cluster.isRepository(place.path) else { return }
        throw cluster.missing(place)
    }

    /// Enabled again, it begins with its next slot. Its backups stay either way.
    package func setPolicyEnabled(_ name: String, _ isEnabled: Bool) throws {
        try changing("\(isEnabled ? "enable" : "disable") \(name)") { policies in
            try policies.changeBackup(named: name) { backup in
                guard backup.policy.isEnabled != isEnabled else { return }
                backup.policy.isEnabled = isEnabled
                if isEnabled { backup.record.begin(backup.policy.schedule, at: now) }
            }
        }
    }

    package func planPolicyDeletion(_ name: String) throws -> PolicyPlan {
        let known = try cluster.policies().backup(named: name)
        let count = known.record.arrivals.count
        let left =
            "its \(counted(count, "backup")) in \(known.policy.target) \(count == 1 ? "stays" : "stay") until somebody deletes \(count == 1 ? "it" : "them")"
        return PolicyPlan(
            title: "delete the backup policy \(name)", lines: [PlanSummary.Line("policy", known.policy.text)],
            warnings: count > 0 ? [left] : [], kind: .backup)
    }

    package func deletePolicy(_ name: String) throws { try changing("delete \(name)") { try $0.removeBackup(named: name) } }

    /// What a policy would keep. `days`: nil for as many as show all of it. `record`: of the policy, where there is one.
    package func simulate(_ policy: BackupPolicy, _ record: PolicyRecord?, days: Int?) throws -> Simulation {
        try Simulation(
            policy.retention, from: now, days: days ?? Simulation.usefulDays(policy.retention),
            sizes: record?.sizes ?? estimate(policy.mode))
    }

    /// From the newest snapshot, as long as nothing is known of what a further backup adds, so that it counts whole.
    private func estimate(_ mode: BackupMode) throws -> SizeEstimate? {
        try Snapshots(cluster).list().snapshots.last.map { newest in
            let bytes = newest.entry.manifest.sizes[mode]
            return SizeEstimate(first: bytes, each: bytes)
        }
    }

    /// What is unwise about a policy, as far as is known.
    package func concerns(about name: String) throws -> [String] {
        let known = try cluster.policies().backup(named: name)
        let place = cluster.concerns(about: try cluster.target(named: known.policy.target).path)
        return place + [known.record.concern(about: known.policy.schedule)].compactMap { $0 }
    }

    private func changing(_ what: String, _ body: (inout Policies) throws -> Void) throws {
        let command = "backup policy \(what)"
        try cluster.exclusively(command) {
            try cluster.recording(command) { try cluster.updateCatalogue { try body(&$0.policies) } }
        }
    }
}
