import Clusters
import Model
import RepositoryEngine
import ResticFormat

/// Which backup of a target a `cluster restore` means. There is no cluster yet whose backups go by their names: the name of the new cluster decides, or
/// the operator, or nobody.
struct BackupChoice {
    private static let shown = 12

    let listing: EntryListing
    /// As the new cluster file has it.
    let name: String
    /// A name or an id, or the beginning of one.
    let wanted: String?

    /// `word`: a name, `latest`, or an id. Throws `refused` with a list when several clusters have it, `notFound` with the nearest name.
    func choose(_ word: String) throws(Failure) -> RepositoryEntry {
        let pool = try pool()
        let matching = pool.entries.filter { $0.manifest.name.text == word }
        if word == DrillRequest.latest, matching.isEmpty {
            guard let newest = pool.entries.last else {
                throw Failure(
                    .notFound, "there is no backup in the target", hint: "holdfast target ls on the old cluster says where they are")
            }
            try refuseSeveral(word, newestOfEach(pool.entries))
            return newest
        }
        if matching.isEmpty, !pool.lost.contains(where: { $0.name.text == word }), try listing.identified(word, .backup) != nil {
            return try listing.entry(word, of: "", .backup)
        }
        try refuseSeveral(word, matching)
        return try pointing(word) { () throws(Failure) in try pool.entry(named: word, .backup) }
    }

    /// The backups of the cluster that is said; else of clusters that are named like the new one, where there are any; else all.
    private func pool() throws(Failure) -> EntryListing {
        var pool = listing
        guard let wanted else {
            guard listing.entries.contains(where: { $0.manifest.cluster.name == name }) else { return listing }
            pool.entries.removeAll { $0.manifest.cluster.name != name }
            pool.lost.removeAll { $0.stored.file.hostname != name }
            return pool
        }
        pool.entries.removeAll { !isWanted($0.manifest.cluster.name, $0.manifest.cluster.id, wanted) }
        pool.lost.removeAll { !isWanted($0.stored.file.hostname, $0.clusterID, wanted) }
        guard !pool.entries.isEmpty || !pool.lost.isEmpty else {
            let known = listing.others(besides: "").map { "\($0.name) (\($0.id))" }
            throw Failure(
                .notFound, "the target holds no backup of a cluster \"\(printable(wanted))\"",
                hint: known.isEmpty ? nil : "it holds backups of \(known.joined(separator: ", "))")
        }
        return pool
    }

    private func isWanted(_ name: String, _ id: String, _ wanted: String) -> Bool {
        name == wanted || id == wanted || wanted.utf8.count >= EntryListing.leastDigits && id.hasPrefix(wanted)
    }

    private func newestOfEach(_ entries: [RepositoryEntry]) -> [RepositoryEntry] {
        let newest = Dictionary(entries.map { ($0.manifest.cluster.id, $0) }) { $1 }
        return entries.filter { newest[$0.manifest.cluster.id]?.id == $0.id }
    }

    private func refuseSeveral(_ word: String, _ matching: [RepositoryEntry]) throws(Failure) {
        guard Set(matching.map(\.manifest.cluster.id)).count > 1 else { return }
        let lines = matching.suffix(Self.shown).map { entry in
            "\(entry.manifest.name) of \(entry.manifest.cluster.text), \(entry.manifest.created.readable), id \(entry.id.hex.prefix(EntryListing.leastDigits))"
        }
        throw Failure(
            .refused, "several clusters have a backup \(word) in the target: \(lines.joined(separator: "; "))",
            hint: "say which one: --cluster NAME, --cluster ID, or the id of the backup in place of its name")
    }

    /// A name that only clusters beside the pool have is not found, and the hint says whose it is.
    private func pointing(_ word: String, _ body: () throws(Failure) -> RepositoryEntry) throws(Failure) -> RepositoryEntry {
        do { return try body() } catch {
            var failure = error
            let elsewhere = listing.entries.filter { $0.manifest.name.text == word }.map(\.manifest.cluster)
            guard failure.code == .notFound, let first = elsewhere.first else { throw failure }
            failure.hint = "the cluster \(first.name) has one of that name: --cluster \(first.name)"
            throw failure
        }
    }
}
