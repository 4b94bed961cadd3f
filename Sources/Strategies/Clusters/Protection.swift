package import HostIO
package import Model
import ObjectStorage
import ResticFormat
import StoreContract

extension Cluster {
    /// What the path of a repository lies on: disks of this host, or an HDFS.
    package func whereabouts(of path: String) throws -> Whereabouts {
        guard HDFSAddress.isMeant(by: path) else { return try Whereabouts(of: path) }
        return Whereabouts(parts: Set(try HDFSAddress(parsing: path).nameNodes.map { "HDFS \($0)" }), isRemote: true)
    }

    /// By the names of the stores; of one that cannot be looked at nothing is known.
    package func whereaboutsOfStores() -> [String: Whereabouts] {
        file.stores.reduce(into: [:]) { $0[$1.name] = (try? adapter(for: $1).whereabouts()) ?? (try? Whereabouts(of: $1.path)) }
    }

    /// Looks at storage, targets and, where this installation is the active one, stores: what is there, what lies on what, how old the newest backups are.
    func look(_ facts: inout HealthFacts, _ catalogue: Catalogue) throws {
        let targets = try targets()
        let isActive = facts.standing.map { $0.role == .active } ?? true
        var looks: [String: @Sendable () throws -> Sighting] = ["storage": { try self.sight(storageAt: self.file.storage) }]
        for target in targets {
            let notes = catalogue.usableBackups(in: target.name)
            looks["target \(target.name)"] = { try self.sight(target, notes) }
        }
        if isActive, !facts.isRestoring {
            for store in file.stores {
                looks["store \(store.name)"] = { Sighting(whereabouts: try self.adapter(for: store).whereabouts()) }
            }
        }
        let sightings = try Sightings.gather(looks.reduce(into: [:]) { $0["\(file.state): \($1.key)"] = $1.value })
        let seen = looks.keys.reduce(into: [String: Sighting]()) { $0[$1] = sightings["\(file.state): \($1)"] ?? Sighting() }
        for (name, sighting) in seen.sorted(by: { $0.key < $1.key }) {
            if let problem = sighting.problem { facts.troubles[name] = problem.summary }
            if var room = sighting.room {
                room.name = name
                facts.rooms.append(room)
            }
            if let doubt = sighting.doubt {
                facts.placeDoubts[name == "storage" ? .storage : .target(String(name.dropFirst("target ".count)))] = doubt
            }
        }
        guard isActive else { return }
        if case .file = file.password {
            do { _ = try ClusterPassword(file.password, host: host).read() } catch {
                facts.troubles["password"] = Failure(describing: error).summary
            }
        }
        facts.damagedBackups = targets.flatMap { catalogue.damagedBackups(in: $0.name) }
        for target in targets { facts.newestUsable[target.name] = seen["target \(target.name)"]?.newest }
        facts.unused = unused(targets, seen, facts)
        facts.loss = loss(targets, seen, facts, catalogue)
    }

    private func sight(storageAt path: String) throws -> Sighting {
        guard try isRepository(path) else { throw Failure(.storage, "there is no repository at \(path) any more") }
        return Sighting(room: try room(at: path), doubt: try glance(at: .storage, path))
    }

    private func room(at path: String) throws -> PlaceRoom? {
        try ballasted(path).space().map { PlaceRoom(name: path, free: $0.free, total: $0.total) }
    }

