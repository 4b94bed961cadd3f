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
    package var stores: [FilledStore]
    /// Stores that cannot be made in a scratch place.
    package var left: [String]
    package var seconds: Double
    /// Why the check command found fault; nil when it did not.
    package var fault: String?
}

extension OfflineStandby {
    /// A promotion on scratch copies, which are made from this host's own disk, checked, given to the check command, and removed. Neither the epoch nor
    /// the stores are touched, and syncs go on.
    package func rehearse(at name: String?, job: JobControl) throws -> RehearsalOutcome {
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
        let outcome = try withExtendedLifetime(scratch) { try rehearse(entry, reader, in: scratch.path, since: start, job) }
        try? remember(outcome.seconds)
        return outcome
    }

    private func rehearse(
        _ entry: RepositoryEntry, _ reader: EntryReader, in scratch: String, since start: UInt64, _ job: JobControl
    ) throws -> RehearsalOutcome {
        let (copy, left) = rehearsed(in: scratch)
        let records = entry.manifest.stores.filter { copy.file.store(named: $0.name) != nil }
        try checkRoom(records, in: scratch)
        let stores = try records.compactMap { record in
            try copy.file.store(named: record.name).map { try copy.fill($0, with: record, of: entry, reader, job: job) }
        }
        let fault = check(copy, entry)
        return RehearsalOutcome(point: entry.point, stores: stores, left: left, seconds: self.since(start), fault: fault)
    }

    /// The same cluster with its stores in a scratch place, as far as they are files.
    private func rehearsed(in scratch: String) -> (Cluster, left: [String]) {
        var file = cluster.file
        let left = file.stores.filter { $0.kind != .directory && $0.kind != .sqlite }.map(\.name)
        file.stores = file.stores.filter { !left.contains($0.name) }.map { store in
            var store = store
            store.path = "\(scratch)/\(store.name)"
            return store
        }
        return (Cluster(file: file, host: cluster.host, drivers: cluster.drivers, program: cluster.program), left)
    }

    private func checkRoom(_ records: [StoreRecord], in scratch: String) throws {
        let needed = records.reduce(0) { $0 + $1.bytes }
        guard let space = try StoreSpace.local(scratch), space.free <= needed else { return }
        throw Failure(
            .space, "the file system of \(scratch) has \(ByteCount(space.free)) free, the scratch copies take \(ByteCount(needed))",
            hint: "free space there; nothing was changed")
    }

    /// The check command sees where each store is: HOLDFAST_STORE_name.
    private func check(_ copy: Cluster, _ entry: RepositoryEntry) -> String? {
        var variables = ["HOLDFAST_BACKUP": entry.manifest.name.text]
        for store in copy.file.stores { variables["HOLDFAST_STORE_\(store.name.replacing("-", with: "_"))"] = store.path }
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
