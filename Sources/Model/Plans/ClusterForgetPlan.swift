/// The end of a cluster's protection: what Holdfast knows of it goes, what it has stays.
package struct ClusterForgetPlan: Plan, Hashable {
    package struct Place: Hashable, Sendable, Codable {
        package var name: String
        package var path: String

        package init(name: String, path: String) {
            self.name = name
            self.path = path
        }
    }

    package var cluster: ClusterIdentity
    /// The cluster file.
    package var file: String
    package var state: String
    package var storage: String
    package var stores: [Place]
    package var targets: [Place]
    /// Those that are enabled, in words.
    package var policies: [String]
    /// Stores that a restore left half done.
    package var halfDone: [String]
    /// Standbys count on it, or did.
    package var isActive: Bool

    package init(
        cluster: ClusterIdentity, file: String, state: String, storage: String, stores: [Place], targets: [Place], policies: [String],
        halfDone: [String], isActive: Bool
    ) {
        self.cluster = cluster
        self.file = file
        self.state = state
        self.storage = storage
        self.stores = stores
        self.targets = targets
        self.policies = policies
        self.halfDone = halfDone
        self.isActive = isActive
    }

    package var isEmpty: Bool { false }

    package var summary: PlanSummary {
        let stays =
            stores.map { PlanSummary.Line("store", "\($0.name) at \($0.path) stays as it is") }
            + [PlanSummary.Line("snapshots", "stay in \(storage)")]
            + targets.map { PlanSummary.Line("target", "\($0.name) at \($0.path) stays, with its backups") }
        let half = halfDone.isEmpty ? [] : ["half restored, and not known as that afterwards: \(halfDone.joined(separator: ", "))"]
        return PlanSummary(
            title: "forget cluster \(cluster.name)", lines: [PlanSummary.Line("forgotten", "what Holdfast keeps in \(state)")] + stays,
            warnings: half + (isActive ? ["a standby of it is not told: its backups will just not come any more"] : [])
                + policies.map { "runs no more: \($0)" },
            losses: ["the history of jobs, and which snapshots are pinned or live longer"],
            undo: "holdfast cluster init -c \(file) takes it up again, with the snapshots in \(storage)")
    }
}
