import Clusters
package import HostIO
package import Model
import RepositoryEngine
import ResticFormat
package import Snapshots

package struct PromotionRequest: Sendable {
    /// A point to promote; nil is the newest backup.
    package var at: String?
    /// The active cluster is asked to make way first, so that nothing is lost.
    package var isPlanned = false
    /// Goes on though the epoch cannot be raised now.
    package var withoutTarget = false
    /// Goes on though the fence command fails.
    package var withoutFence = false
    /// How long the active cluster is waited for; planned only.
    package var patience: Duration = .seconds(600)

    package init() {}
}

/// A promotion that is planned.
package struct PreparedPromotion: Sendable {
    package let plan: PromotionPlan
    let request: PromotionRequest
}

/// What a promotion did, and what it cost.
package struct PromotionOutcome: Sendable {
    package var promotion: Promotion
    package var point: StandbyRecord.Point
    /// Seconds of work that may be lost: from the instant that the point shows to the beginning of the promotion; 0 when the active cluster made
    /// way.
    package var lossSeconds: Double
    /// From the beginning of the promotion to its end, whatever interrupted it.
    package var seconds: Double
    package var stores: [FilledStore]
    package var notes: [String]
    package var policies: Int
}

extension OfflineStandby {
    /// Looks at what a promotion would do. Changes nothing.
    package func preparePromotion(_ request: PromotionRequest) throws -> PreparedPromotion {
        var record = try record()
        var owner: EpochRecord?
        var trouble: String?
        do {
            owner = try folder(record).newest()
            record.newest =
                own(try EntryReader.list(.backup, in: try source(record)).listing, try cluster.catalogue().clusterID).last?.point
        } catch { trouble = Failure(describing: error).summary }
        if trouble != nil { record.newest = nil }
        let promotion = record.promotion ?? begun(request, over: max(owner?.epoch ?? 0, EpochNumber.remembered(record.epoch ?? 0)))
        let points = try points().entries.map(\.point)
        let name = promotion.at?.text
        let known = name == nil ? points.last : points.last { $0.name.text == name }
        let newest = name == nil ? record.newest ?? known : known
        guard let point = newest else {
            if let name {
                throw Failure(
                    .notFound, "the standby has no point \"\(printable(name))\"",
                    hint: "it has \(points.map(\.name.text).joined(separator: ", "))")
            }
            throw noPoint
        }
        let plan = PromotionPlan(
            cluster: cluster.file.name, file: cluster.file, point: point, promotion: promotion,
            fetches: !points.contains { $0.tree == point.tree }, owner: owner, trouble: trouble,
            expectedSeconds: record.expectedPromotionSeconds, madeAt: cluster.host.clock.now())
        return PreparedPromotion(plan: plan, request: request)
    }

    private func begun(_ request: PromotionRequest, over: UInt64) -> Promotion {
        Promotion(
            token: cluster.host.randomHex(bytes: 16), began: cluster.host.clock.now(), at: try? request.at.map { try SnapshotName($0) },
            isPlanned: request.isPlanned, over: over)
    }

    /// Takes over. Each step is noted when it is done: the same command goes on after whatever ended it.
    package func promote(_ prepared: PreparedPromotion, job: JobControl) throws -> PromotionOutcome {
        let call = try PromotionCall(cluster.state, cluster.host).raise()
        return try cluster.exclusively("standby promote") {
            call.release()
            return try cluster.recording("standby promote", job) {
                var record = try record()
                if record.promotion == nil {
                    var promotion = prepared.plan.promotion
                    // Not while somebody read the plan.
                    promotion.began = cluster.host.clock.now()
                    record.promotion = promotion
                    try save(record)
                }
                var run = PromotionRun(standby: self, request: prepared.request, record: record, job: job)
                return try run.run()
            }
        }
    }
}
