import HostIO
package import Model
import ObjectStorage
import RepositoryEngine
import ResticFormat
package import StoreContract

/// What `cluster init` did.
package struct InitOutcome: Sendable {
    package var identity: ClusterIdentity
    /// A password file that was made.
    package var newPasswordFile: String?
    /// The storage had a repository with snapshots of a cluster of this name, which is this one again.
    package var adoptedSnapshots: Int?
    /// When the newest of them was made.
    package var newestAdopted: Timestamp?
    /// What was taken over from the newest of them; nil when none says.
    package var settings: [TakenSetting]?
    package var stores: [StoreReport]
    /// Backups in targets of the cluster file that are of another cluster of this name.
    package var found: [FoundBackups]
    /// Targets that could not be looked into, and what of this host no store has, as lines for people.
    package var notes: [String]
    package var recoverySheet: String
}

/// A store as a status shows it.
package struct StoreReport: Sendable {
    package var declaration: StoreDeclaration
    package var status: Result<StoreStatus, Failure>
}

extension Cluster {
    /// Protects the cluster: checks every store, makes the password if there is none, makes the repository in the storage or finds
    /// the one that was there, and writes the catalogue last.
    package func initialize(_ use: SettingsUse = .take) throws -> InitOutcome {
        guard try state.load() == nil else {
            throw Failure(.exists, "the cluster \(file.name) is protected already", hint: "holdfast cluster status -c \(file.path)")
        }
        try checkOverlaps()
        let stores = reports()
        for store in stores { _ = try store.status.get() }
        return try exclusively("cluster init") {
            let newPassword = try passwordSource.makeIfMissing()
            let (repository, adopted) = try storageRepository()
            let id = adopted?.id ?? host.randomHex(bytes: 16)
            var catalogue = Catalogue(clusterID: id, clusterName: file.name, created: host.clock.now())
            // Which of them were pinned or extended was lost with the state: none goes before somebody has looked.
            for entry in adopted?.entries ?? [] { catalogue.setExpiry(.never, of: entry.id.hex) }
            let known = adopted?.entries.last { $0.manifest.clusterSettings != nil }?.manifest.clusterSettings
            catalogue.formerIDs = known?.formerIDs ?? []
            let settings = (use == .take ? known : nil).map {
                SettingsTakeover(cluster: self, settings: $0, isSameInstallation: true).run(on: &catalogue)
            }
            noteFirstLook(stores, in: &catalogue)
            try state.save(catalogue)
            try rememberAll(in: repository, at: file.storage)
            // Where it cannot be made now, the service says why.
            _ = try? accessTokens()
            keepBallast(at: file.storage)
            let identity = ClusterIdentity(id: id, name: file.name, release: file.release)
            let (found, notes) = foundBackups(besides: id)
            return InitOutcome(
                identity: identity, newPasswordFile: newPassword, adoptedSnapshots: adopted?.entries.count,
                newestAdopted: adopted?.entries.last?.manifest.created, settings: settings,
                stores: stores, found: found.filter { !catalogue.formerIDs.contains($0.cluster.id) },
                notes: notes + drivers.proposals(file),
                recoverySheet: try recoverySheet(storageID: repository.id))
        }
    }

    /// The first image of each store is compared with what is seen of it now.
    private func noteFirstLook(_ stores: [StoreReport], in catalogue: inout Catalogue) {
        for store in stores {
            let place = (try? adapter(for: store.declaration).place()) ?? nil
            let held = (try? store.status.get())?.held
            let look = StoreBaseline(firstLook: held, of: store.declaration.name, place: place, at: catalogue.created)
            if let look { catalogue.noteBaseline(look) }
        }
    }

    /// Every store of the file, looked at without changing anything.
    package func reports() -> [StoreReport] {
        file.stores.map { store in
            StoreReport(
                declaration: store,
                status: Result { try adapter(for: store).open() }.mapError { error in
                    var failure = Failure(describing: error)
                    failure.message = "store \(store.name): \(failure.message)"
                    return failure
                })
        }
    }

    /// The cluster that a standby is: its storage, and a catalogue with the id of the cluster whose standby it is. One that is there is left as it is.
    package func establishStandby(of id: String) throws {
        guard try state.load() == nil else { return }
        let (repository, adopted) = try storageRepository()
        guard adopted == nil else {
            throw Failure(
                .refused, "the storage \(file.storage) holds snapshots of a cluster \(file.name)",
                hint: "give the standby a storage directory of its own in \(file.path)")
        }
        try state.save(Catalogue(clusterID: id, clusterName: file.name, created: host.clock.now()))
        try rememberAll(in: repository, at: file.storage)
        keepBallast(at: file.storage)
    }

    private func storageRepository() throws -> (OpenRepository, (id: String, entries: [RepositoryEntry])?) {
        try place(at: file.storage).make()
        guard try isRepository(file.storage) else {
            return (try create(file.storage), nil)
        }
        let repository = try open(file.storage)
        let entries = try EntryReader.list(.snapshot, in: repository).listing.entries
        if let foreign = entries.first(where: { $0.manifest.cluster.name != file.name }) {
            throw Failure(
                .refused, "the storage \(file.storage) holds snapshots of the cluster \(foreign.manifest.cluster.name)",
                hint: "give each cluster a storage of its own")
        }
        guard let newest = entries.last else { return (repository, nil) }
        let id = newest.manifest.cluster.id
        return (repository, (id, entries.filter { $0.manifest.cluster.id == id }))
    }
}

extension Cluster {
    /// The cluster that a restore fills: its storage and a catalogue that says what is being restored, and where. One that was left by an
    /// interrupted restore is taken up. Gives the recovery sheet.
    package func establish(restoring entry: RepositoryEntry, places: [String: String]) throws -> String {
        try exclusively("cluster restore \(entry.manifest.name)") {
            if try state.load() == nil {
                let (repository, adopted) = try storageRepository()
                guard adopted == nil else {
                    throw Failure(
                        .refused, "the storage \(file.storage) holds snapshots of a cluster \(file.name)",
                        hint: "give the restored cluster a storage directory of its own in \(file.path)")
                }
                var catalogue = Catalogue(clusterID: host.randomHex(bytes: 16), clusterName: file.name, created: host.clock.now())
                catalogue.formerIDs = [entry.manifest.cluster.id] + (entry.manifest.clusterSettings?.formerIDs ?? [])
                catalogue.restoring = RestoreRecord(
                    snapshotID: entry.id.hex, name: entry.manifest.name, began: host.clock.now(), safetySnapshotID: nil,
                    stores: places.keys.sorted(), places: places)
                try state.save(catalogue)
                try rememberAll(in: repository, at: file.storage)
                keepBallast(at: file.storage)
                return try recoverySheet(storageID: repository.id)
            }
            try updateCatalogue { catalogue in
                catalogue.restoring?.stores = places.keys.sorted()
                catalogue.restoring?.places = places
            }
            return try recoverySheet()
        }
    }
}
