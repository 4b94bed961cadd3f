package import Model
import RepositoryEngine
package import ResticFormat

/// Another cluster that keeps entries in the same repository.
package struct OtherCluster: Hashable, Sendable {
    package var name: String
    package var id: String
    package var entries: Int
}

/// A repository that several clusters share, as one of them sees it: a name, and `latest`, mean one of its own; an entry of another cluster is meant by
/// its id alone.
extension EntryListing {
    /// Digits of an id that mean an entry: as many as listings show.
    package static let leastDigits = 8
    private static let mostDigits = 64

    /// Those of the cluster with this id. What is damaged is told of all.
    package func own(by cluster: String) -> EntryListing {
        var own = self
        own.entries.removeAll { $0.manifest.cluster.id != cluster }
        own.lost.removeAll { $0.clusterID != cluster }
        return own
    }

    /// The clusters that the other entries are of, by name and id.
    package func others(besides cluster: String) -> [OtherCluster] {
        let foreign = entries.map(\.manifest.cluster).filter { $0.id != cluster }
        let names = Dictionary(foreign.map { ($0.id, $0.name) }) { $1 }
        return names.map { id, name in OtherCluster(name: name, id: id, entries: foreign.count { $0.id == id }) }
            .sorted { ($0.name, $0.id) < ($1.name, $1.id) }
    }

    /// The entry that `word` means for the cluster with the id `owner`. Throws `notFound` with the nearest of its names, `damaged` for one that cannot be
    /// read, `refused` when the digits are those of several ids.
    package func entry(_ word: String, of owner: String, _ kind: ManifestKind) throws(Failure) -> RepositoryEntry {
        let own = own(by: owner)
        if !own.holds(word), let id = try identified(word, kind) {
            if let entry = entries.first(where: { $0.id == id }) { return entry }
            if let lost = lost.first(where: { $0.stored.id == id }) { throw lost.failure(kind) }
        }
        return try pointing(word, own, kind) { () throws(Failure) in try own.entry(named: word, kind) }
    }

    /// Like ``entry(_:of:_:)``, for a deletion: also one that cannot be read. The item names the cluster when it is another one's.
    package func deletable(
        _ word: String, of owner: String, _ kind: ManifestKind
    ) throws(Failure) -> (id: SnapshotID, item: DeletePlan.Item) {
        let own = own(by: owner)
        if !own.holds(word), let id = try identified(word, kind) {
            if let entry = entries.first(where: { $0.id == id }) {
                var item = entry.item
                if entry.manifest.cluster.id != owner { item.owner = entry.manifest.cluster.text }
                return (id, item)
            }
            if let lost = lost.first(where: { $0.stored.id == id }) {
                var item = lost.item
                if lost.clusterID != owner { item.owner = "\(lost.stored.file.hostname) (id \(lost.clusterID))" }
                return (id, item)
            }
        }
        return try pointing(word, own, kind) { () throws(Failure) in try own.deletable(word, kind) }
    }

    /// Also of those that cannot be read.
    package var names: [SnapshotName] { entries.map(\.manifest.name) + lost.map(\.name) }

    private func holds(_ name: String) -> Bool {
        entries.contains { $0.manifest.name.text == name } || lost.contains { $0.name.text == name }
    }

    /// Of whatever cluster; nil when the word is no id of any.
    package func identified(_ word: String, _ kind: ManifestKind) throws(Failure) -> SnapshotID? {
        guard (Self.leastDigits...Self.mostDigits).contains(word.utf8.count), word.utf8.allSatisfy(\.isLowerHexDigit) else { return nil }
        let matching = Set((entries.map(\.id) + lost.map(\.stored.id)).filter { $0.hex.hasPrefix(word) })
        guard matching.count < 2 else {
            throw Failure(
                .refused, "\(word) is the beginning of the ids of \(matching.count) \(kind.rawValue)s",
                hint: "give more digits: \(matching.map(\.hex).sorted().joined(separator: ", "))")
        }
        return matching.first
    }

    /// A name that only other clusters have is not found, and the hint says whose it is.
    private func pointing<R>(
        _ word: String, _ own: EntryListing, _ kind: ManifestKind, _ body: () throws(Failure) -> R
    ) throws(Failure) -> R {
        do { return try body() } catch {
            var failure = error
            let foreign = entries.filter { $0.manifest.name.text == word }
            guard failure.code == .notFound, !own.holds(word), !foreign.isEmpty else { throw failure }
            let ids = foreign.map { "that of the cluster \($0.manifest.cluster.name) is \($0.id.hex.prefix(Self.leastDigits))" }
            failure.hint = "another cluster's \(kind.rawValue) is meant by its id: \(ids.joined(separator: ", "))"
            throw failure
        }
    }
}

extension ClusterIdentity {
    /// "shop (id 0123…)": tells two clusters of one name apart.
    package var text: String { "\(name) (id \(id))" }
}

extension UInt8 {
    fileprivate var isLowerHexDigit: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self)
    }
}
