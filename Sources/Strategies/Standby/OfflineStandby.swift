package import Clusters
import HostIO
package import Model
import RepositoryEngine
import ResticFormat

/// An installation that is kept in sync with the active one of its cluster by the backups in a shared target: fetch copies what is missing of a
/// backup into this host's own storage, apply makes the stores equal to it, from there.
package struct OfflineStandby: Sendable {
    package let cluster: Cluster

    package init(_ cluster: Cluster) { self.cluster = cluster }

    /// Nil where there is no standby, and where it has been promoted.
    package func current() throws -> StandbyRecord? { try cluster.state.standby() }

    /// Throws `refused` where there is none.
    package func record() throws -> StandbyRecord {
        if let record = try current() { return record }
        throw Failure(
            .refused, "the cluster \(cluster.file.name) is no standby here",
            hint: "make it one: holdfast standby start --from PATH --cluster ID -c \(cluster.file.path)")
    }

    /// By whoever holds the cluster's lock.
    func save(_ record: StandbyRecord) throws { try cluster.state.save(record) }

    func erase() throws { try cluster.state.eraseStandby() }

    /// Tells the active one that this standby is there, and what it asks for.
    func register(_ request: HandoverRequest? = nil, _ record: StandbyRecord) throws {
        let (member, serial) = try cluster.changeStanding { ($0.member, $0.nextSerial()) }
        try folder(record).register(
            StandbyNotice(member: member, host: cluster.host.name, since: record.since, serial: serial, request: request))
    }

    func folder(_ record: StandbyRecord) throws -> EpochFolder { try cluster.epochs(in: record.from) }

    /// The repository of the target, which must be the one that the standby was started from.
    func source(_ record: StandbyRecord) throws -> OpenRepository {
        guard try cluster.isRepository(record.from) else {
            throw Failure(
                .storage, "there is no repository at \(record.from) any more", hint: "mount the disk or share, then run the command again")
        }
        let repository = try cluster.openForCopying(record.from)
        guard repository.id == record.repository else {
            throw Failure(
                .refused,
                "at \(record.from) lies another repository (\(repository.id.prefix(8))) than before (\(record.repository.prefix(8)))",
                hint: "mount the right one, or start anew: holdfast standby start --from PATH --cluster ID -c \(cluster.file.path)")
        }
        return repository
    }

    /// Full backups of the cluster in a listing, oldest first: others lack what was left out of them.
    func own(_ listing: EntryListing, _ id: String) -> [RepositoryEntry] {
        listing.entries.filter { $0.manifest.cluster.id == id && $0.manifest.mode == .full }
    }

    /// The points on this host's own disk, oldest first.
    func points() throws -> (entries: [RepositoryEntry], reader: EntryReader) {
        let (listing, reader) = try EntryReader.list(.backup, in: try cluster.storage())
        return (own(listing, try cluster.catalogue().clusterID), reader)
    }
}

extension RepositoryEntry {
    var point: StandbyRecord.Point { StandbyRecord.Point(manifest, tree: file.tree.hex) }
}
