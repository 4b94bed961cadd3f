package import HostIO
package import Model
import ObjectStorage
import RepositoryEngine
import ResticFormat
import StoreContract

extension Cluster {
    /// What deleting the cluster would remove and what would be left to restore it from. Changes nothing.
    package func planDeletion() throws -> ClusterDeletePlan {
        try refuseStandby()
        try checkOverlapsBeforeDeletion()
        let identity = try identity()
        let items = file.stores.map { store in
            ClusterDeletePlan.Item(store: store.name, path: store.path, bytes: try? adapter(for: store).open().bytes)
        }
        try refuseForeignSnapshots(of: identity)
        try refuseForeignImages(of: identity)
        try refuseDeletionObstacles(job: JobControl())
        let snapshots = (try? EntryReader.list(.snapshot, in: try storage()).listing.entries.count) ?? 0
        var warnings: [String] = []
        var newest: [ClusterDeletePlan.Backup] = []
        for target in try targets() {
            do {
                let repository = try open(target.path)
                let backups = try EntryReader.list(.backup, in: repository).listing.entries.filter { $0.manifest.cluster.id == identity.id }
                let chosen = [backups.last { $0.manifest.mode == .full }, backups.last].compactMap { $0 }
                for backup in chosen where !newest.contains(where: { $0.name == backup.manifest.name && $0.target == target.name }) {
                    newest.append(
                        ClusterDeletePlan.Backup(
                            name: backup.manifest.name, target: target.name, mode: backup.manifest.mode ?? .full,
                            created: backup.manifest.created,
                            path: target.path))
                }
            } catch {
                warnings.append("target \(target.name): \(Failure(describing: error).summary)")
            }
        }
        return ClusterDeletePlan(
            cluster: identity, stores: items, snapshots: snapshots, storage: file.storage, newestBackups: newest, warnings: warnings,
            madeAt: host.clock.now())
    }

    func refuseStandby() throws {
        guard try state.standing()?.role == .standby else { return }
        throw Failure(
            .refused, "the cluster \(file.name) is a standby here, and the active one counts on it",
            hint: "first: holdfast standby stop -c \(file.path)")
    }

    /// What is in the storage goes with the cluster; what others keep in the same repository must not. A storage that is damaged or gone is
    /// not asked; with a wrong password nobody can tell what would be deleted.
    private func refuseForeignSnapshots(of identity: ClusterIdentity) throws {
        let all: [StoredSnapshot]
        do {
            all = try storage().snapshots().snapshots
        } catch {
            let failure = Failure(describing: error)
            guard failure.code != .password else { throw failure }
            return
        }
        let foreign = all.filter { stored in
            guard let tags = SnapshotTags(parsing: stored.file.tags) else { return true }
            return tags.clusterID != identity.id
        }
        guard let first = foreign.first else { return }
        throw Failure(
            .refused,
            "the storage \(file.storage) also holds \(counted(foreign.count, "snapshot")) that \(foreign.count == 1 ? "is" : "are") not this cluster's: \(first.id.short) of \(first.file.hostname)",
            hint: HDFSAddress.isMeant(by: file.storage)
                ? "remove the stores by hand"
                : "restic -r \(file.storage) forget \(first.id.short) removes what nobody needs; otherwise remove the stores by hand")
    }

    /// Another cluster may have cut an image and not committed it yet.
    private func refuseForeignImages(of identity: ClusterIdentity) throws {
        for store in file.stores {
            let images = try adapter(for: store).nativeImages()
            guard let foreign = images.first(where: { NativeImageID(text: $0).isCut(byOtherThan: identity.id) }) else { continue }
            throw Failure(
                .refused, "the storage \(file.storage) also holds native images of another cluster: \(store.name)/\(foreign)",
                hint:
                    "give each cluster a storage of its own; if that one is no more, remove \(file.nativeImageFolder(of: store.name).map { "\($0)/\(foreign)" } ?? foreign)"
            )
        }
    }

    /// Empties every store, then removes the snapshots, then the catalogue: interrupted, it is still a cluster and can be deleted again.
    /// Targets, the password and the cluster file stay.
    package func delete(job: JobControl) throws {
        try refuseStandby()
        try refuseForeignSnapshots(of: try identity())
        try refuseForeignImages(of: try identity())
        try backingUp("cluster delete") { try exclusively("cluster delete") { try deleteLocked(job) } }
    }

    private func deleteLocked(_ job: JobControl) throws {
        try checkOverlapsBeforeDeletion()
        try refuseDeletionObstacles(job: job)
        for store in file.stores {
            job.begin(phase: "emptying \(store.name)")
            let adapter = try adapter(for: store)
            try adapter.destroy(job: job)
            for image in try adapter.nativeImages() { try adapter.removeNativeImage(image) }
        }
        job.begin(phase: "removing snapshots")
        forgetOpened()
        let place = try place(at: file.storage)
        for part in Self.storageParts { try place.remove(part) }
        try state.erase()
    }

    /// What Holdfast puts into a storage directory, and nothing else: a directory that turns out to hold other things keeps them. The
    /// config goes last, so that an interrupted deletion leaves a repository that opens.
    private static let storageParts = ["snapshots", "index", "data", "locks", "holdfast", "keys", "config"]
}
