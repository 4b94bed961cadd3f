import Clusters
package import HostIO
package import Model
package import RepositoryEngine
import ResticFormat

extension Snapshots {
    /// Also of one that cannot be read any more. Throws `notFound` for a name that is not there, `refused` for a pinned snapshot.
    package func planDeletion(_ names: [String]) throws -> DeletePlan {
        let listing = try ownListing()
        let chosen = try names.map { try listing.deletable($0, .snapshot) }
        let catalogue = try cluster.catalogue()
        let ids = Set(chosen.map(\.id.hex))
        for entry in listing.entries where ids.contains(entry.id.hex) {
            try catalogue.keeping(of: entry.manifest, id: entry.id.hex).checkDeletable(entry.manifest.name)
        }
        if let copying = catalogue.copying, ids.contains(copying.snapshotID) { throw copying.refusal }
        let undo = catalogue.safety.map { ids.contains($0.snapshotID) } ?? false ? ["the last restore cannot be undone any more"] : []
        let goingOn = catalogue.restoring.map { record in
            ids.contains(record.snapshotID) ? ["the restore of \(record.name), which did not end, cannot go on any more"] : []
        }
        let standings = listing.entries.map { catalogue.standing(of: $0.manifest, id: $0.id.hex) }
        let lastGood = listing.entries.filter { ids.contains($0.id.hex) && standings.lastGood.contains($0.id.hex) }
        let brake = lastGood.map { "\($0.manifest.name) is the last good one of a store whose later ones are not good" }
        return DeletePlan(
            kind: .snapshot, place: "cluster \(cluster.file.name)", items: chosen.map(\.item),
            remaining: listing.entries.count + listing.lost.count - chosen.count, warnings: brake + undo + (goingOn ?? []),
            madeAt: cluster.host.clock.now())
    }

    /// Deletes them and frees what nothing else needs, on a full storage too.
    package func delete(_ names: [String], job: JobControl) throws -> PruneOutcome {
        try cluster.exclusively("snapshot delete") {
            try cluster.freeing(cluster.file.storage) {
                try cluster.recording("snapshot delete \(names.joined(separator: " "))", job) {
                    _ = try planDeletion(names)
                    let gone = try forget(names)
                    // Room first: the catalogue is written with what was freed.
                    let pruned = Result { try prune(job) }
                    let noted = Result { try cluster.updateCatalogue { catalogue in for id in gone { catalogue.forget(id.hex) } } }
                    do {
                        try noted.get()
                        return try pruned.get()
                    } catch {
                        throw unfinished(Failure(describing: error), names)
                    }
                }
            }
        }
    }

    private func forget(_ names: [String]) throws -> [SnapshotID] {
        let repository = try cluster.storage()
        let lock = try repository.lockForForgetting()
        defer { lock.release() }
        let listing = try cluster.believed(.snapshot, in: repository, at: cluster.file.storage).own(by: cluster.catalogue().clusterID)
        let ids = try names.map { try listing.deletable($0, .snapshot).id }
        for id in ids {
            if let entry = listing.entries.first(where: { $0.id == id }) {
                try remove(entry, from: repository)
            } else {
                try cluster.forget([id], in: repository, at: cluster.file.storage)
            }
        }
        return ids
    }

    /// They are gone, whatever came after that.
    private func unfinished(_ failure: Failure, _ names: [String]) -> Failure {
        var failure = failure
        failure.message = "deleted \(names.joined(separator: ", ")), but what they held is not freed yet: \(failure.message)"
        let btrfs = failure.code == .space ? "on btrfs look at btrfs filesystem usage, it may be metadata that has no room" : nil
        failure.hint = [failure.hint, btrfs, "then: holdfast snapshot prune -c \(cluster.file.path)"].compactMap { $0 }
            .joined(separator: "; ")
        return failure
    }
}
