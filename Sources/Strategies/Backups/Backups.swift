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

    /// Throws `notFound` with the nearest name.
    package func find(_ name: String, in target: String) throws -> RepositoryEntry {
        try list(in: target).entry(named: name, .backup)
    }

    /// Runs `body` under a lock that keeps deletions away.
    func read<R>(_ target: String, _ body: (OpenRepository) throws -> R) throws -> R {
        let repository = try cluster.repository(of: try cluster.target(named: target))
        let lock = try repository.lock(.read, patience: .seconds(30))
        defer { lock.release() }
        return try body(repository)
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
        return DeletePlan(
            kind: .backup, place: "target \(target)", items: try names.map { try listing.deletable($0, .backup).item },
            remaining: listing.entries.count + listing.lost.count - names.count, madeAt: cluster.host.clock.now())
    }

    /// Forgets them; `target prune` frees the space.
    package func delete(_ names: [String], in target: String) throws {
        try cluster.exclusively("backup delete") {
            try cluster.recording("backup delete \(names.joined(separator: " "))") {
                let repository = try cluster.repository(of: try cluster.target(named: target))
                let lock = try repository.lock(.write, patience: .seconds(30))
                defer { lock.release() }
                let listing = try EntryReader.list(.backup, in: repository).listing
                for id in try names.map({ try listing.deletable($0, .backup).id }) { try repository.removeSnapshot(id) }
            }
        }
    }

    /// `options.grace` seconds lie between the marking of packs and their deletion.
    package func planPrune(_ target: String, _ options: PruneOptions, job: JobControl) throws -> TargetPrunePlan {
        let place = try cluster.target(named: target)
        let plan = try cluster.repository(of: place).planPrune(options, job: job)
        return TargetPrunePlan(
            place: "target \(target) (\(place.path))", packsToDelete: plan.mark.count, packsToRewrite: plan.repack.count,
            bytesToWrite: plan.bytesRepacked, bytesFreed: plan.bytesDeleted + plan.bytesMarked - min(plan.bytesMarked, plan.bytesRepacked),
            bytesUsed: plan.bytesUsed, packsPastGrace: plan.delete.count, graceSeconds: options.grace)
    }

    package func prune(_ target: String, _ options: PruneOptions, job: JobControl) throws -> PruneOutcome {
        let repository = try cluster.repository(of: try cluster.target(named: target))
        return try repository.prune(options, patience: .seconds(30), job: job)
    }
}
