import Clusters
package import HostIO
package import Model
import ObjectStorage
import RepositoryEngine
import ResticFormat
package import Snapshots
import StoreContract

/// What a sync did.
package struct SyncOutcome: Sendable {
    package var point: StandbyRecord.Point
    /// The stores were at it already.
    package var wasThere: Bool
    package var bytesFetched: UInt64
    package var fetchSeconds: Double
    package var stores: [FilledStore]
    package var applySeconds: Double
    /// What somebody had written here since the last one; it is gone now.
    package var writes: [StandbyRecord.Writes]
    /// Points that are no longer kept.
    package var removed: [SnapshotName]
}

extension OfflineStandby {
    private static let pruneInterval: Double = 86_400

    /// Fetches the newest backup and applies it. Throws when the target cannot be reached; what is on this host's own disk is applied all the same.
    package func sync(job: JobControl) throws -> SyncOutcome {
        _ = try record()
        return try cluster.exclusively("standby sync") {
            try cluster.recording("standby sync", job) { try syncLocked(job: job) }
        }
    }

    /// Whether there is something in the target that was not there at the last sync, or a sync did not end. Reads names only.
    package func isBehind() throws -> Bool {
        let record = try record()
        if let promotion = record.promotion, try isUnderWay(promotion, record) { return false }
        if record.applied == nil || record.applying != nil { return true }
        return try names(in: source(record)) != record.seen
    }

    /// One that was ended before it raised the epoch has changed nothing, and is forgotten.
    private func isUnderWay(_ promotion: Promotion, _ record: StandbyRecord) throws -> Bool {
        try promotion.isDone(.epoch) || folder(record).newest()?.token == promotion.token
    }

    private func names(in repository: OpenRepository) throws -> [String] {
        try repository.storage.list(RepositoryLayout.Folder.snapshots.rawValue).map(\.name.text).sorted()
    }

    func syncLocked(job leader: JobControl) throws -> SyncOutcome {
        var record = try record()
        if let promotion = record.promotion {
            guard try !isUnderWay(promotion, record) else {
                throw Failure(
                    .refused, "a promotion was begun and did not end",
                    hint: "go on with it: holdfast standby promote -c \(cluster.file.path)")
            }
            record.promotion = nil
            try register(nil, record)
        }
        let call = PromotionCall(cluster.state, cluster.host)
        do {
            let outcome = try call.yielding(leader) { job in try bring(&record, job) }
            record.lastFailure = nil
            record.lastSync = cluster.host.clock.now()
            try save(record)
            return outcome
        } catch {
            record.lastFailure = Failure(describing: error).summary
            try? save(record)
            throw error
        }
    }

    private func bring(_ record: inout StandbyRecord, _ job: JobControl) throws -> SyncOutcome {
        let before = record.applying == nil ? record.applied?.tree : nil
        let fetched = try fetchNewest(&record, job)
        if let source = try? source(record) { record.key = source.openedWith.hex }
        let start = cluster.host.clock.monotonicNanoseconds()
        let (entries, reader) = try points()
        guard let newest = entries.last else { throw noPoint }
        let writes = notedWrites(since: record, entries, reader, job: job)
        record.writes = writes
        let wasThere = newest.point.tree == before && writes.isEmpty
        let stores = wasThere ? [] : try apply(newest, reader, trusting: true, &record, job: job)
        let seconds = since(start)
        if !wasThere {
            record.add(
                StandbyRecord.Sample(
                    at: cluster.host.clock.now(), fetchSeconds: fetched.seconds, bytesFetched: fetched.bytes, applySeconds: seconds,
                    bytesWritten: stores.saturatedSum(\.changes.bytesWritten)))
            try save(record)
        }
        try fetchOlder(record, job)
        let removed = try retire(&record, job)
        return SyncOutcome(
            point: newest.point, wasThere: wasThere, bytesFetched: fetched.bytes, fetchSeconds: fetched.seconds, stores: stores,
            applySeconds: seconds, writes: writes, removed: removed)
    }

    var noPoint: Failure {
        Failure(
            .notFound, "the standby has no point yet: no backup has been fetched whole",
            hint: "holdfast standby sync -c \(cluster.file.path), with the target mounted")
    }