    /// `notes`: the newest first.
    private func sight(_ target: TargetPlace, _ notes: [BackupNote]) throws -> Sighting {
        let names = try place(at: target.path).names()
        var sighting = Sighting(whereabouts: try whereabouts(of: target.path))
        guard names?.contains("config") == true else {
            if target.record != nil { throw Failure(.storage, "there is no repository at \(target.path) any more") }
            if let known = try catalogue().target(named: target.name) {
                throw Failure(
                    .storage,
                    "there is no repository at \(target.path): by the catalogue the backups of \(target.name) are in \(known.path)")
            }
            if names?.allSatisfy(Self.isNotInTheWay) == false {
                throw Failure(.storage, "\(target.path) is not empty and holds no repository")
            }
            return sighting
        }
        sighting.isRepository = true
        if !notes.isEmpty { try checkFolders(names ?? [], at: target.path) }
        sighting.room = try room(at: target.path)
        let storage = try ballasted(target.path)
        sighting.doubt = try glance(at: .target(target.name), target.path)
        // Most often the first one has all.
        for note in notes where file.stores.contains(where: { sighting.newestOf[$0.name] == nil }) {
            guard try storage.size(of: ObjectName(known: "snapshots/\(note.id)")) != nil else { continue }
            sighting.newest = sighting.newest ?? note.cut
            for store in file.stores where sighting.newestOf[store.name] == nil && note.holds(store) {
                sighting.newestOf[store.name] = note.cut
            }
        }
        return sighting
    }

    /// Backups are there by what is known, so their data have to be.
    private func checkFolders(_ names: [String], at path: String) throws {
        let missing = [RepositoryLayout.Folder.data, .index, .snapshots].map(\.rawValue).filter { !names.contains($0) }
        guard !missing.isEmpty else { return }
        throw Failure(
            .damaged, "of the repository at \(path) \(missing.joined(separator: ", ")) is gone: no backup there can be restored",
            hint: "find out who removed it, and put it back")
    }

    /// Targets of the cluster file at whose path there is nothing, by name.
    private func unused(_ targets: [TargetPlace], _ seen: [String: Sighting], _ facts: HealthFacts) -> [String: String] {
        targets.filter { target in
            guard target.record == nil, let sighting = seen["target \(target.name)"] else { return false }
            return sighting.problem == nil && !sighting.isRepository
        }.reduce(into: [:]) { $0[$1.name] = $1.path }
    }

    private func loss(_ targets: [TargetPlace], _ seen: [String: Sighting], _ facts: HealthFacts, _ catalogue: Catalogue) -> LossOfDisk {
        let stores = file.stores.map { (name: $0.name, place: seen["store \($0.name)"]?.whereabouts ?? Whereabouts()) }
        let all = targets.map { target -> LossOfDisk.Target in
            let sighting = seen["target \(target.name)"] ?? Sighting()
            // Where it cannot be reached, what lies at its path is not what is meant.
            let shared = sighting.problem == nil ? stores.filter { $0.place.isLost(with: sighting.whereabouts) }.map(\.name) : []
            let policies = facts.policies
            var found = LossOfDisk.Target(
                name: target.name, isUsable: sighting.problem == nil, sharesDiskWith: shared,
                newest: catalogue.hasNotes(of: target.name) ? sighting.newest : newest(in: target, catalogue),
                hasPolicy: policies.makesBackups(in: target.name, of: file.stores),
                tolerated: policies.tolerated(in: target.name, of: file.stores, facts.objectives), since: target.record?.added)
            if catalogue.hasNotes(of: target.name) { found.newestOf = sighting.newestOf }
            return found
        }
        return LossOfDisk(
            now: facts.now, protectedSince: facts.protectedSince, stores: stores.map(\.name), targets: all,
            asked: facts.objectives.backups.rpo.map { Double($0.seconds) })
    }

    /// By the history, where a catalogue of before has no notes of backups.
    private func newest(in target: TargetPlace, _ catalogue: Catalogue) -> Timestamp? {
        let byHand = catalogue.history.last {
            $0.outcome == "ok" && $0.isBackup(into: target.name) && !$0.command.hasSuffix("--mode dataless")
        }
        return [byHand?.time, catalogue.policies.lastGood(in: target.name, of: file.stores)].compactMap { $0 }.max()
    }
}

extension HistoryEvent {
    package func isBackup(into target: String) -> Bool {
        command.hasPrefix("backup create ") && command.contains(" --target \(target) ")
    }
}
