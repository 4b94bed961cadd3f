package import HostIO
package import Model
import ObjectStorage
package import RepositoryEngine

/// What a prune of a repository did.
package struct RepositoryPruneOutcome: Sendable {
    /// Snapshots whose time was over, removed first.
    package var expired: [SnapshotName]
    package var pruned: PruneOutcome

    package init(expired: [SnapshotName] = [], pruned: PruneOutcome) {
        self.expired = expired
        self.pruned = pruned
    }
}

extension Cluster {
    /// What a prune of the repository at `path` would do now. `place` is what the plan calls it.
    package func planPrune(_ path: String, called place: String, _ options: PruneOptions, job: JobControl) throws -> RepositoryPrunePlan {
        let plan = try open(path).planPrune(options, list: witness(at: path, learning: false), job: job)
        return RepositoryPrunePlan(
            place: "\(place) (\(path))", packsToDelete: plan.mark.count, packsToRewrite: plan.repack.count,
            bytesToWrite: plan.bytesRepacked,
            bytesFreed: plan.bytesDeleted.addingSaturated(plan.bytesMarked - min(plan.bytesMarked, plan.bytesRepacked)),
            bytesUsed: plan.bytesUsed, packsPastGrace: plan.delete.count, graceSeconds: options.grace,
            warnings: try tightness(of: path, plan, options))
    }

    private func tightness(of path: String, _ plan: PrunePlan, _ options: PruneOptions) throws -> [String] {
        guard let room = try room(at: path), room < plan.bytesRepacked else { return [] }
        let words = "there is room for \(ByteCount(room)) only: "
        return [
            words
                + (options.grace > 0
                    ? "packs are not rewritten; --grace 0s would free their room step by step" : "packs are rewritten step by step")
        ]
    }

    /// Prunes the repository at `path` within the room that there is: in rounds where that is little.
    package func prune(_ path: String, _ options: PruneOptions, job: JobControl) throws -> PruneOutcome {
        try freeing(path) {
            let list = try witness(at: path, learning: true)
            return try PruneInRounds(repository: open(path), options: options, list: list, job: job) { try self.room(at: path) }.run()
        }
    }

    /// Bytes that may be written while room is freed: what is free and the ballast. Nil where the place cannot tell.
    private func room(at path: String) throws -> UInt64? {
        let place = try ballasted(path)
        return try place.space().map { try $0.free.addingSaturated(place.ballastBytes()) }
    }
}
