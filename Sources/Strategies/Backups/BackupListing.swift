package import Clusters
package import Model
import RepositoryEngine
import ResticFormat

/// Backups in one or several targets, as one cluster sees them.
package struct BackupListing: Sendable {
    /// Whose a backup is, for the cluster that lists it.
    package enum Owner: Sendable {
        case own
        /// Of the cluster that this one was restored from, from before the restore.
        case former
        case other
    }

    package struct Row: Sendable {
        package var entry: RepositoryEntry
        package var target: String
        package var drill: FoundReport?
        package var owner: Owner
    }

    package struct Unreachable: Sendable {
        package var target: String
        package var failure: Failure
    }

    /// A target that is not what it was.
    package struct Doubted: Sendable {
        package var target: String
        package var doubt: PlaceDoubt
    }

    /// Target by target, oldest first.
    package var rows: [Row] = []
    /// The clusters whose backups are left out, over all targets.
    package var others: [OtherCluster] = []
    /// What cannot be read, as lines for people.
    package var damaged: [String] = []
    /// Targets that could not be looked into.
    package var unreachable: [Unreachable] = []
    /// Targets in which backups are missing that nobody here deleted, or that hold another repository.
    package var doubted: [Doubted] = []
    /// Targets that could be.
    package var targetsRead = 0
}

/// Which backups of a shared target are listed.
package enum BackupScope: Sendable {
    /// Those of the cluster, and those of before it was restored.
    case own
    case allClusters
}

extension Backups {
    /// What is in these targets. One that cannot be read hides nothing of the others; one of the cluster file that was never used is not made.
    package func list(in targets: [TargetPlace], _ scope: BackupScope) throws -> BackupListing {
        let catalogue = try cluster.catalogue()
        var found = BackupListing()
        for target in targets {
            do {
                try add(target, scope, catalogue, to: &found)
                found.targetsRead += 1
            } catch {
                found.unreachable.append(BackupListing.Unreachable(target: target.name, failure: Failure(describing: error)))
            }
        }
        return found
    }

    private func add(_ target: TargetPlace, _ scope: BackupScope, _ catalogue: Catalogue, to found: inout BackupListing) throws {
        if target.record == nil, try !cluster.isRepository(target.path) { return }
        let (listing, doubt) = try judgedList(in: target)
        if let doubt { found.doubted.append(BackupListing.Doubted(target: target.name, doubt: doubt)) }
        let rows = listing.entries.map { BackupListing.Row(entry: $0, target: target.name, owner: catalogue.owner(of: $0)) }
        let shown = rows.filter { scope == .allClusters || $0.owner != .other }
        let drills = try drills(of: shown.map(\.entry.id), in: target.name)
        found.rows += shown.map { row in
            var row = row
            row.drill = drills[row.entry.id.hex]
            return row
        }
        found.damaged += listing.damaged.map { "target \(target.name): \($0)" }
        guard scope == .own else { return }
        var hidden = listing
        hidden.entries.removeAll { catalogue.owner(of: $0) != .other }
        for other in hidden.others(besides: catalogue.clusterID) { found.add(other) }
    }
}

extension BackupListing {
    fileprivate mutating func add(_ other: OtherCluster) {
        if let index = others.firstIndex(where: { $0.id == other.id }) {
            others[index].entries += other.entries
        } else {
            others.append(other)
        }
    }
}

extension Catalogue {
    fileprivate func owner(of entry: RepositoryEntry) -> BackupListing.Owner {
        let id = entry.manifest.cluster.id
        if id == clusterID { return .own }
        return formerIDs.contains(id) && entry.manifest.created <= created ? .former : .other
    }
}
