package import Clusters
package import HostIO
import Model
import RepositoryEngine
import ResticFormat

extension Snapshots {
    /// Takes the snapshot that the policy wants, then removes those that it does not keep any more. Nil when the policy has been disabled
    /// meanwhile.
    package func createPeriodic(_ run: PolicyRun, job: JobControl) throws -> SnapshotOutcome? {
        try cluster.exclusively("snapshot policy") { () throws -> SnapshotOutcome? in
            guard try cluster.policies().snapshot.isEnabled else { return nil }
            try cluster.checkMay(.snapshot)
            let outcome = try cluster.running(HistoryEvent.periodic, run, of: nil, job, .locked, flaw: { $0.entry.flaw }) {
                try takePeriodic(job)
            }
            freeExpired(job: job)
            return outcome
        }
    }

    private func takePeriodic(_ job: JobControl) throws -> SnapshotOutcome {
        let start = cluster.host.clock.monotonicNanoseconds()
        let listing = try ownListing()
        try cluster.reconcile(nil, with: listing, in: cluster.file.storage, .locked)
        let name = try freeName("periodic-\(cluster.host.clock.now().compact)", besides: listing.entries.map(\.manifest.name))
        let request = SnapshotRequest(name: name, reason: "by the snapshot policy", style: .periodic)
        try cluster.updateCatalogue { $0.policies.snapshotRecord.pending = name }
        var outcome = try advisingWhenFull { try createLocked(request, job: job) }
        let seconds = Double(cluster.host.clock.monotonicNanoseconds() &- start) / 1e9
        var sample = PolicyRecord.Sample(
            seconds: seconds, bytesAdded: outcome.bytesStored, bytes: outcome.entry.manifest.bytes)
        sample.pauseSeconds = outcome.entry.manifest.cut.pauseSeconds
        sample.skewSeconds = outcome.entry.manifest.cut.skewSeconds
        try cluster.updateCatalogue { catalogue in
            catalogue.policies.snapshotRecord.arrive(
                outcome.entry.id.hex, name, outcome.entry.quality, flawedStores: outcome.entry.manifest.flawedStores,
                at: cluster.host.readClocks())
            catalogue.policies.snapshotRecord.add(sample)
        }
        // The snapshot is there, whatever comes of this.
        do {
            let removed = try applyPolicy()
            if !removed.isEmpty { job.log("removed by the policy: \(removed.map(\.text).joined(separator: " "))") }
            outcome.removed += removed
        } catch {
            job.note("snapshots that the policy does not keep any more are still there: \(Failure(describing: error).summary)")
        }
        return outcome
    }

    /// Removes what no bucket, pin, lifetime or restore holds.
    private func applyPolicy() throws -> [SnapshotName] {
        let repository = try cluster.storage()
        let lock = try repository.lockForForgetting()
        defer { lock.release() }
        let entries = try cluster.believed(.snapshot, in: repository, at: cluster.file.storage).own(by: cluster.catalogue().clusterID)
            .entries
        let catalogue = try cluster.catalogue()
        let leaving = catalogue.snapshotsLeaving(under: catalogue.policies.snapshot, at: cluster.host.clock.now())
        let names = try leaving.compactMap { arrival -> SnapshotName? in
            guard let entry = entries.first(where: { $0.id.hex == arrival.id }) else { return nil }
            try remove(entry, from: repository)
            return arrival.name
        }
        guard !leaving.isEmpty else { return [] }
        try cluster.updateCatalogue { catalogue in
            for arrival in leaving { catalogue.forget(arrival.id) }
            let command = "\(HistoryEvent.expired) \(names.map(\.text).joined(separator: " "))"
            catalogue.record(HistoryEvent(time: cluster.host.clock.now(), command: command, outcome: "ok", seconds: 0))
        }
        return names
    }
}
