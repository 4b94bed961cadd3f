import Clusters
import HostIO
package import Model
import RepositoryEngine
import ResticFormat

/// What `standby status` shows.
package struct StandbyStatus: Sendable {
    package var record: StandbyRecord
    package var cluster: ClusterIdentity
    /// On this host's own disk, oldest first: it can be promoted at any of them.
    package var points: [StandbyRecord.Point]
    /// Who owns the cluster; nil when nobody raised an epoch yet.
    package var owner: EpochRecord?
    /// What lies in the target beside the repository and counts for nothing, in words.
    package var doubts: [String] = []
    /// Why the target cannot be reached; nil when it can.
    package var trouble: String?
    package var nextBackup: Timestamp?
    /// Of the stores of which backups may have two, as of the newest point.
    package var forms: [KeptForm]
    /// What somebody has written to the stores since the last sync.
    package var writes: [StandbyRecord.Writes]
    package var now: Timestamp

    /// Seconds of work that a promotion would lose now; nil when there is no point.
    package var age: Double? { points.last.map { max(0, now.secondsSince($0.cutBegan)) } }
    /// The newest point that is on this host's disk and not in the stores.
    package var waiting: StandbyRecord.Point? { points.last.flatMap { $0.tree == record.applied?.tree ? nil : $0 } }
    /// In the target and not on this host.
    package var missing: StandbyRecord.Point? {
        record.newest.flatMap { newest in points.contains { $0.tree == newest.tree } ? nil : newest }
    }
}

extension OfflineStandby {
    package func status() throws -> StandbyStatus {
        var record = try record()
        var owner: EpochRecord?
        var trouble: String?
        var doubts: [String] = []
        do {
            let look = try folder(record).look()
            (owner, doubts) = (look.newest, look.doubts)
            doubts += [try cluster.olderThanKnown(look.active, in: record.from)].compactMap { $0 }
            let listing = try EntryReader.list(.backup, in: try source(record)).listing
            record.newest = own(listing, try cluster.catalogue().clusterID).last?.point ?? record.newest
        } catch { trouble = Failure(describing: error).summary }
        let now = cluster.host.clock.now()
        let (entries, reader) = try points()
        let forms = entries.last.map { newest in (try? self.forms(of: newest, reader)) ?? [] } ?? []
        let writes = (try? self.writes(since: record, entries, reader, job: JobControl())) ?? []
        return StandbyStatus(
            record: record, cluster: try cluster.identity(), points: entries.map(\.point), owner: owner, doubts: doubts, trouble: trouble,
            nextBackup: record.nextBackup(at: now), forms: forms, writes: writes, now: now)
    }
}
