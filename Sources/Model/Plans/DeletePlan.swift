/// The deletion of snapshots or backups.
package struct DeletePlan: Plan, Hashable {
    package struct Item: Hashable, Sendable, Codable {
        package var name: SnapshotName
        package var created: Timestamp
        /// Logical bytes; space is freed by a prune only as far as nothing else shares it.
        package var bytes: UInt64
        /// The cluster that it is of, when that is another one than the one that deletes it: "shop (id 0123…)".
        package var owner: String?

        package init(name: SnapshotName, created: Timestamp, bytes: UInt64, owner: String? = nil) {
            self.name = name
            self.created = created
            self.bytes = bytes
            self.owner = owner
        }

        /// "nightly", "nightly of the cluster shop (id 0123…)".
        package var text: String { owner.map { "\(name) of the cluster \($0)" } ?? name.text }
    }

    package var kind: ManifestKind
    /// "cluster acme", "target nas".
    package var place: String
    package var items: [Item]
    /// Of that kind that stay there.
    package var remaining: Int
    package var warnings: [String]
    /// The last good backup of a store goes with them, and no other target is known to have one: nobody's `--yes` is enough.
    package var takesLastGood = false
    /// Names of other clusters of whose stores no good backup, or a poorer one, is left there. Nothing is known of what they have elsewhere.
    package var takesLastGoodOf: [String] = []
    package var madeAt: Timestamp

    package init(
        kind: ManifestKind, place: String, items: [Item], remaining: Int, warnings: [String] = [], takesLastGood: Bool = false,
        madeAt: Timestamp
    ) {
        self.takesLastGood = takesLastGood
        self.kind = kind
        self.place = place
        self.items = items
        self.remaining = remaining
        self.warnings = warnings
        self.madeAt = madeAt
    }

    package var isEmpty: Bool { items.isEmpty }

    package var summary: PlanSummary {
        let names = items.map(\.text).joined(separator: ", ")
        let what = items.count == 1 ? kind.rawValue : "\(kind.rawValue)s"
        let last = remaining == 0 ? ["no \(kind.rawValue) will be left of \(place)"] : []
        return PlanSummary(
            title: "delete \(what) \(names) of \(place)",
            lines: items.map(line) + [PlanSummary.Line("left", counted(remaining, kind.rawValue))],
            warnings: last + items.compactMap(foreign) + warnings,
            losses: items.map { "the state of \($0.created.readable) in \($0.text)" }, undo: nil)
    }

    private func line(_ item: Item) -> PlanSummary.Line {
        let owner = item.owner.map { ", of the cluster \($0)" } ?? ""
        return PlanSummary.Line(item.name.text, "\(relativeAge(of: item.created, at: madeAt)), \(ByteCount(item.bytes))\(owner)")
    }

    private func foreign(_ item: Item) -> String? { item.owner.map { "\(item.name) is another cluster's: \($0)" } }
}

/// The deletion of everything that a cluster's stores hold, and of its snapshots.
package struct ClusterDeletePlan: Plan, Hashable {
    package struct Item: Hashable, Sendable, Codable {
        package var store: String
        package var path: String
        package var bytes: UInt64?

        package init(store: String, path: String, bytes: UInt64?) {
            self.store = store
            self.path = path
            self.bytes = bytes
        }
    }

    /// The newest backup in a target, which is what a restore would bring back.
    package struct Backup: Hashable, Sendable, Codable {
        package var name: SnapshotName
        package var target: String
        package var mode: BackupMode
        package var created: Timestamp
        /// Of the target; without it the way back cannot be spelled out.
        package var path: String?

        package init(name: SnapshotName, target: String, mode: BackupMode, created: Timestamp, path: String? = nil) {
            self.name = name
            self.path = path
            self.target = target
            self.mode = mode
            self.created = created
        }
    }

    package var cluster: ClusterIdentity
    package var stores: [Item]
    package var snapshots: Int
    package var storage: String
    package var newestBackups: [Backup]
    package var warnings: [String]
    package var madeAt: Timestamp

    package init(
        cluster: ClusterIdentity, stores: [Item], snapshots: Int, storage: String, newestBackups: [Backup], warnings: [String] = [],
        madeAt: Timestamp
    ) {
        self.cluster = cluster
        self.stores = stores
        self.snapshots = snapshots
        self.storage = storage
        self.newestBackups = newestBackups
        self.warnings = warnings
        self.madeAt = madeAt
    }

    package var isEmpty: Bool { false }

    package var summary: PlanSummary {
        let full = newestBackups.filter { $0.mode == .full }
        let best = (full.isEmpty ? newestBackups : full).max { $0.created < $1.created }
        let noFull = !full.isEmpty ? [] : ["no target holds a full backup of this cluster"]
        return PlanSummary(
            title: "delete cluster \(cluster.name)",
            lines: stores.map { PlanSummary.Line($0.store, "\($0.path)" + ($0.bytes.map { ", \(ByteCount($0))" } ?? "")) }
                + [PlanSummary.Line("snapshots", "\(snapshots) in \(storage)")] + newestBackups.map(line),
            warnings: noFull + warnings,
            losses: stores.map { "everything in \($0.path)" } + (snapshots > 0 ? ["all \(counted(snapshots, "snapshot"))"] : []),
            undo: best.map(wayBack))
    }

    private func wayBack(_ backup: Backup) -> String {
        let from = backup.path.map { " --from \($0)" } ?? ""
        return
            "holdfast cluster restore \(backup.name)\(from) brings back the state of \(backup.created.readable) (\(backup.mode.rawValue))"
    }

    private func line(_ backup: Backup) -> PlanSummary.Line {
        PlanSummary.Line(
            "in \(backup.target)", "\(backup.name), \(backup.mode.rawValue), \(relativeAge(of: backup.created, at: madeAt))")
    }
}
