import HostIO
import Model
import ObjectStorage
import RepositoryEngine
import ResticFormat

/// A prune that rewrites no more at a time than there is room for: what one round frees is the room of the next.
///
/// Where there is room for all of it, that is one round and costs nothing more. Elsewhere each round is planned first.
struct PruneInRounds {
    let repository: OpenRepository
    let options: PruneOptions
    let list: SnapshotReading
    let job: JobControl?
    /// Bytes that may be written, the ballast included; nil where the place cannot tell.
    let room: () throws -> UInt64?

    private static let most = 64
    private static let patience = Duration.seconds(30)

    func run() throws -> PruneOutcome {
        // Whoever holds one that is not stale at all, because a clock is wrong, finds it gone before it commits.
        _ = try repository.removeStaleLocks()
        var (round, isLast) = try next()
        var sum = try repository.prune(round, patience: Self.patience, list: list, job: job)
        var freed = sum.packsDeleted
        for _ in 1..<Self.most where !isLast && freed > 0 {
            (round, isLast) = try next()
            let outcome = try repository.prune(round, patience: Self.patience, list: list, job: job)
            sum.add(outcome)
            freed = outcome.packsDeleted
        }
        return sum
    }

    private func next() throws -> (options: PruneOptions, isLast: Bool) {
        guard let room = try room(), try room < bytes(in: .data) else { return (options, true) }
        let plan = try repository.planPrune(options, list: list, job: job)
        if try fits(plan, room) { return (options, true) }
        let whole = options.withoutRewriting
        // What is rewritten under a grace time frees nothing before that is over.
        guard options.grace == 0 else { return (whole, true) }
        if !plan.mark.isEmpty || !plan.delete.isEmpty { return (whole, false) }
        if let part = try part(of: plan, room) { return (part, false) }
        job?.note(
            "\(counted(plan.repack.count, "pack")) with something that is still needed stay as they are: to write them anew takes up to "
                + "\(ByteCount(plan.bytesRepacked)) of room, of which there is \(ByteCount(room))")
        return (whole, true)
    }

    /// The most wasteful packs, as many as fit; nil when not one does.
    private func part(of plan: PrunePlan, _ room: UInt64) throws -> PruneOptions? {
        let waste = Double(plan.bytesTotal - min(plan.bytesUsed, plan.bytesTotal)) / Double(max(plan.bytesUsed, 1))
        var part = options
        for halvings in 1...10 {
            part.tolerableWaste = waste - (waste - options.tolerableWaste) / Double(1 << halvings)
            part.write = PruneOptions.withoutMerging
            let plan = try repository.planPrune(part, list: list, job: job)
            if plan.repack.isEmpty { return nil }
            if try fits(plan, room) { return part }
        }
        return nil
    }

    /// Marks and new indexes are written beside the packs.
    private func fits(_ plan: PrunePlan, _ room: UInt64) throws -> Bool {
        let indexes = try bytes(in: .index).multipliedSaturated(by: 2)
        return plan.bytesRepacked == 0 || plan.bytesRepacked.addingSaturated(indexes).addingSaturated(1 << 20) <= room
    }

    private func bytes(in folder: RepositoryLayout.Folder) throws -> UInt64 {
        try repository.storage.list(folder.rawValue).reduce(0) { $0.addingSaturated($1.size) }
    }
}

extension PruneOptions {
    /// With packs that small none counts as small, so that small ones are not merged.
    fileprivate static let withoutMerging = WriteOptions(packSize: 1)

    /// Packs of which nothing is needed go, all others stay as they are.
    fileprivate var withoutRewriting: PruneOptions { PruneOptions(grace: grace, tolerableWaste: .infinity, write: Self.withoutMerging) }
}

extension PruneOutcome {
    fileprivate mutating func add(_ other: PruneOutcome) {
        packsDeleted += other.packsDeleted
        packsMarked += other.packsMarked
        bytesDeleted = bytesDeleted.addingSaturated(other.bytesDeleted)
        bytesWritten += other.bytesWritten
    }
}
