import HostIO
package import Model
import ObjectStorage
package import RepositoryEngine
package import ResticFormat

extension Cluster {
    /// Remembers what is in the repository at `path`; what was there before and is missing stays remembered.
    package func rememberAll(in repository: OpenRepository, at path: String) throws {
        guard let place = try rememberedPlace(at: path) else { return }
        let (listing, doubt) = try look(at: place, in: repository)
        if doubt == nil { try learn(listing, of: place, in: repository) }
    }

    /// Remembers an entry that was just made; `doubt` is what the look before it has raised. What keeps it from being remembered is no failure of the entry: the next look finds it.
    package func remember(_ entry: RepositoryEntry, in repository: OpenRepository, at path: String, doubt: PlaceDoubt?) {
        guard let place = try? rememberedPlace(at: path) else { return }
        do {
            guard try memory(of: place) != nil else { return try rememberAll(in: repository, at: path) }
            let config = try repository.configDigest()
            try changeMemory(of: place) { memory in
                memory?.add([PlaceMemory.Entry(entry)])
                if doubt == nil { memory?.whole = host.clock.now() }
                guard memory?.repository == repository.id else { return }
                memory?.key = repository.openedWith.hex
                if memory?.config == nil { memory?.config = config }
            }
        } catch {}
    }

    /// What a look that raised no doubt has found.
    func learn(_ listing: SnapshotListing, of place: RememberedPlace, in repository: OpenRepository) throws {
        let id = try catalogue().clusterID
        let own = try own(listing)
        let forgotten = try repository.forgottenSnapshots().map(\.hex)
        let now = host.clock.now()
        let config = try repository.configDigest()
        try changeMemory(of: place) { memory in
            var known = memory ?? PlaceMemory(cluster: id, repository: repository.id, whole: now)
            let gone = Set(forgotten).subtracting(own.map(\.id))
            known.noteDeleted(known.entries.filter { gone.contains($0.id) })
            known.drop(gone)
            known.config = config
            known.add(own)
            known.note(strangers: strangers(listing, besides: own))
            known.key = repository.openedWith.hex
            known.whole = now
            memory = known
        }
    }

    /// Forgets snapshots, which stay in place until a prune. That is noted before the first goes: here, and in a target for other installations of the cluster.
    /// On places without any room they go all the same.
    package func forget(_ ids: [SnapshotID], in repository: OpenRepository, at path: String) throws {
        guard !ids.isEmpty else { return }
        guard let place = try rememberedPlace(at: path) else { return try ids.forEach(repository.removeSnapshot) }
        let gone = Set(ids.map(\.hex))
        var entries: [PlaceMemory.Entry] = []
        var isNoted = try room {
            if try memory(of: place) == nil { try rememberAll(in: repository, at: path) }
            entries = try memory(of: place)?.entries.filter { gone.contains($0.id) } ?? []
            try changeMemory(of: place) { $0?.drop(gone) }
        }
        if !isNoted { isNoted = try journalDeletions(gone) }
        if place != .storage { _ = try room { try repository.noteForgotten(ids) } }
        for id in ids { try repository.removeSnapshot(id) }
        // Not before they are gone: one that a crash leaves there has not come back.
        _ = try room {
            try changeMemory(of: place) { memory in
                if !isNoted { memory?.drop(gone) }
                memory?.noteDeleted(entries)
            }
        }
    }

    /// False when there was no room for it.
    private func room(_ body: () throws -> Void) throws -> Bool {
        do {
            try body()
            return true
        } catch  where Failure(describing: error).code == .space {
            return false
        }
    }
}

extension Cluster {
    /// What a person would accept, and what it means. Changes nothing.
    package func planAcceptance(of place: RememberedPlace) throws -> AcceptPlan {
        let (path, repository) = try located(place)
        let listing = try repository.snapshots(folder: .allowed)
        let own = try own(listing)
        return AcceptPlan(
            place: place, path: path, doubt: try doubt(of: place, in: repository, listing), present: own.count, newest: own.last)
    }

    private func doubt(of place: RememberedPlace, in repository: OpenRepository, _ listing: SnapshotListing) throws -> PlaceDoubt? {
        do {
            let memory = try memory(of: place)
            let isEmptied = try listing.isEmpty && repository.holdsData()
            var known = memory
            known?.drop(Set(try repository.forgottenSnapshots().map(\.hex)))
            let sight = PlaceSight(
                repository: repository.id, present: Set(listing.snapshots.map(\.id.hex)), isEmptied: isEmptied,
                config: try repository.configDigest())
            return PlaceMemory.doubt(about: sight, before: known, after: memory)
        } catch {
            guard Failure(describing: error).code == .damaged else { throw error }
            return .forgotten
        }
    }

    /// A person takes what is there now for the truth: it is what is remembered from now on, and nobody waits for the rest any more.
    package func accept(_ place: RememberedPlace) throws -> AcceptPlan {
        let command = "target accept \(place.key)"
        return try exclusively(command) {
            let plan = try planAcceptance(of: place)
            let (_, repository) = try located(place)
            try recording(command) {
                let listing = try repository.snapshots(folder: .allowed)
                let own = try own(listing)
                let id = try catalogue().clusterID
                var memory = PlaceMemory(
                    cluster: id, repository: repository.id, entries: own, strangers: strangers(listing, besides: own),
                    whole: host.clock.now())
                memory.key = repository.openedWith.hex
                memory.config = try repository.configDigest()
                memory.takeDeleted(from: try? self.memory(of: place), besides: Set(listing.snapshots.map(\.id.hex)))
                try replaceMemory(of: place, by: memory)
                let gone = Set((plan.doubt?.gone ?? []).map(\.id))
                try updateCatalogue { catalogue in
                    for id in gone { catalogue.forget(id) }
                    catalogue.forgetBackups(gone)
                }
            }
            return plan
        }
    }

    /// Hex ids of all others, oldest first.
    private func strangers(_ listing: SnapshotListing, besides own: [PlaceMemory.Entry]) -> [String] {
        let own = Set(own.map(\.id))
        return listing.snapshots.sorted { ($0.file.time.timestamp, $0.id) < ($1.file.time.timestamp, $1.id) }.map(\.id.hex)
            .filter { !own.contains($0) }
    }

    private func own(_ listing: SnapshotListing) throws -> [PlaceMemory.Entry] {
        let id = try catalogue().clusterID
        return listing.snapshots.compactMap { stored in
            guard let tags = SnapshotTags(parsing: stored.file.tags), tags.clusterID == id else { return nil }
            return PlaceMemory.Entry(stored, tags)
        }
    }

    private func located(_ place: RememberedPlace) throws -> (path: String, repository: OpenRepository) {
        switch place {
        case .storage: return (file.storage, try storage())
        case .target(let name):
            let target = try target(named: name)
            guard try isRepository(target.path) else { throw missing(target) }
            return (target.path, try open(target.path))
        }
    }
}

extension PlaceMemory.Entry {
    init(_ stored: StoredSnapshot, _ tags: SnapshotTags) {
        self.init(id: stored.id.hex, kind: tags.kind, name: tags.name.text, created: stored.file.time.timestamp)
    }

    init(_ entry: RepositoryEntry) {
        self.init(id: entry.id.hex, kind: entry.manifest.kind, name: entry.manifest.name.text, created: entry.file.time.timestamp)
    }
}
