package import HostIO
package import Model
import RepositoryEngine
import ResticFormat

/// Why and for when a policy runs.
package struct PolicyRun: Hashable, Sendable {
    /// The instant of the schedule that it is for.
    package var slot: Timestamp
    /// Instants before that, since the last run, that had none.
    package var missed: Int64
    /// Why they had none: "holdfast serve did not run".
    package var reason: String?

    package init(slot: Timestamp, missed: Int64 = 0, reason: String? = nil) {
        self.slot = slot
        self.missed = missed
        self.reason = reason
    }
}

extension Cluster {
    package func policies() throws -> Policies { try catalogue().policies }

    /// Runs `body`, which makes an entry of a policy, and notes what came of it: in the history, with the slots that were missed, and in the
    /// record of the backup policy `name` (nil: of the snapshot policy).
    package func running<R>(
        _ command: String, _ run: PolicyRun, of name: String?, _ job: JobControl, _ access: CatalogueAccess,
        flaw: (R) -> FailureCode? = { _ in nil }, _ body: () throws -> R
    ) throws -> R {
        try noteMissed(command, run, job, access)
        let result = Result { try recording(command, job, access, flaw: flaw, body) }
        var failure: String?
        var access = access
        if case .failure(let error) = result {
            failure = Failure(describing: error).summary
            access = access.afterFailure
        }
        // What was asked to stop has not failed: it is due again.
        if case .failure(let error) = result, Failure(describing: error).code == .cancelled { throw error }
        let noted = Result {
            try updateCatalogue(access, command) {
                $0.policies[record: name].ended(slot: run.slot, missed: run.missed, at: host.clock.now(), failure: failure)
            }
        }
        let outcome = try result.get()
        try noted.get()
        return outcome
    }

    /// Makes the record of a policy say what is there: what was removed by hand is forgotten, what a run made that a crash ended has arrived; a backup without
    /// having been verified. What is missing at `path` without anybody here having deleted it is not forgotten.
    package func reconcile(_ name: String?, with listing: EntryListing, in path: String, _ access: CatalogueAccess) throws {
        let record = try policies()[record: name]
        let remembered = try rememberedPlace(at: path).flatMap { try? memory(of: $0) }?.entries.map(\.id) ?? []
        let gone = Set(record.arrivals.map(\.id)).subtracting(listing.ids).subtracting(remembered)
        let unnoted = listing.entries.filter { $0.manifest.name == record.pending && !record.arrivals.map(\.id).contains($0.id.hex) }
        guard !gone.isEmpty || !unnoted.isEmpty else { return }
        let reading = host.readClocks()
        try updateCatalogue(access, "policy run") { catalogue in
            catalogue.policies[record: name].forget(gone)
            for entry in unnoted {
                catalogue.policies[record: name].adopt(
                    entry.id.hex, entry.manifest.name, name == nil ? entry.quality : .flawed, created: entry.manifest.created, at: reading)
            }
        }
    }

    private func noteMissed(_ command: String, _ run: PolicyRun, _ job: JobControl, _ access: CatalogueAccess) throws {
        guard run.missed > 0 else { return }
        let missed = counted(run.missed, "run")
        let reason = run.reason ?? "unknown"
        jobs.skip(command, cause: job.cause, "\(missed) had no time: \(reason)")
        let what = "\(HistoryEvent.missed) \(missed) of \(command): \(reason)"
        try updateCatalogue(access, command) {
            $0.record(HistoryEvent(time: host.clock.now(), command: what, outcome: HistoryEvent.skipped, seconds: 0))
        }
    }
}

extension RepositoryEntry {
    /// Good when it may stand for its stores, whatever a person has accepted (``Catalogue/quality(of:id:)``).
    package var quality: Arrival.Quality { manifest.isGood ? .good : .flawed }
}
