/// How long a snapshot or backup is kept.
package struct Keeping: Hashable, Sendable {
    package var pinned: Bool
    package var expires: Expiry

    package init(pinned: Bool, expires: Expiry) {
        self.pinned = pinned
        self.expires = expires
    }

    /// May be removed without a person asking: its time has come and it is not pinned.
    package func isDue(at now: Timestamp) -> Bool {
        guard !pinned, case .at(let instant) = expires else { return false }
        return instant <= now
    }

    /// Throws `refused` when pinned.
    package func checkDeletable(_ name: SnapshotName) throws(Failure) {
        guard pinned else { return }
        throw Failure(.refused, "the snapshot \(name) is pinned", hint: "holdfast snapshot unpin \(name), then delete it")
    }
}

/// Whether a snapshot taken under another release may be restored.
package enum ReleaseChange: Sendable {
    case refused
    case allowed
}

extension Manifest {
    /// Throws `refused` with the command to use instead when this snapshot is not of `cluster` or of another release.
    package func checkRestorable(onto cluster: ClusterIdentity, releaseChange: ReleaseChange) throws(Failure) {
        guard self.cluster.id == cluster.id else {
            throw Failure(
                .refused, "the snapshot \(name) is of another cluster (\(self.cluster.name), id \(self.cluster.id))",
                hint: "a snapshot restores only the cluster it was taken of; to move data to another cluster, make a backup of it and use "
                    + "holdfast cluster restore")
        }
        guard self.cluster.release == cluster.release || releaseChange == .allowed else {
            throw Failure(
                .refused, "the snapshot \(name) was taken under release \(self.cluster.release), the cluster now runs \(cluster.release)",
                hint: "run release \(self.cluster.release) again, or move across releases with a backup: holdfast backup create --snapshot "
                    + "\(name), then holdfast cluster restore; --allow-release-change restores it as it is")
        }
    }
}

/// Throws `exists` when `name` is taken; `what` is "snapshot" or "backup".
package func checkNameIsFree(_ name: SnapshotName, among taken: some Sequence<SnapshotName>, what: String) throws(Failure) {
    guard taken.contains(name) else { return }
    throw Failure(
        .exists, "a \(what) named \(name) exists already", hint: "choose another name, or remove it: holdfast \(what) delete \(name)")
}

/// `base`, or with `-2` to `-99` behind it when it is taken: two commands may run in one second.
package func freeName(_ base: String, besides taken: some Sequence<SnapshotName>) throws(Failure) -> SnapshotName {
    let known = Set(taken.map(\.text))
    return try SnapshotName(([base] + (2...99).map { "\(base)-\($0)" }).first { !known.contains($0) } ?? base)
}

/// The one that is named, or `notFound` with the nearest name as the hint.
package func pick<Item>(_ name: String, from items: [Item], what: String, named: (Item) -> String) throws(Failure) -> Item {
    if let item = items.first(where: { named($0) == name }) { return item }
    let near = nearest(to: name, among: items.map(named)).map { "did you mean \($0)? " } ?? ""
    throw Failure(.notFound, "there is no \(what) named \"\(printable(name))\"", hint: "\(near)holdfast \(what) ls shows them")
}
