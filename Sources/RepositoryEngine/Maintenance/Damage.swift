import HostIO
import ResticFormat

extension OpenRepository {
    /// Those of `snapshots` that lose something by the damage that `report` found. A blob that can be read from any copy is not lost.
    package func affected(by report: CheckReport, among snapshots: [StoredSnapshot]) throws -> [StoredSnapshot] {
        let unreadable = Set(report.problems.compactMap { if case .snapshot(let id) = $0.place { id } else { nil } })
        guard !report.damagedPacks.isEmpty || !report.isRestorable else { return [] }
        let census = try takeCensus()
        let suspects = census.suspects.union(report.damagedPacks)
        let index = try index(of: census.contents, doomed: suspects)
        let losses = try LossSearch(index, suspects: suspects)
        return try snapshots.filter { snapshot in
            if unreadable.contains(snapshot.id) { return true }
            let reached = try Reachability.walk([snapshot.file.tree], in: index)
            return try !reached.problems.isEmpty || losses.touch(reached.takeUsed())
        }
    }
}

/// Finds blobs of which no copy can be read; each is looked at once.
private final class LossSearch {
    private let index: IndexedRepository
    private let suspects: Set<PackID>
    private let opener: BlobOpener
    private let lost = BlobSet()
    private let found = BlobSet()

    init(_ index: IndexedRepository, suspects: Set<PackID>) throws {
        self.index = index
        self.suspects = suspects
        opener = try index.makeOpener()
    }

    func touch(_ used: BlobSet) throws -> Bool {
        var isTouched = false
        try used.forEach { id, kind in
            if !isTouched { isTouched = try isLost(id, kind) }
        }
        return isTouched
    }

    private func isLost(_ id: BlobID, _ kind: BlobKind) throws -> Bool {
        // The copy at the front is one above suspicion, if there is any.
        guard let place = index.locate(id, kind), suspects.contains(place.pack), !found.contains(id, kind) else { return false }
        if lost.contains(id, kind) { return true }
        let isThere = try index.copies(of: id, kind).contains { try index.isWhole(id, kind, at: $0, using: opener) }
        (isThere ? found : lost).insert(id, kind)
        return !isThere
    }
}
