package import Clusters
package import HostIO
package import Model
package import StoreContract

/// A restore of one part that is planned, with what its store holds for it. To be closed by ``Snapshots/close(_:)``.
package struct PreparedPartRestore: Sendable {
    package let plan: PartRestorePlan
    package let held: HeldEntry
    let adapter: any StoreAdapter
    let scratch: ScratchDirectory
}

package struct PartRestoreOutcome: Sendable {
    package var plan: PartRestorePlan
    /// What of the part could not be made.
    package var issues: [String]
    package var isSame: Bool
    /// Files with SQL for what of it can be made later.
    package var scripts: [String] = []
    package var seconds: Double
}

extension Snapshots {
    /// Takes a part out of the image of `store` and says what having it would change. Changes nothing.
    package func preparePart(
        _ part: StorePart, of store: String, in name: String, releaseChange: ReleaseChange, job: JobControl
    ) throws -> PreparedPartRestore {
        let (held, _) = try hold(name, releaseChange)
        let record = try pick(store, from: held.entry.manifest.stores, what: "store") { $0.name }
        do {
            let adapter = try cluster.adapter(for: try declaration(of: record))
            let scratch = try cluster.scratch()
            let image = try cluster.image(of: record, in: held.entry, held.reader)
            let plan = PartRestorePlan(
                snapshot: held.entry.manifest.name, cut: held.entry.manifest.cut.began, store: record.name,
                part: try adapter.planPart(part, of: image, scratch: scratch, job: job), madeAt: cluster.host.clock.now())
            return PreparedPartRestore(plan: plan, held: held, adapter: adapter, scratch: scratch)
        } catch {
            throw Failure(describing: error).about(store: record.name)
        }
    }

    /// Makes the part in the running store. Nothing is lost: what had its name is kept.
    package func restore(_ prepared: PreparedPartRestore, job: JobControl) throws -> PartRestoreOutcome {
        let plan = prepared.plan
        let command = "snapshot restore \(plan.snapshot) (\(plan.part.what))"
        return try cluster.exclusively(command) {
            try cluster.recording(command, job) {
                let start = cluster.host.clock.monotonicNanoseconds()
                do {
                    let outcome = try prepared.adapter.applyPart(plan.part, job: job)
                    let seconds = Double(cluster.host.clock.monotonicNanoseconds() &- start) / 1e9
                    for issue in outcome.issues { job.log("not made: \(issue)") }
                    let scripts = try cluster.keep(outcome.remedies, of: plan.store, job)
                    return PartRestoreOutcome(
                        plan: plan, issues: outcome.issues, isSame: outcome.isSame, scripts: scripts, seconds: seconds)
                } catch {
                    throw Failure(describing: error).about(store: plan.store)
                }
            }
        }
    }

    package func close(_ prepared: PreparedPartRestore) {
        prepared.adapter.releasePart(prepared.plan.part)
        try? prepared.scratch.remove()
    }
}
