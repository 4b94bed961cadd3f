package import Clusters
import HostIO
package import Model
import RepositoryEngine
import ResticFormat
import StoreContract

/// A snapshot with how long it is kept.
package struct KeptSnapshot: Sendable {
    package var entry: RepositoryEntry
    package var keeping: Keeping
    /// What holds one of the policy; nil for others, which ``keeping`` is all about.
    package var holds: Set<Hold>?
    /// A person has said that the stores are right as it shows them.
    package var isAccepted = false
    /// It may stand for the cluster: nothing is missing, and the stores were as they should be.
    package var isGood: Bool

    package init(entry: RepositoryEntry, keeping: Keeping, holds: Set<Hold>? = nil) {
        self.entry = entry
        self.keeping = keeping
        self.holds = holds
        isGood = entry.manifest.isGood
    }

    package var name: SnapshotName { entry.manifest.name }
}

/// Every snapshot of the cluster, oldest first; those of another cluster in the same storage are not its own.
package struct SnapshotList: Sendable {
    package var snapshots: [KeptSnapshot]
    /// What cannot be read, as lines for people.
    package var damaged: [String]
    /// Snapshots are missing that nobody here deleted, or it is another storage.
    package var doubt: PlaceDoubt?
}

extension Snapshots {
    package func list() throws -> SnapshotList {
        try read { repository in
            let (listing, _, doubt) = try cluster.judged(.snapshot, in: repository, at: cluster.file.storage) {
                (try EntryReader.list(.snapshot, in: repository).listing, ())
            }
            var list = try list(listing)
            list.doubt = doubt
            return list
        }
    }

    /// Throws `damaged` for one that is there and cannot be read, `notFound` with the nearest name otherwise.
    package func find(_ name: String) throws -> KeptSnapshot {
        let catalogue = try cluster.catalogue()
        return keeping(try ownListing().entry(named: name, .snapshot), by: catalogue, catalogue.snapshotHolds(at: cluster.host.clock.now()))
    }

    func list(_ listing: EntryListing) throws -> SnapshotList {
        let catalogue = try cluster.catalogue()
        let holds = catalogue.snapshotHolds(at: cluster.host.clock.now())
        return SnapshotList(
            snapshots: listing.own(by: catalogue.clusterID).entries.map { keeping($0, by: catalogue, holds) }, damaged: listing.damaged)
    }

    /// What there is of this cluster's.
    func ownListing() throws -> EntryListing {
        try read { try EntryReader.list(.snapshot, in: $0).listing.own(by: try cluster.catalogue().clusterID) }
    }

    private func keeping(_ entry: RepositoryEntry, by catalogue: Catalogue, _ holds: [String: Set<Hold>]) -> KeptSnapshot {
        var kept = KeptSnapshot(
            entry: entry, keeping: catalogue.keeping(of: entry.manifest, id: entry.id.hex), holds: holds[entry.id.hex])
        kept.isAccepted = catalogue.isAccepted(entry.id.hex)
        kept.isGood = catalogue.quality(of: entry.manifest, id: entry.id.hex) == .good
        return kept
    }

    /// Runs `body` under a lock that keeps deletions away.
    func read<R>(_ body: (OpenRepository) throws -> R) throws -> R {
        _ = try cluster.catalogue()
        let repository = try cluster.storage()
        let lock = try repository.lock(.read, patience: .seconds(30))
        defer { lock.release() }
        return try body(repository)
    }

    /// A person says that the stores are right as a snapshot shows them: it is good, and later ones are compared with it. Throws `refused` where a
    /// store is half restored.
    package func accept(_ name: String) throws -> KeptSnapshot {
        try change(name, "accept \(name)") { catalogue, entry in
            try entry.manifest.checkAcceptable()
            catalogue.accept(entry.manifest, id: entry.id.hex, at: cluster.host.clock.now())
        }
    }

    package func setPinned(_ name: String, _ pinning: Pinning) throws -> KeptSnapshot {
        try change(name, "\(pinning.rawValue) \(name)") { $0.setPinned(pinning == .pin, of: $1.id.hex) }
    }

    /// Lives so much longer than it would have, counted from now when its time is over; or for ever, as one does that had no end before. One of
    /// the policy is held so long beside its buckets.
    package func extend(_ name: String, by more: TimeToLive) throws -> KeptSnapshot {
        let now = cluster.host.clock.now()
        return try change(name, "extend \(name)") { catalogue, entry in
            let id = entry.id.hex
            let isFree = catalogue.isKeptByPolicy(id) && catalogue.overrides[id]?.expires == nil
            guard let end = isFree ? now : catalogue.keeping(of: entry.manifest, id: id).expires.instant else { return }
            catalogue.setExpiry(more.expiry(from: max(end, now)), of: id)
        }
    }

    private func change(_ name: String, _ command: String, _ body: (inout Catalogue, RepositoryEntry) throws -> Void) throws -> KeptSnapshot
    {
        try cluster.exclusively("snapshot \(command)") {
            let entry = try find(name).entry
            try cluster.recording("snapshot \(command)") { try cluster.updateCatalogue { try body(&$0, entry) } }
            return try find(name)
        }
    }

    /// Those whose time is over; never a pinned one, never one of the policy, which has its own rule, never what `undo` or a restore under way needs,
    /// and never the last good one of a store whose later ones are not good.
    func expired(at now: Timestamp, among listing: EntryListing) throws -> [KeptSnapshot] {
        let catalogue = try cluster.catalogue()
        let restoring = catalogue.restoring
        let needed = [catalogue.safety?.snapshotID, restoring?.snapshotID, restoring?.safetySnapshotID, catalogue.copying?.snapshotID]
        let snapshots = try list(listing).snapshots
        let lastGood = snapshots.map { catalogue.standing(of: $0.entry.manifest, id: $0.entry.id.hex) }.lastGood
        return snapshots.filter {
            let id = $0.entry.id.hex
            return $0.keeping.isDue(at: now) && $0.holds == nil && !needed.contains(id) && !lastGood.contains(id)
        }
    }

    /// Removes snapshots of `listing` whose time is over, but for those of `spared`.
    func removeExpired(
        among listing: EntryListing, in repository: OpenRepository, sparing spared: Set<SnapshotID> = []
    ) throws -> [SnapshotName] {
        let now = cluster.host.clock.now()
        let due = try expired(at: now, among: listing).filter { !spared.contains($0.entry.id) }
        guard !due.isEmpty else { return [] }
        for snapshot in due { try remove(snapshot.entry, from: repository) }
        let names = due.map(\.name)
        try cluster.updateCatalogue { catalogue in
            for snapshot in due { catalogue.forget(snapshot.entry.id.hex) }
            let command = "\(HistoryEvent.expired) \(names.map(\.text).joined(separator: " "))"
            catalogue.record(HistoryEvent(time: now, command: command, outcome: "ok", seconds: 0))
        }
        return names
    }

    /// First the one file that makes it exist, then its native images, but for those that the next backup is compared with; what the catalogue
    /// knows of it is for the caller to forget.
    func remove(_ entry: RepositoryEntry, from repository: OpenRepository) throws {
        try cluster.forget([entry.id], in: repository, at: cluster.file.storage)
        let catalogue = try cluster.catalogue()
        for record in entry.manifest.stores {
            guard let image = record.nativeImageID, let store = cluster.file.store(named: record.name),
                !catalogue.imagesKept(of: record.name).contains(image)
            else { continue }
            try cluster.adapter(for: store).removeNativeImage(image)
        }
    }
}

package enum Pinning: String, Sendable { case pin, unpin }
