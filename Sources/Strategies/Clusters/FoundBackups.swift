import HostIO
package import Model
import RepositoryEngine
import ResticFormat

/// Backups of another cluster of the same name in a target of the cluster file: what is left of this one, perhaps, when state and storage are lost.
package struct FoundBackups: Sendable {
    package var target: String
    /// Of the target.
    package var path: String
    package var cluster: ClusterIdentity
    package var backups: Int
    package var newest: SnapshotName
    /// Hex.
    package var id: String
    package var created: Timestamp
}

extension Cluster {
    /// Those that are not of the cluster `own`. A target that cannot be read is passed over with a line that says so.
    func foundBackups(besides own: String) -> (found: [FoundBackups], notes: [String]) {
        var (found, notes): ([FoundBackups], [String]) = ([], [])
        for target in file.targets {
            do {
                guard try isRepository(target.path) else { continue }
                let entries = try EntryReader.list(.backup, in: open(target.path)).listing.entries
                found += Self.groups(entries.filter { $0.manifest.cluster.name == file.name && $0.manifest.cluster.id != own }, in: target)
            } catch {
                let failure = Failure(describing: error)
                let hint = failure.code == .password ? "; with the password of before it could be read" : ""
                notes.append("what the target \(target.name) holds cannot be told: \(failure.message)\(hint)")
            }
        }
        return (found, notes)
    }

    private static func groups(_ entries: [RepositoryEntry], in target: TargetDeclaration) -> [FoundBackups] {
        Dictionary(grouping: entries, by: \.manifest.cluster.id).sorted { $0.key < $1.key }.compactMap { _, entries in
            guard let newest = entries.last else { return nil }
            return FoundBackups(
                target: target.name, path: target.path, cluster: newest.manifest.cluster, backups: entries.count,
                newest: newest.manifest.name, id: newest.id.hex, created: newest.manifest.created)
        }
    }
}
