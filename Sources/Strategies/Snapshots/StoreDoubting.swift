import Clusters
package import Model
import ResticFormat

/// Judges the stores of a new snapshot as a whole: whether each is what it was, not half restored, somewhere else, or far less.
struct StoreDoubting {
    let catalogue: Catalogue
    let rule: ShrinkRule
    /// Snapshots that are there, oldest first.
    let previous: [RepositoryEntry]

    func judged(_ record: StoreRecord) -> StoreRecord {
        var record = record
        var doubts = (record.doubts ?? []) + catalogue.halfRestoredDoubts(about: record.name)
        if let baseline = baseline(of: record) { doubts += rule.doubts(about: record, since: baseline) }
        record.doubts = doubts.isEmpty ? nil : doubts
        return record
    }

    /// The newest of what is known to be right: the last good snapshot, a restore, or what a person has accepted.
    private func baseline(of record: StoreRecord) -> StoreBaseline? {
        let good = previous.last { entry in
            let manifest = entry.manifest
            return manifest.cluster.id == catalogue.clusterID && manifest.store(named: record.name)?.kind == record.kind
                && !catalogue.flawedStores(of: manifest, id: entry.id.hex).contains(record.name)
        }
        let shown = good.flatMap { entry in
            entry.manifest.store(named: record.name).map {
                StoreBaseline($0, at: entry.manifest.created, source: "the snapshot \(entry.manifest.name)")
            }
        }
        guard let noted = catalogue.baseline(of: record.name) else { return shown }
        guard let shown, noted.isFirstLook != true else { return shown ?? noted }
        return noted.at >= shown.at ? noted : shown
    }
}

extension Catalogue {
    /// Whether a store is half one state and half another.
    package func halfRestoredDoubts(about store: String) -> [StoreDoubt] {
        if let half = halfDone.first(where: { $0.store == store }) {
            return [
                StoreDoubt(.halfRestored, "it is half restored from \(half.snapshot): holdfast snapshot restore \(half.snapshot) goes on")
            ]
        }
        guard let restoring, restoring.places != nil, restoring.unfinished.contains(store) else { return [] }
        return [
            StoreDoubt(.halfRestored, "it is half restored from the backup \(restoring.name): the same holdfast cluster restore goes on")
        ]
    }
}
