import HostIO
import ResticFormat

extension OpenRepository {
    /// Those of `snapshots` that lose something by what `problems` name. A blob with another copy that is sound is not lost.
    package func affected(by problems: [CheckProblem], among snapshots: [StoredSnapshot]) throws -> [StoredSnapshot] {
        guard problems.contains(where: \.isLoss) else { return [] }
        let damage = try Damage(problems, in: loadIndex())
        return try snapshots.filter { snapshot in
            if damage.snapshots.contains(snapshot.id) { return true }
            let reached = try Reachability.walk([snapshot.file.tree], in: damage.index)
            return !reached.problems.isEmpty || damage.touches(reached.takeUsed())
        }
    }
}

/// What is lost, for good.
private struct Damage {
    let index: IndexedRepository
    var snapshots: Set<SnapshotID> = []
    var packs: Set<PackID> = []
    let blobs = BlobSet()

    init(_ problems: [CheckProblem], in index: IndexedRepository) throws {
        self.index = index
        let opener = try index.makeOpener()
        for problem in problems {
            switch problem.place {
            case .snapshot(let id): snapshots.insert(id)
            case .pack(let id): packs.insert(id)
            case .tree(let id): blobs.insert(id.naming(BlobNamed.self), .tree)
            case .blob(let id, let kind):
                // Another copy may be sound.
                do { try index.withBlob(id, kind, using: opener) { _ in } } catch { blobs.insert(id, kind) }
            case .packFile, .index: break
            }
        }
    }

    func touches(_ used: BlobSet) -> Bool {
        var isTouched = false
        used.forEach { id, kind in
            guard !isTouched else { return }
            isTouched = blobs.contains(id, kind) || isInLostPacks(id, kind)
        }
        return isTouched
    }

    private func isInLostPacks(_ id: BlobID, _ kind: BlobKind) -> Bool {
        guard !packs.isEmpty, let place = index.locate(id, kind), packs.contains(place.pack) else { return false }
        return index.copies(of: id, kind).allSatisfy { packs.contains($0.pack) }
    }
}
