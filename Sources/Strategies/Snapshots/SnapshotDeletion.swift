import Clusters
package import HostIO
package import Model
package import RepositoryEngine
import ResticFormat

extension Snapshots {
    /// Throws `notFound` for a name that is not there, `refused` for a pinned snapshot.
    package func planDeletion(_ names: [String]) throws -> DeletePlan {
        let all = try list().snapshots
        let chosen = try names.map { try pick($0, from: all, what: "snapshot") { $0.name.text } }
        for snapshot in chosen { try snapshot.keeping.checkDeletable(snapshot.name) }
        let safety = try cluster.catalogue().safety
        let undo = chosen.contains { $0.entry.id.hex == safety?.snapshotID } ? ["the last restore cannot be undone any more"] : []
        return DeletePlan(
            kind: .snapshot, place: "cluster \(cluster.file.name)",
            items: chosen.map { DeletePlan.Item(name: $0.name, created: $0.entry.manifest.created, bytes: $0.entry.manifest.bytes) },
            remaining: all.count - chosen.count, warnings: undo, madeAt: cluster.host.clock.now())
    }

    /// Deletes them and frees what nothing else needs.
    package func delete(_ names: [String], job: JobControl) throws -> PruneOutcome {
        try cluster.exclusively("snapshot delete") {
            try cluster.recording("snapshot delete \(names.joined(separator: " "))") {
                _ = try planDeletion(names)
                let repository = try cluster.storage()
                let lock = try repository.lock(.write, patience: .seconds(30))
                do {
                    defer { lock.release() }
                    for entry in try list().snapshots where names.contains(entry.name.text) { try remove(entry.entry, from: repository) }
                }
                return try repository.prune(PruneOptions(grace: 0, tolerableWaste: 0.2), patience: .seconds(30), job: job)
            }
        }
    }
}
