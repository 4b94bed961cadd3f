import Clusters
import HostIO
package import Model

/// The snapshot policy as commands see and change it.
extension Snapshots {
    /// What a change would let go. The plan is empty when that is nothing.
    package func planPolicy(_ change: PolicyChange) throws -> PolicyPlan {
        let catalogue = try cluster.catalogue()
        let old = catalogue.policies.snapshot
        let new = try change.applied(to: old)
        let now = cluster.host.clock.now()
        let before = Set(catalogue.snapshotsLeaving(under: old, at: now).map(\.id))
        let leaving = catalogue.snapshotsLeaving(under: new, at: now).filter { !before.contains($0.id) }
        return PolicyPlan(
            title: "change the snapshot policy of cluster \(cluster.file.name)",
            lines: [PlanSummary.Line("now", old.text), PlanSummary.Line("then", new.text)], leaving: leaving.map(\.name), kind: .snapshot,
            undo:
                "holdfast snapshot policy update --every \(old.schedule.every) --offset \(old.schedule.offsetText) --keep \(old.keep.text)")
    }

    /// Begins anew with the next slot of the new schedule.
    package func setPolicy(_ change: PolicyChange) throws -> SnapshotPolicy {
        try cluster.exclusively("snapshot policy update") {
            try cluster.recording("snapshot policy update") {
                let new = try change.applied(to: cluster.policies().snapshot)
                try cluster.updateCatalogue { catalogue in
                    if catalogue.policies.snapshot.schedule != new.schedule {
                        catalogue.policies.snapshotRecord.begin(new.schedule, at: now)
                    }
                    catalogue.policies.snapshot = new
                }
                return new
            }
        }
    }

    private var now: Timestamp { cluster.host.clock.now() }

    /// What relies on the policy. The plan is empty when nothing does.
    package func planDisabling() throws -> PolicyPlan {
        let relying = try cluster.policies().backups.map(\.policy).filter(\.isEnabled).map(\.name)
        let warning =
            "the backup \(relying.count == 1 ? "policy" : "policies") \(relying.joined(separator: ", ")) \(relying.count == 1 ? "goes" : "go") on, "
            + "but between two backups there will be nothing to go back to"
        return PolicyPlan(
            title: "disable the snapshot policy of cluster \(cluster.file.name)",
            lines: [PlanSummary.Line("now", try cluster.policies().snapshot.text), PlanSummary.Line("then", "no snapshot by itself")],
            warnings: relying.isEmpty ? [] : [warning], kind: .snapshot, undo: "holdfast snapshot policy enable")
    }

    /// Enabled again, it begins with its next slot. What there is of its snapshots stays.
    package func setPolicyEnabled(_ isEnabled: Bool) throws -> SnapshotPolicy {
        let command = "snapshot policy \(isEnabled ? "enable" : "disable")"
        return try cluster.exclusively(command) {
            try cluster.recording(command) {
                try cluster.updateCatalogue { catalogue in
                    guard catalogue.policies.snapshot.isEnabled != isEnabled else { return }
                    catalogue.policies.snapshot.isEnabled = isEnabled
                    if isEnabled { catalogue.policies.snapshotRecord.begin(catalogue.policies.snapshot.schedule, at: now) }
                }
                return try cluster.policies().snapshot
            }
        }
    }

    /// What the policy would keep after a change, which is not made. `days`: nil for as many as show all of it.
    package func simulatePolicy(_ change: PolicyChange, days: Int?) throws -> (policy: SnapshotPolicy, simulation: Simulation) {
        let policies = try cluster.policies()
        let policy = try change.applied(to: policies.snapshot)
        let simulation = try Simulation(
            policy.retention, from: now, days: days ?? Simulation.usefulDays(policy.retention),
            sizes: policies.snapshotRecord.sizes ?? estimate())
        return (policy, simulation)
    }

    /// From the newest snapshot, as long as the policy has not taken any: nothing is known of what a further one adds, so it counts whole.
    private func estimate() throws -> SizeEstimate? {
        try ownListing().entries.last.map { SizeEstimate(first: $0.manifest.bytes, each: $0.manifest.bytes) }
    }
}
