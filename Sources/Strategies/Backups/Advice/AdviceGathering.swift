package import Clusters
import HostIO
package import Model
import RepositoryEngine
import ResticFormat
import Snapshots
import StoreContract

/// Looks at a cluster for what it would survive; changes nothing.
package struct AdviceGathering: Sendable {
    private let cluster: Cluster

    package init(_ cluster: Cluster) { self.cluster = cluster }

    /// `suffix`: what names the cluster in a command.
    package func facts(suffix: String) throws -> AdviceFacts {
        let catalogue = try cluster.catalogue()
        let now = cluster.host.clock.now()
        var facts = AdviceFacts(now: now, cluster: cluster.file.name, suffix: suffix, snapshotPolicy: catalogue.policies.snapshot)
        let history = catalogue.history.filter { $0.outcome == "ok" && (0..<facts.window).contains(now.secondsSince($0.time)) }
        facts.objectives = cluster.file.objectives
        facts.isServed = try cluster.state.service() != nil
        facts.snapshotRuns = history.filter(\.isSnapshot).map(\.time)
        facts.snapshotRestores = catalogue.history.filter { $0.outcome == "ok" && $0.command.hasPrefix("snapshot restore ") }.map(\.seconds)
        facts.clusterRestores = catalogue.history.filter { $0.outcome == "ok" && $0.command.hasPrefix("cluster restore ") }.map(\.seconds)
        facts.isStorageInHDFS = HDFSAddress.isMeant(by: cluster.file.storage)
        facts.protectedSince = catalogue.created
        facts.stores = cluster.file.stores.map(\.name)
        facts.hdfsStores = cluster.file.stores.filter { $0.kind == .hdfs }.map(\.name)
        facts.databasesInUse = databasesInUse()
        facts.serviceNotes = cluster.file.stores.flatMap { store in
            ((try? cluster.adapter(for: store).serviceNotes()) ?? []).map { "\(store.name): \($0)" }
        }
        let places = cluster.whereaboutsOfStores()
        let good = try Snapshots(cluster).list().snapshots.filter(\.isGood)
        facts.snapshots = good.count
        facts.newestSnapshot = good.map(\.entry.manifest.cut.began).max()
        let native = good.last?.entry.manifest.stores.filter { $0.image == .native }.map(\.name) ?? []
        facts.storageSharesDiskWith = Set(stores(places, onDiskOf: cluster.file.storage) + native).sorted()
        facts.targets = try cluster.targets().map { target($0, places, catalogue, history) }
        return facts
    }

    /// A store that cannot be opened says nothing.
    private func databasesInUse() -> [String] {
        cluster.file.stores.filter { $0.kind == .directory }.compactMap { store in
            (try? cluster.adapter(for: store).open())?.facts[StoreStatus.databasesFact].map { "\(store.name): \($0)" }
        }
    }

    private func stores(_ places: [String: Whereabouts], onDiskOf path: String) -> [String] {
        guard let place = try? cluster.whereabouts(of: path) else { return [] }
        return cluster.file.stores.map(\.name).filter { places[$0]?.isLost(with: place) ?? false }
    }

    private func target(
        _ place: TargetPlace, _ places: [String: Whereabouts], _ catalogue: Catalogue, _ history: [HistoryEvent]
    ) -> AdviceFacts.Target {
        var target = AdviceFacts.Target(name: place.name)
        target.path = place.path
        let declaration = cluster.file.targets.first { $0.name == place.name }
        target.isOffsite = declaration?.isOffsite ?? false
        target.isImmutable = declaration?.isImmutable ?? false
        target.isInClusterHDFS = isInClusterHDFS(place.path)
        target.isRemote = target.isInClusterHDFS || (try? cluster.whereabouts(of: place.path))?.isRemote ?? false
        target.sharesDiskWith = stores(places, onDiskOf: place.path)
        target.since = place.record?.added
        target.tolerated = catalogue.policies.tolerated(in: place.name, of: cluster.file.stores, cluster.file.objectives)
        let policies = catalogue.policies.backups.filter { $0.policy.target == place.name }
        target.hasPolicy = policies.contains(where: \.policy.isEnabled)
        let enabled = policies.map(\.policy).filter(\.isEnabled)
        let aims = cluster.file.objectives.backups
        target.rpo = (enabled.compactMap { $0.objective ?? aims.rpo }.min() ?? aims.rpo).map { Double($0.seconds) }
        target.rto = (enabled.compactMap { $0.recoveryObjective ?? aims.rto }.min() ?? aims.rto).map { Double($0.seconds) }
        let runs = Set(policies.map { "\(HistoryEvent.backupPolicy) \($0.policy.name)" })
        target.runs = history.filter { runs.contains($0.command) || $0.isBackup(into: place.name) }.map(\.time)
        guard place.record != nil else { return target }
        do { try look(place, &target) } catch { target.problem = Failure(describing: error).summary }
        return target
    }

    private func look(_ place: TargetPlace, _ target: inout AdviceFacts.Target) throws {
        let backups = Backups(cluster)
        let id = try cluster.identity().id
        let known = try cluster.catalogue()
        let damaged = Set(known.damagedBackups(in: place.name).map(\.id))
        let entries = try backups.list(in: place.name).entries.filter {
            $0.manifest.cluster.id == id && known.quality(of: $0.manifest, id: $0.id.hex) == .good && !damaged.contains($0.id.hex)
        }
        target.standbys = (try? cluster.epochs(in: place.path, of: id).standbyNotices().map(\.host)) ?? []
        target.backups = entries.count
        target.newest = entries.map(\.manifest.cut.began).max()
        target.newestKept = entries.filter(\.manifest.keepsContent).map(\.manifest.cut.began).max()
        target.newestOf = cluster.file.stores.reduce(into: [:]) { newest, store in
            newest[store.name] = entries.filter { $0.manifest.keepsContent && BackupNote(of: $0, in: place.name).holds(store) }
                .map(\.manifest.cut.began).max()
        }
        target.newestFull = entries.filter { $0.manifest.mode == .full }.map(\.manifest.cut.began).max()
        let drills = try backups.drills(of: entries.map(\.id), in: place.name).values.filter { $0.altered == nil }
        target.drill = drills.map { DrillNote($0.report) }.max { $0.time < $1.time }
    }

    private func isInClusterHDFS(_ path: String) -> Bool {
        guard let own = try? HDFSAddress(parsing: path) else { return false }
        let places = [cluster.file.storage] + cluster.file.stores.filter { $0.kind == .hdfs }.map(\.path)
        return places.contains { place in
            (try? HDFSAddress(parsing: place)).map { !Set($0.nameNodes).isDisjoint(with: own.nameNodes) } ?? false
        }
    }
}

extension HistoryEvent {
    fileprivate var isSnapshot: Bool { command == Self.periodic || command.hasPrefix("snapshot create ") }
}
