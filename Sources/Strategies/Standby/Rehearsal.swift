import Clusters
package import HostIO
package import Model
import RepositoryEngine
import ResticFormat
package import Snapshots
import StoreContract

/// What a rehearsal found.
package struct RehearsalOutcome: Sendable {
    package var point: StandbyRecord.Point
    /// As a drill reports them.
    package var stores: [DrillReport.Store]
    package var seconds: Double
    /// Why the check command found fault; nil when it did not.
    package var fault: String?

    /// Of the stores; what the check command found stands in ``fault``.
    package var verdict: DrillReport.Verdict { stores.map(\.verdict).max() ?? .passed }
}

extension OfflineStandby {
    /// A promotion on scratch copies, which are made from this host's own disk as a drill makes them, checked, given to the check command, and
    /// removed. Neither the epoch nor the stores are touched, and syncs go on.
    package func rehearse(at name: String?, room: RoomCheck = .refuses, job: JobControl) throws -> RehearsalOutcome {
        _ = try record()
        let start = cluster.host.clock.monotonicNanoseconds()
        let storage = try cluster.storage()
        let lock = try storage.lock(.read, patience: .seconds(30))
        defer { lock.release() }
        let (entries, reader) = try points()
        guard let entry = name == nil ? entries.last : entries.last(where: { $0.manifest.name.text == name }) else {
            if let name {
                throw Failure(
                    .notFound, "the standby has no point \"\(printable(name))\"",
                    hint: "it has \(entries.map(\.manifest.name.text).joined(separator: ", "))")
            }
            throw noPoint
        }
        let scratch = try cluster.scratch()
        defer { try? scratch.remove() }
        let hint = "free space there; nothing was changed"
        if let words = try cluster.checkRehearsalRoom(of: entry, reader, in: scratch, room, hint: hint, job: job) { job.note(words) }
        let outcome = try rehearse(entry, reader, in: scratch, since: start, job)
        try? remember(outcome.seconds)
        return outcome
    }

    private func rehearse(
        _ entry: RepositoryEntry, _ reader: EntryReader, in scratch: ScratchDirectory, since start: UInt64, _ job: JobControl
    ) throws -> RehearsalOutcome {
        var open: [String: any RehearsedStore] = [:]
        defer { for store in open.values { store.close() } }
        var reports: [DrillReport.Store] = []
        for pair in try matchStores(of: entry.manifest, to: cluster.file, without: []).pairs {
            let form = try form(of: pair, in: entry, reader)?.form ?? .portable
            let (report, store) = try cluster.rehearse(
                pair.record, as: pair.declaration, of: entry, reader, form: form, scratch: scratch, job: job)
            reports.append(report)
            open[pair.record.name] = store
        }
        let fault = check(open.mapValues(\.path), entry)
        return RehearsalOutcome(point: entry.point, stores: reports, seconds: self.since(start), fault: fault)
    }

    /// The check command sees where each store is: HOLDFAST_STORE_NAME.
    private func check(_ paths: [String: String], _ entry: RepositoryEntry) -> String? {
        var variables = ["HOLDFAST_BACKUP": entry.manifest.name.text]
        for (name, path) in paths { variables[RehearsalVariables.path(ofStore: name)] = path }
        do {
            try cluster.runHook(cluster.file.standby.check, "rehearse", variables)
            return nil
        } catch { return Failure(describing: error).summary }
    }

    private func remember(_ seconds: Double) throws {
        try cluster.exclusively("standby promote --rehearse") {
            var record = try record()
            record.rehearsed = seconds
            try save(record)
        }
    }
}
