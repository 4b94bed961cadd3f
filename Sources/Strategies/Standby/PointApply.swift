import Archiving
import Clusters
import HostIO
import Model
import RepositoryEngine
import ResticFormat
import Snapshots
import StoreContract

extension OfflineStandby {
    /// Makes the stores equal to a point on this host's disk. The record says first what they are being made equal to, and last that they are: after
    /// a crash the next apply, of this point or another, goes on from whatever they hold. A store that fails does not keep the others back; it is thrown
    /// when they are done, and they are not at the point.
    ///
    /// `trusting`: a store whose image and files are those of the last apply is not looked at again.
    func apply(_ entry: RepositoryEntry, _ reader: EntryReader, trusting: Bool, _ record: inout StandbyRecord, job: JobControl) throws
        -> [FilledStore]
    {
        try cluster.checkOverlaps()
        let matching = try matchStores(of: entry.manifest, to: cluster.file, without: [])
        let before = record.applying == nil ? record.applied : nil
        let last = try before.flatMap { point in try points().entries.last { $0.point.tree == point.tree } }
        record.applying = entry.point
        try save(record)
        var filled: [FilledStore] = []
        var failures: [StoreFailure] = []
        var (compared, forms) = (record.compared ?? [:], record.forms ?? [:])
        for pair in matching.pairs {
            try job.checkCancelled()
            let name = pair.declaration.name
            let form = try form(of: pair, in: entry, reader)?.form ?? .portable
            let before = last.flatMap { form == forms[name] ?? .portable ? $0 : nil }
            if trusting, form == .portable, let before, try isUnchanged(pair, entry, before, reader, record.seals) { continue }
            let trusted = trusting ? try trusted(pair, form, entry, before, reader, since: compared[name]) : nil
            do {
                let store = try fill(pair, form, of: entry, reader, trusted, job)
                filled.append(store)
                compared[name] = store.isEqual ? store.checked : nil
                forms[name] = form
            } catch {
                guard !error.endsRestores else { throw error }
                failures.append(StoreFailure(store: name, error))
                job.log("failed: \(Failure(describing: error).summary)")
            }
        }
        if let failure = failures.together { throw beside(filled, failure) }
        record.applied = entry.point
        (record.compared, record.forms) = (compared, forms)
        record.applying = nil
        record.seals = try matching.pairs.reduce(into: [:]) { $0[$1.declaration.name] = try seal(of: $1.declaration) }
        try save(record)
        return filled
    }

    private func beside(_ filled: [FilledStore], _ failure: Failure) -> Failure {
        var failure = failure
        let others = filled.isEmpty ? nil : "restored: \(filled.map(\.name).joined(separator: ", "))"
        failure.hint = [failure.hint, others, "the same command goes on from here"].compactMap { $0 }.joined(separator: "; ")
        return failure
    }

    private func fill(
        _ pair: StoreMatching.Pair, _ form: StoredForm, of entry: RepositoryEntry, _ reader: EntryReader, _ trusted: TrustedContent?,
        _ job: JobControl
    ) throws -> FilledStore {
        if form == .physical { return try fillClosed(pair, of: entry, reader, trusting: trusted, job: job) }
        // It may have been kept closed until now.
        try cluster.adapter(for: pair.declaration).reopen(job: job)
        return try cluster.fill(pair.declaration, with: pair.record, of: entry, reader, trusting: trusted, job: job)
    }

    /// What of a store's files need not be read: what the last apply left there, and nobody has written to since.
    private func trusted(
        _ pair: StoreMatching.Pair, _ form: StoredForm, _ entry: RepositoryEntry, _ last: RepositoryEntry?, _ reader: EntryReader,
        since: Timestamp?
    ) throws -> TrustedContent? {
        let folder = pair.record.folder(form)
        guard pair.declaration.kind == .directory || form == .physical, let last, let since,
            let new = try reader.tree(of: folder, in: entry)?.subtree, let old = try reader.tree(of: folder, in: last)?.subtree
        else { return nil }
        return TrustedContent(before: since, changed: try ImageComparison(reader).changedContents(from: old, to: new))
    }

    /// Directories are always looked through, which costs no reading; what else is there by its seal.
    private func isUnchanged(
        _ pair: StoreMatching.Pair, _ entry: RepositoryEntry, _ last: RepositoryEntry, _ reader: EntryReader, _ seals: [String: String]
    ) throws -> Bool {
        guard pair.declaration.kind != .directory, let known = seals[pair.declaration.name], try seal(of: pair.declaration) == known else {
            return false
        }
        guard let tree = try reader.tree(of: pair.record.name, in: entry)?.subtree,
            let before = try reader.tree(of: pair.record.name, in: last)?.subtree
        else { return false }
        return try ImageComparison(reader).areSame(before, tree)
    }

    /// What tells that nobody has written to a store since; nil where nothing does.
    func seal(of store: StoreDeclaration) throws -> String? {
        switch store.kind {
        case .directory: nil
        case .sqlite: try ["", "-wal", "-journal"].map { try words(for: store.path + $0) }.joined(separator: " ")
        // Nothing tells it cheaply; nobody is to write there.
        case .postgres, .hdfs: ""
        }
    }

    private func words(for path: String) throws -> String {
        guard let status = try statusOfPath(path), status.size > 0 else { return "-" }
        return
            "\(status.inode)/\(status.size)/\(status.modified.seconds).\(status.modified.nanoseconds)/\(status.changed.seconds).\(status.changed.nanoseconds)"
    }
}
