/// The restore of a snapshot onto the running cluster.
package struct RestorePlan: Plan, Hashable {
    package var snapshot: SnapshotName
    package var cut: Timestamp
    /// Of the snapshot.
    package var release: Release
    /// The running one.
    package var cluster: ClusterIdentity
    package var stores: [StoreChanges]
    /// Stores of the snapshot that stay as they are because `--store` names others.
    package var untouched: [String]
    /// Taken first; nil: there is no way back.
    package var safety: SnapshotName?
    /// Bytes free where it goes; nil where that cannot be told.
    package var freeForSafety: UInt64?
    package var warnings: [String]
    /// Lines about stores that lie in another place than when the snapshot was taken: that asks for a yes of its own.
    package var moved: [String]
    package var madeAt: Timestamp

    package init(
        snapshot: SnapshotName, cut: Timestamp, release: Release, cluster: ClusterIdentity, stores: [StoreChanges],
        untouched: [String] = [],
        safety: SnapshotName?, freeForSafety: UInt64? = nil, warnings: [String] = [], moved: [String] = [], madeAt: Timestamp
    ) {
        self.snapshot = snapshot
        self.cut = cut
        self.release = release
        self.cluster = cluster
        self.stores = stores
        self.untouched = untouched
        self.safety = safety
        self.freeForSafety = freeForSafety
        self.warnings = warnings
        self.moved = moved
        self.madeAt = madeAt
    }

    package var isEmpty: Bool { stores.allSatisfy(\.isEmpty) }

    package var bytesToWrite: UInt64 { stores.reduce(0) { $0.addingSaturated($1.bytesToWrite) } }

    package var summary: PlanSummary {
        var lines = [PlanSummary.Line("snapshot", "\(snapshot), \(cut.readable) (\(relativeAge(of: cut, at: madeAt)))")]
        lines += stores.map { PlanSummary.Line($0.store, $0.text) }
        if !untouched.isEmpty { lines.append(PlanSummary.Line("untouched", untouched.joined(separator: ", "))) }
        if stores.count > 1 { lines.append(PlanSummary.Line("to write", ByteCount(bytesToWrite).text)) }
        if let safety { lines.append(PlanSummary.Line("first", "safety snapshot \(safety)\(safetyRoom)")) }
        return PlanSummary(
            title: "restore snapshot \(snapshot) onto cluster \(cluster.name)", lines: lines,
            warnings: moved + releaseWarning + safetyWarning + cautions + stores.compactMap { $0.privileged.warning(of: $0.store) }
                + warnings,
            losses: losses, undo: safety.map { "holdfast snapshot restore \($0)" })
    }

    /// What the safety snapshot adds at most, before compression, as far as that can be told: the stores that stay as they are are in it, too.
    package var bytesToSave: UInt64 { stores.reduce(0) { $0.addingSaturated($1.bytesToSave ?? 0) } }

    private var safetyRoom: String {
        guard let free = freeForSafety, bytesToSave > 0 else { return "" }
        return ", up to \(ByteCount(bytesToSave)); \(ByteCount(free)) free"
    }

    private var safetyWarning: [String] {
        guard safety != nil, !isEmpty, let free = freeForSafety, free < max(bytesToSave, Self.leastForSafety) else { return [] }
        return ["the safety snapshot may find no room: delete an older snapshot first; nothing is changed before it is taken"]
    }

    /// A lock, a pack, an index and the snapshot itself.
    private static let leastForSafety: UInt64 = 1 << 20

    private var cautions: [String] { stores.flatMap { store in store.cautions.map { "\(store.store): \($0)" } } }

    private var releaseWarning: [String] {
        release == cluster.release ? [] : ["the snapshot was taken under release \(release); the cluster runs \(cluster.release)"]
    }

    private var losses: [String] {
        stores.filter { $0.replaced + $0.deleted > 0 && !$0.intoEmpty }.flatMap { store in
            [store.loss.map { "\(store.store): \($0.text)" } ?? "\(store.store): what changed since \(cut.readable)"]
                + store.examples.filter { !$0.hasPrefix("create ") }.prefix(5).map { "  \($0)" }
        }
    }
}
