/// A store that a restore left half done, and that a later restore of other stores did not touch.
package struct HalfRestoredStore: Hashable, Sendable, Codable {
    package var store: String
    /// What it was being restored from.
    package var snapshot: SnapshotName

    package init(store: String, snapshot: SnapshotName) {
        self.store = store
        self.snapshot = snapshot
    }
}

extension RestoreRecord {
    /// Stores that may be half restored.
    package var unfinished: [String] { stores.filter { !finished.contains($0) } }
}

/// How restores in place begin, come on and end, as the catalogue notes it: whatever interrupts them, it names every store that may be half
/// one state and half another, until a restore has put it right.
extension Catalogue {
    /// The restore that one of the snapshot `id` onto `stores` goes on with: one of the same snapshot that was interrupted, and touched all
    /// of them.
    package func interruption(of id: String, onto stores: [String]) -> RestoreRecord? {
        guard let restoring, restoring.places == nil, restoring.snapshotID == id, Set(stores).isSubset(of: restoring.stores) else {
            return nil
        }
        return restoring
    }

    /// Where `undo` leads when a restore goes on: to before it first began, as long as that snapshot is there (`existing`: ids), and not to
    /// the half that was restored.
    package func wayBack(of id: String, onto stores: [String], existing: Set<String>) -> SafetyRecord? {
        guard let record = interruption(of: id, onto: stores), let safety, safety.snapshotID == record.safetySnapshotID,
            existing.contains(safety.snapshotID)
        else { return nil }
        return safety
    }

    /// A restore is about to change stores. `taken`: the safety snapshot that it took.
    package mutating func beginRestore(_ record: RestoreRecord, taken: SafetyRecord, existing: Set<String>) {
        let way = wayBack(of: record.snapshotID, onto: record.stores, existing: existing) ?? taken
        var begun = record
        if let before = interruption(of: record.snapshotID, onto: record.stores) {
            begun.stores = before.stores
            begun.finished = before.finished.filter { !record.stores.contains($0) }
            begun.isUndo = before.isUndo
        } else if let before = restoring {
            halfRestored += before.unfinished.map { HalfRestoredStore(store: $0, snapshot: before.name) }
        }
        begun.safetySnapshotID = way.snapshotID
        halfRestored.removeAll { record.stores.contains($0.store) }
        safety = way
        restoring = begun
    }

    /// The store equals an image as a whole: the restore under way has finished it, or there was nothing to do. The restore ends with its
    /// last store.
    package mutating func noteWhole(_ store: String) {
        halfRestored.removeAll { $0.store == store }
        guard let record = restoring, record.places == nil, record.unfinished.contains(store) else { return }
        restoring?.finished.append(store)
        if restoring?.unfinished.isEmpty == true { restoring = nil }
    }

    /// Every store that may be half restored in place: those of a restore that did not end first.
    package var halfDone: [HalfRestoredStore] {
        guard let restoring, restoring.places == nil else { return halfRestored }
        return restoring.unfinished.map { HalfRestoredStore(store: $0, snapshot: restoring.name) } + halfRestored
    }

    /// What `undo` restores: it goes on with one that was interrupted, else goes back to the last safety snapshot. nil when there is none.
    package var undoing: (snapshot: SnapshotName, stores: [String])? {
        if let restoring, restoring.isUndo == true { return (restoring.name, restoring.stores) }
        return safety.map { ($0.name, $0.stores) }
    }
}
