import Clusters
import Model
package import ResticFormat

extension Snapshots {
    /// Runs `body`; where that finds no room, the failure says which snapshot to delete for it. Never one of `needed`.
    package func advisingWhenFull<R>(besides needed: Set<SnapshotID> = [], _ body: () throws -> R) throws -> R {
        do { return try body() } catch {
            var failure = Failure(describing: error)
            guard failure.code == .space else { throw error }
            failure.hint = [failure.hint, advice(besides: needed)].compactMap { $0 }.joined(separator: "; ")
            throw failure
        }
    }

    /// The oldest snapshot that may go; nil when there is none.
    private func advice(besides needed: Set<SnapshotID>) -> String? {
        guard let snapshots = try? list().snapshots, let catalogue = try? cluster.catalogue() else { return nil }
        let kept = Set([catalogue.safety?.snapshotID, catalogue.restoring?.snapshotID].compactMap { $0 })
        let oldest = snapshots.first { !$0.keeping.pinned && !needed.contains($0.entry.id) && !kept.contains($0.entry.id.hex) }
        return oldest.map { "holdfast snapshot delete \($0.name) -c \(cluster.file.path) makes room, on a full storage too" }
    }
}
