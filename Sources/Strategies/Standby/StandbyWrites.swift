import Archiving
import Clusters
import HostIO
import Model
import RepositoryEngine
import ResticFormat
import Snapshots
import StoreContract

extension OfflineStandby {
    /// What somebody has written to the stores since the last apply, told by what that left there: times of change and seals. Nothing while an apply is
    /// under way, and of stores that tell nothing: HDFS, and servers into which dumps were loaded.
    func writes(
        since record: StandbyRecord, _ entries: [RepositoryEntry], _ reader: EntryReader, job: JobControl
    ) throws -> [StandbyRecord.Writes] {
        guard record.applying == nil, let applied = record.applied, let last = entries.last(where: { $0.point.tree == applied.tree }) else {
            return []
        }
        return try matchStores(of: last.manifest, to: cluster.file, without: []).pairs.compactMap { pair in
            guard let found = try look(at: pair, last, reader, record, job), found.differences > 0 else { return nil }
            return StandbyRecord.Writes(
                store: pair.declaration.name, count: found.differences, examples: Array(found.examples.prefix(3)),
                seen: cluster.host.clock.now())
        }
    }

    private func look(
        at pair: StoreMatching.Pair, _ last: RepositoryEntry, _ reader: EntryReader, _ record: StandbyRecord, _ job: JobControl
    ) throws -> StoreCheck? {
        let name = pair.declaration.name
        let form = record.forms?[name] ?? .portable
        if pair.declaration.kind == .sqlite {
            guard let known = record.seals[name], try seal(of: pair.declaration) != known else { return nil }
            return StoreCheck(differences: 1, examples: ["\(pair.declaration.path) is not as it was left"])
        }
        guard pair.declaration.kind == .directory || form == .physical, let since = record.compared?[name] else { return nil }
        let adapter = try cluster.adapter(for: pair.declaration).under(
            RestoreTerms(trusted: TrustedContent(before: since, changed: []), lacking: pair.record.lacking))
        let image = try cluster.image(of: pair.record, in: last, reader, form: form)
        if form == .physical { return try adapter.checkClosed(against: image, job: job) }
        return try adapter.check(against: image, scratch: try cluster.scratch(), job: job)
    }

    /// The same; what keeps it from being told is a note, because an apply puts everything right, or fails by itself.
    func notedWrites(
        since record: StandbyRecord, _ entries: [RepositoryEntry], _ reader: EntryReader, job: JobControl
    ) -> [StandbyRecord.Writes] {
        do {
            let writes = try writes(since: record, entries, reader, job: job)
            for found in writes { job.note(found.words) }
            return writes
        } catch {
            job.note("whether somebody has written to this standby cannot be told: \(Failure(describing: error).summary)")
            return []
        }
    }
}
