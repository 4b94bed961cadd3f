package import Clusters
package import HostIO
package import Model
package import RepositoryEngine
import ResticFormat

/// Backups of one cluster in its targets.
package struct Backups: Sendable {
    package let cluster: Cluster

    package init(_ cluster: Cluster) { self.cluster = cluster }

    /// Every backup in a target, oldest first, of whatever cluster.
    package func list(in target: String) throws -> EntryListing {
        try read(target) { try EntryReader.list(.backup, in: $0).listing }
    }

    /// The same, and why these cannot be all that there should be.
    func judgedList(in target: TargetPlace) throws -> (listing: EntryListing, doubt: PlaceDoubt?) {
        try read(target.name) { repository in
            let (listing, _, doubt) = try cluster.judged(.backup, in: repository, at: target.path) {
                (try EntryReader.list(.backup, in: repository).listing, ())
            }
            return (listing, doubt)
        }
    }

    /// The backup that `word` means: one of this cluster by name, or any by its id. Throws `notFound` with the nearest name.
    package func find(_ word: String, in target: String) throws -> RepositoryEntry {
        try list(in: target).entry(word, of: try owner(), .backup)
    }

    /// The id of the cluster, whose backups are meant by their names.
    func owner() throws -> String { try cluster.catalogue().clusterID }

    /// Runs `body` under a lock that keeps deletions away.
    func read<R>(_ target: String, _ body: (OpenRepository) throws -> R) throws -> R {
        let repository = try cluster.repository(of: try cluster.target(named: target))
        let lock = try repository.lock(.read, patience: .seconds(30))
        defer { lock.release() }
        return try body(repository)
    }

    /// Runs `body`; where that finds no room, the failure says how the target gets some.
    func advisingWhenFull<R>(_ target: String, _ body: () throws -> R) throws -> R {
        do { return try body() } catch {
            var failure = Failure(describing: error)
            guard failure.code == .space, let oldest = try? list(in: target).own(by: owner()).entries.first else { throw error }
            let remedy =
                "holdfast backup delete \(oldest.manifest.name) --target \(target), then holdfast target prune \(target) --grace 0s"
            failure.hint = [failure.hint, "\(remedy) (both -c \(cluster.file.path)) make room, on a full target too"].compactMap { $0 }
                .joined(separator: "; ")
            throw failure
        }
    }

    /// Adds a target; see ``Cluster/addTarget(_:path:)``. Gives what is unwise about it.
    package func addTarget(_ name: String, path: String) throws -> [String] {
        try cluster.exclusively("target add \(name)") {
            try cluster.recording("target add \(name)") {
                _ = try cluster.addTarget(name, path: path)
                return cluster.concerns(about: path)
            }
        }
    }

    package func planDeletion(_ names: [String], in target: String) throws -> DeletePlan {
        let listing = try list(in: target)
        let owner = try owner()
        let chosen = try names.map { try listing.deletable($0, of: owner, .backup) }
        let own = listing.own(by: owner)
        let going = Set(chosen.map(\.id.hex))
        let (warnings, isLast) = try lastGood(going: going, of: own, in: target)
        let others = othersLosses(going, of: listing, besides: own, in: target)
        var plan = DeletePlan(
            kind: .backup, place: "target \(target)", items: chosen.map(\.item),
            remaining: own.entries.count + own.lost.count - chosen.count { $0.item.owner == nil },
            warnings: warnings + others.flatMap(\.warnings),
            takesLastGood: isLast,
            madeAt: cluster.host.clock.now())
        plan.takesLastGoodOf = others.map(\.cluster)
        return plan
    }

    /// The same for other clusters in the target, by what lies there: one line for each that loses something.
    private func othersLosses(
        _ going: Set<String>, of listing: EntryListing, besides own: EntryListing, in target: String
    ) -> [(cluster: String, warnings: [String])] {
        let mine = Set(own.entries.map(\.id.hex))
        let others = Dictionary(grouping: listing.entries.filter { !mine.contains($0.id.hex) }, by: \.manifest.cluster.id)
        return others.sorted { $0.key < $1.key }.compactMap { _, entries in
            let images = entries.flatMap { entry in
                entry.manifest.stores.map {
                    LastGoodLoss.Image(entry: entry.id.hex, store: $0.name, extent: $0.extent, isGood: $0.completeness.isGood)
                }
            }
            let loss = LastGoodLoss(deleting: going, among: images)
            guard let name = entries.first?.manifest.cluster.name, !loss.isEmpty else { return nil }
            return (name, loss.warnings(in: "target \(target)").map { "the cluster \(printable(name)): \($0)" })
        }
    }

    /// What the deletion of entries takes away for good, and whether no other target is known to have it.
    private func lastGood(going: Set<String>, of own: EntryListing, in target: String) throws -> (warnings: [String], isLast: Bool) {
        let catalogue = try cluster.catalogue()
        let images = own.entries.flatMap { entry in
            let flawed = catalogue.flawedStores(of: entry.manifest, id: entry.id.hex)
            return entry.manifest.stores.map {
                LastGoodLoss.Image(entry: entry.id.hex, store: $0.name, extent: $0.extent, isGood: !flawed.contains($0.name))
            }
        }
        let loss = LastGoodLoss(deleting: going, among: images)
        let held = own.entries.map { catalogue.standing(of: $0.manifest, id: $0.id.hex) }.lastGood.intersection(going)
        let brake = own.entries.filter { held.contains($0.id.hex) }.map {
            "\($0.manifest.name) is the last good one of a store whose later ones are not good"
        }
        let elsewhere = try cluster.targets().filter { $0.name != target && !catalogue.usableBackups(in: $0.name).isEmpty }.map(\.name)
        let comfort = loss.isEmpty || elsewhere.isEmpty ? [] : ["there are good backups in \(elsewhere.joined(separator: ", "))"]
        return (loss.warnings(in: "target \(target)") + brake + comfort, (!loss.isEmpty && elsewhere.isEmpty) || !brake.isEmpty)
    }

    /// Forgets them, meant as by ``planDeletion(_:in:)``; `target prune` frees the space. Works on a full target.
    package func delete(_ names: [String], in target: String) throws {
        let place = try cluster.target(named: target)
        try cluster.exclusively("backup delete") {
            try cluster.freeing(place.path) {
                try cluster.recording("backup delete \(names.joined(separator: " "))") {
                    let repository = try cluster.repository(of: place)
                    let lock = try repository.lockForForgetting()
                    defer { lock.release() }
                    let listing = try cluster.believed(.backup, in: repository, at: place.path)
                    let ids = try names.map { try listing.deletable($0, of: try owner(), .backup).id }
                    try cluster.forget(ids, in: repository, at: place.path)
                    // Where that finds no room, the next run of their policy finds out that they are gone.
                    try? cluster.updateCatalogue { catalogue in
                        catalogue.policies.forget(Set(ids.map(\.hex)))
                        catalogue.forgetBackups(Set(ids.map(\.hex)))
                    }
                }
            }
        }
    }

    /// A person says that the stores are right as a backup shows them: it is good, and later ones are compared with it.
    package func accept(_ name: String, in target: String) throws -> RepositoryEntry {
        try cluster.exclusively("backup accept \(name)") {
            // Of another cluster's stores nobody says anything here.
            let entry = try list(in: target).own(by: owner()).entry(named: name, .backup)
            try entry.manifest.checkAcceptable()
            try cluster.recording("backup accept \(name) --target \(target)") {
                try cluster.updateCatalogue { $0.accept(entry.manifest, id: entry.id.hex, at: cluster.host.clock.now()) }
            }
            return entry
        }
    }

    /// `options.grace` seconds lie between the marking of packs and their deletion.
    package func planPrune(_ target: String, _ options: PruneOptions, job: JobControl) throws -> RepositoryPrunePlan {
        let place = try cluster.target(named: target)
        _ = try cluster.repository(of: place)
        return try cluster.planPrune(place.path, called: "target \(target)", options, job: job)
    }

    package func prune(_ target: String, _ options: PruneOptions, job: JobControl) throws -> RepositoryPruneOutcome {
        let place = try cluster.target(named: target)
        _ = try cluster.repository(of: place)
        return try cluster.logging("\(HistoryEvent.targetPruned) \(target)", job) {
            RepositoryPruneOutcome(pruned: try cluster.prune(place.path, options, job: job))
        }
    }
}
