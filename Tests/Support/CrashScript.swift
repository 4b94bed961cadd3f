package import HostIO
import Model
package import ObjectStorage
package import RepositoryEngine
import ResticFormat

/// Everything that changes a repository, once, and a record of what must be there whenever it is interrupted.
package final class CrashScript {
    package let storage: MemoryStorage
    package let clock = ManualClock()
    package let host: Host
    private static let config = ObjectName(known: "config")
    /// Committed, and nobody has asked to forget them.
    package private(set) var promised: [StoredSnapshot: SampleTree] = [:]
    package private(set) var phase = ""

    package init(_ storage: MemoryStorage = MemoryStorage()) {
        self.storage = storage
        host = .forTests(clock: clock)
    }

    private static let trees: [SampleTree] = {
        var random = SeededRandom(seed: 20_240_229)
        let first = SampleTree.random(&random, files: 4, bytes: 3000)
        let second = first.changed(&random)
        return [first, second, .random(&random, files: 4, bytes: 3000), second.changed(&random)]
    }()

    /// Through `storage`, which may fail at any operation. May be run again and again.
    package func run(through storage: any ObjectStorage) throws {
        let repository = try openOrCreate(storage)
        for (index, tree) in Self.trees.prefix(3).enumerated() {
            phase = "backup \(index)"
            try backUp(tree, repository)
        }
        phase = "forget"
        for snapshot in promised.keys where promised[snapshot] == Self.trees[0] {
            promised[snapshot] = nil
            try repository.removeSnapshot(snapshot.id)
        }
        phase = "mark"
        _ = try repository.prune(PruneOptions(tolerableWaste: 0))
        clock.advance(by: .seconds(90_000))
        phase = "backup after the mark"
        try backUp(Self.trees[3], repository)
        phase = "delete"
        _ = try repository.prune(PruneOptions(tolerableWaste: 0))
        phase = "forget again"
        for snapshot in promised.keys where promised[snapshot] == Self.trees[2] {
            promised[snapshot] = nil
            try repository.removeSnapshot(snapshot.id)
        }
        phase = "prune at once"
        _ = try repository.prune(PruneOptions(grace: 0, tolerableWaste: 0))
        phase = "end"
    }

    private func openOrCreate(_ storage: any ObjectStorage) throws -> OpenRepository {
        phase = "create"
        if try storage.size(of: Self.config) == nil {
            return try .create(in: storage, password: SampleRepository.password, cost: .quick, host: host)
        }
        phase = "open"
        return try .open(storage, password: SampleRepository.password, host: host)
    }

    private func backUp(_ tree: SampleTree, _ repository: OpenRepository) throws {
        clock.advance(by: .seconds(1))
        promised[try repository.backUp(tree, chunk: 1024)] = tree
    }

    /// The process that was interrupted is gone and its locks go stale; somebody else opens the repository, if there is one.
    package func afterwards() throws -> OpenRepository? {
        clock.advance(by: .seconds(1801))
        guard try storage.size(of: Self.config) != nil else { return nil }
        return try .open(storage, password: SampleRepository.password, host: host)
    }

    /// What is wrong now: anything that was promised and is not there, or anything listed that cannot be read.
    package func complaints(toleratingTornFiles: Bool = false) throws -> [String] {
        guard let repository = try afterwards() else { return promised.isEmpty ? [] : ["the repository is gone"] }
        var complaints: [String] = []
        let report = try repository.check(data: .all)
        complaints += report.problems.filter { $0.isLoss || !toleratingTornFiles }.map(\.text)
        let listing = try repository.snapshots()
        if toleratingTornFiles { complaints.removeAll { text in listing.unreadable.contains { text.contains($0.id.short) } } }
        let index = try repository.loadIndex()
        let listed = Set(listing.snapshots)
        for snapshot in listed.union(promised.keys) {
            guard listed.contains(snapshot) else {
                complaints.append("snapshot \(snapshot.id.short) is not listed")
                continue
            }
            let tree = try index.sample(snapshot.file.tree)
            if let expected = promised[snapshot], expected != tree { complaints.append("snapshot \(snapshot.id.short) differs") }
        }
        return complaints
    }
}