    func since(_ start: UInt64) -> Double { Double(cluster.host.clock.monotonicNanoseconds() &- start) / 1e9 }

    /// The newest backup first, so that the standby is never farther behind than it has to be.
    func fetchNewest(_ record: inout StandbyRecord, _ job: JobControl) throws -> (bytes: UInt64, seconds: Double) {
        let start = cluster.host.clock.monotonicNanoseconds()
        let repository = try source(record)
        let lock = try repository.lock(.read, patience: .seconds(30))
        defer { lock.release() }
        let seen = try names(in: repository)
        let (listing, reader) = try EntryReader.list(.backup, in: repository)
        guard let newest = own(listing, try cluster.catalogue().clusterID).last else {
            throw Failure(
                .notFound, "there is no full backup of the cluster in \(record.from) any more",
                hint: "holdfast backup create --mode full on the active cluster")
        }
        record.newest = newest.point
        try lookAtNotices(&record, job)
        try save(record)
        let bytes = try PointFetch(cluster: cluster, entry: newest, reader: reader, job: job).run()
        record.seen = seen
        try save(record)
        return (bytes, since(start))
    }

    /// Numbers only go up, and what was told is not told anew by somebody who puts an old file back. A notice of its own that is gone, or was not signed, is
    /// written again, so that the active one goes on counting on this standby.
    private func lookAtNotices(_ record: inout StandbyRecord, _ job: JobControl) throws {
        guard let folder = try? folder(record) else { return }
        let newest = (try? folder.newest()) ?? nil
        record.epoch = max(EpochNumber.remembered(record.epoch ?? 0), newest?.epoch ?? 0)
        if let notice = (try? folder.active()?.notice) ?? nil, notice.owner == newest?.owner, notice.isNewer(than: record.notice) {
            record.notice = notice
        }
        _ = try? cluster.lookAtEpochs()
        guard record.promotion == nil, let there = try? folder.standbyNotices() else { return }
        let member = try cluster.standing().member
        guard !there.contains(where: { $0.member == member }) else { return }
        do { try register(nil, record) } catch {
            job.note("the active cluster does not know of this standby: \(Failure(describing: error).summary)")
        }
    }

    /// What the standby is to keep beside the newest; they share most of what they are made of.
    private func fetchOlder(_ record: StandbyRecord, _ job: JobControl) throws {
        let there = Set(try points().entries.map(\.file.tree))
        let repository = try source(record)
        let lock = try repository.lock(.read, patience: .seconds(30))
        defer { lock.release() }
        let (listing, reader) = try EntryReader.list(.backup, in: repository)
        let wanted = own(listing, try cluster.catalogue().clusterID).suffix(cluster.file.standby.keep)
        for entry in wanted.reversed() where !there.contains(entry.file.tree) {
            _ = try PointFetch(cluster: cluster, entry: entry, reader: reader, job: job).run()
        }
    }

    /// Removes what is beyond the points to be kept, and once a day what only they needed.
    private func retire(_ record: inout StandbyRecord, _ job: JobControl) throws -> [SnapshotName] {
        let entries = own(
            try cluster.believed(.backup, in: try cluster.storage(), at: cluster.file.storage), try cluster.catalogue().clusterID)
        let needed = [record.applied?.tree, record.applying?.tree]
        let leaving = entries.dropLast(cluster.file.standby.keep).filter { !needed.contains($0.point.tree) }
        guard !leaving.isEmpty else { return [] }
        let storage = try cluster.storage()
        do {
            let lock = try storage.lockForForgetting()
            defer { lock.release() }
            try cluster.forget(leaving.map(\.id), in: storage, at: cluster.file.storage)
        }
        let now = cluster.host.clock.now()
        if !(record.lastPrune.map { (0..<Self.pruneInterval).contains(now.secondsSince($0)) } ?? false) {
            do { _ = try cluster.prune(cluster.file.storage, PruneOptions(grace: 0), job: job) } catch {
                job.note("the room of points that are no longer kept is not freed: \(Failure(describing: error).summary)")
            }
            record.lastPrune = now
        }
        return leaving.map(\.manifest.name)
    }
}
