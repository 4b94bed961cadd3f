import Backups
package import Clusters
package import HostIO
import Model
import RepositoryEngine
import ResticFormat

/// The standby's side of a planned switchover: asks, and waits for the active cluster to raise the epoch for it.
struct HandoverWait {
    let standby: OfflineStandby
    let record: StandbyRecord
    let promotion: Promotion
    let patience: Duration
    let job: JobControl

    private var cluster: Cluster { standby.cluster }

    func run() throws -> EpochRecord {
        let folder = try standby.folder(record)
        let member = try cluster.standing().member
        let now = cluster.host.clock.now()
        let request = HandoverRequest(
            token: promotion.token, asked: now, until: now.adding(seconds: Int64((patience / .seconds(1)).rounded(.up))))
        if try granted(folder) == nil { try register(request) }
        job.begin(phase: "waiting for the active cluster to make way")
        let start = cluster.host.clock.monotonicNanoseconds()
        do {
            while true {
                if let record = try granted(folder) {
                    try register(nil)
                    return record
                }
                let request = try folder.standbyNotice(of: member)?.request
                if let refusal = request?.refusal, request?.token == promotion.token {
                    throw Failure(
                        .refused, "the active cluster does not make way: \(refusal)",
                        hint: "put that right there, or promote without --planned when the active cluster is gone")
                }
                try job.checkCancelled()
                guard Duration.seconds(standby.since(start)) < patience else {
                    throw Failure(
                        .refused,
                        "the active cluster did not make way within \(DurationText.spoken(seconds: patience / .seconds(1))); nothing was changed",
                        hint: "holdfast serve must run there; holdfast serve --once there answers now")
                }
                cluster.host.clock.sleep(for: .milliseconds(200))
            }
        } catch {
            try? register(nil)
            // It may have made way at the last moment.
            if let record = try? granted(folder) { return record }
            throw error
        }
    }

    private func granted(_ folder: EpochFolder) throws -> EpochRecord? {
        guard let newest = try folder.newest(), newest.token == promotion.token else { return nil }
        return newest
    }

    private func register(_ request: HandoverRequest?) throws {
        try standby.register(request, record)
    }
}

/// The active cluster's side: stops the applications, makes the last backup, and raises the epoch for the standby that asked.
package struct Handover: Sendable {
    private let cluster: Cluster

    package init(_ cluster: Cluster) { self.cluster = cluster }

    /// Answers a standby that asks for it. Gives what was done; empty when nobody asks. An answer that a crash ended is given again, or taken back
    /// when nobody waits for it any more.
    package func answer(job: JobControl) throws -> [String] {
        guard let standing = try cluster.state.standing(), standing.role == .active else { return [] }
        for place in try cluster.targets() where place.record != nil {
            guard let notices = try? cluster.epochs(in: place.path).standbyNotices() else { continue }
            guard let notice = notices.first(where: { isWaiting($0, standing) }) else { continue }
            return try answer(notice, place.path, job)
        }
        guard standing.handover != nil else { return [] }
        return try resume("the standby does not wait any more")
    }

    private func isWaiting(_ notice: StandbyNotice, _ standing: Standing) -> Bool {
        guard let wish = notice.request, standing.isCurrent(notice), !standing.hasAnswered(wish) else { return false }
        return wish.refusal == nil && cluster.host.clock.now() <= wish.until
    }

    private func answer(_ notice: StandbyNotice, _ target: String, _ job: JobControl) throws -> [String] {
        guard let wish = notice.request else { return [] }
        guard cluster.file.standby.onFenced != nil else {
            try cluster.changeStanding { $0.noteAnswer(to: wish) }
            try refuse(notice, target, "its cluster file has no on-fenced command, so nothing would stop the writers")
            return ["did not make way for \(notice.host): there is no on-fenced command"]
        }
        try cluster.changeStanding { standing in
            standing.note([notice])
            standing.handover = wish
        }
        do {
            try cluster.runHook(cluster.file.standby.onFenced, "handover", Cluster.owner(notice.host))
            guard let place = try cluster.targets().first(where: { $0.path == target }) else {
                throw Failure(.notFound, "the target \(target) is not one of this cluster any more")
            }
            let request = BackupRequest(target: place.name, mode: .full, form: try form(in: place.name))
            let backup = try Backups(cluster).create(request, job: job).entry.manifest.name.text
            guard try cluster.epochs(in: target).standbyNotice(of: notice.member)?.request?.token == wish.token else {
                return try resume("the standby does not wait any more")
            }
            return [try raise(for: notice, wish, target, backup)]
        } catch {
            let failure = Failure(describing: error)
            try? refuse(notice, target, failure.summary)
            return ["did not make way for \(notice.host): \(failure.summary)"] + (try resume("the handover failed"))
        }
    }

    /// That of the backups that the standby has had until now.
    private func form(in target: String) throws -> StoredForm {
        let id = try cluster.catalogue().clusterID
        let last = try Backups(cluster).list(in: target).entries.last { $0.manifest.cluster.id == id && $0.manifest.mode == .full }
        return last?.manifest.stores.contains { $0.physicalBytes != nil } == true ? .physical : .portable
    }

    private func raise(for notice: StandbyNotice, _ request: HandoverRequest, _ target: String, _ backup: String) throws -> String {
        try cluster.changeStanding { standing in
            let folder = try cluster.epochs(in: target)
            let last = max(try folder.newest()?.epoch ?? 0, standing.lastEpoch(in: target))
            let record = try cluster.record(
                after: last, in: folder, owner: notice.member, ownerHost: notice.host, .handover, backup: backup, token: request.token)
            let winner = try folder.raise(record)
            standing.yield(to: winner ?? record, in: target, at: cluster.host.clock.now(), hook: winner == nil ? "" : nil)
            return "made way for \(notice.host) with epoch \(winner?.epoch ?? record.epoch); the last backup is \(backup)"
        }
    }

    private func refuse(_ notice: StandbyNotice, _ target: String, _ reason: String) throws {
        var notice = notice
        notice.request?.refusal = reason
        try cluster.epochs(in: target).register(notice)
    }

    /// The applications go on.
    private func resume(_ reason: String) throws -> [String] {
        try cluster.changeStanding { standing in
            if let wish = standing.handover { standing.noteAnswer(to: wish) }
            standing.handover = nil
        }
        do { try cluster.runHook(cluster.file.standby.onPromote, "resume", onEnding: .runsOn) } catch {
            return ["stays the active one: \(reason); the applications do not run again: \(Failure(describing: error).summary)"]
        }
        return ["stays the active one: \(reason)"]
    }
}
