import HostIO
package import Model
package import ObjectStorage
import RepositoryEngine
import StoreContract

/// What `cluster status` shows.
package struct ClusterStatus: Sendable {
    package struct Place: Sendable {
        package var name: String
        package var path: String
        package var space: StorageSpace?
        /// Of this cluster.
        package var entries: Int
        package var newest: RepositoryEntry?
        /// Why it cannot be reached, or what is damaged.
        package var problems: [String]
        /// It is not what it was; nothing is deleted there.
        package var doubt: PlaceDoubt?
        /// What lies among the files of the repository and is none of them; passed over.
        package var strays: [String] = []
    }

    package var identity: ClusterIdentity
    package var stores: [StoreReport]
    package var storage: Place
    package var targets: [Place]
    /// A restore that began and did not end.
    package var restoring: RestoreRecord?
    /// Stores that a restore in place left half done, by this one or an earlier one.
    package var halfDone: [HalfRestoredStore]
    /// Stores of which the last restore could not make everything.
    package var incomplete: [IncompleteRestore]
    package var safety: SafetyRecord?
    package var policies: Policies
    /// Who does by itself what the policies want; nil when nobody does.
    package var service: String?
    /// Nil when the cluster never had a standby.
    package var standing: Standing?

    package var problems: [Failure] {
        stores.compactMap { store in
            if case .failure(let failure) = store.status { failure } else { nil }
        }
    }
}

extension Cluster {
    package func status() throws -> ClusterStatus {
        let catalogue = try catalogue()
        try lookAtEpochs()
        let storage = place("storage", file.storage, .snapshot, of: catalogue.clusterID) { try self.storage() }
        return ClusterStatus(
            identity: try identity(), stores: reports(), storage: storage, targets: try targetPlaces(), restoring: catalogue.restoring,
            halfDone: catalogue.halfDone, incomplete: catalogue.incompleteRestores, safety: catalogue.safety, policies: catalogue.policies,
            service: try state.service(),
            standing: try state.standing())
    }

    /// The targets with what they hold of this cluster. One of the cluster file that was never used has nothing and no problem.
    package func targetPlaces() throws -> [ClusterStatus.Place] {
        let id = try catalogue().clusterID
        return try targets().map { target in
            place(target.name, target.path, .backup, of: id) {
                try target.record == nil && !isRepository(target.path) ? nil : open(target.path)
            }
        }
    }

    /// `open` gives nil for a place that is still to be made.
    private func place(
        _ name: String, _ path: String, _ kind: ManifestKind, of cluster: String, _ open: () throws -> OpenRepository?
    ) -> ClusterStatus.Place {
        var place = ClusterStatus.Place(name: name, path: path, space: nil, entries: 0, newest: nil, problems: [])
        do {
            guard let repository = try open() else { return place }
            place.space = try repository.storage.space()
            place.strays = try repository.strays()
            let (found, _, doubt) = try judged(kind, in: repository, at: path) { (try EntryReader.list(kind, in: repository).listing, ()) }
            let listing = found.own(by: cluster)
            place.doubt = try doubt ?? rememberedPlace(at: path).flatMap { try glance(at: $0, path) }
            place.entries = listing.entries.count
            place.newest = listing.entries.last
            place.problems = listing.damaged
        } catch {
            place.problems = [Failure(describing: error).summary]
        }
        return place
    }
}
