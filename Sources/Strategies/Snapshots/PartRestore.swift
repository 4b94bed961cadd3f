package import Clusters
package import HostIO
package import Model
import RepositoryEngine
package import StoreContract

/// A restore of one part that is planned, with what its store holds for it. To be closed by ``Snapshots/close(_:)``.
package struct PreparedPartRestore: Sendable {
    package let plan: PartRestorePlan
    package let held: HeldEntry
    let adapter: any StoreAdapter
    let part: StorePartPlan
    let scratch: ScratchDirectory
}

package struct PartRestoreOutcome: Sendable {
    package var plan: PartRestorePlan
    /// What of the part could not be made.
    package var issues: [String]
    package var isSame: Bool
    package var seconds: Double
}

extension Snapshots {
    /// Takes a part out of the image of `store` and says what having it would change. Changes nothing.
    package func preparePart(
        _ part: StorePart, of store: String, in name: String, releaseChange: ReleaseChange, job: JobControl
    ) throws -> PreparedPartRestore {
        let identity = try cluster.identity()
        try refuseHalfCluster()
        let repository = try cluster.storage()
        let lock = try repository.lock(.read, patience: .seconds(30))
        let (listing, reader) = try EntryReader.list(.snapshot, in: repository)
        let entry = try restorable(name, from: listing, onto: identity, releaseChange)
        let record = try pick(store, from: entry.manifest.stores, what: "store") { $0.name }
        do {
            let adapter = try cluster.adapter(for: try declaration(of: record))
            let scratch = try cluster.scratch()
            let plan = try adapter.planPart(part, of: try cluster.image(of: record, in: entry, reader), scratch: scratch, job: job)
            return PreparedPartRestore(
                plan: PartRestorePlan(
                    snapshot: entry.manifest.name, cut: entry.manifest.cut.began, store: record.name, what: plan.what, name: plan.name,
                    rows: plan.rows, bytes: plan.bytes, keptAs: plan.keptAs, roles: plan.roles, warnings: plan.warnings,
                    undoStatements: plan.undo, madeAt: cluster.host.clock.now()),
                held: HeldEntry(entry, reader, under: lock), adapter: adapter, part: plan, scratch: scratch)
        } catch {
            throw Failure(describing: error).about(store: record.name)
        }
    }

    /// Makes the part in the running store. Nothing is lost: what had its name is kept.
    package func restore(_ prepared: PreparedPartRestore, job: JobControl) throws -> PartRestoreOutcome {
        let plan = prepared.plan
        let command = "snapshot restore \(plan.snapshot) (\(plan.what))"
        return try cluster.exclusively(command) {
            try cluster.recording(command, job) {
                let start = cluster.host.clock.monotonicNanoseconds()
                do {
                    let outcome = try prepared.adapter.applyPart(prepared.part, job: job)
                    let seconds = Double(cluster.host.clock.monotonicNanoseconds() &- start) / 1e9
                    return PartRestoreOutcome(plan: plan, issues: outcome.issues, isSame: outcome.isSame, seconds: seconds)
                } catch {
                    throw Failure(describing: error).about(store: plan.store)
                }
            }
        }
    }

    package func close(_ prepared: PreparedPartRestore) {
        prepared.adapter.releasePart(prepared.part)
        try? prepared.scratch.remove()
    }
}
