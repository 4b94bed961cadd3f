package import HostIO
import Model
import ObjectStorage
import ResticFormat

/// What planning reads and executing needs again.
struct PruneGround {
    var contents: IndexContents
    /// Sizes of all pack files.
    var sizes: [PackID: UInt64]
    var marks: [DeletionMark]
    var due: [DeletionMark]
    var used: BlobSet
    var index: IndexedRepository
}

extension OpenRepository {
    /// What a prune would do now. Changes nothing.
    package func planPrune(_ options: PruneOptions, job: JobControl? = nil) throws -> PrunePlan {
        decide(try survey(options, job: job), options)
    }

    /// Reads everything that the decision stands on. Refuses a repository in which something needed cannot be found: a prune must not make
    /// damage final.
    ///
    /// Who is at work is asked before the snapshots are listed: a job that has ended by then has its snapshot in the listing.
    func survey(_ options: PruneOptions, job: JobControl?) throws -> PruneGround {
        let marks = try deletionMarks()
        let live = Set(try liveLocks().map { $0.session ?? "" })
        let listing = try snapshots()
        guard listing.unreadable.isEmpty else {
            throw refusal("snapshot \(listing.unreadable[0].id.short) cannot be read: \(listing.unreadable[0].reason)")
        }
        let now = host.clock.now()
        let due = marks.filter { mark in
            now.secondsSince(mark.marked) >= options.grace && live.isDisjoint(with: mark.sessions)
                && !mark.sessions.contains(Self.announced)
        }
        let contents = try loadWholeIndexContents()
        let index = try index(of: contents, doomed: Set(marks.flatMap(\.packs)))
        job?.begin(phase: "finding what snapshots need")
        let reached = try Reachability.walk(listing.snapshots.map(\.file.tree), in: index, job: job)
        if let problem = reached.problems.first { throw refusal(problem.text) }
        var sizes: [PackID: UInt64] = [:]
        for entry in try storage.list(RepositoryNames.packFolder) {
            if let id = RepositoryLayout.id(in: entry.name.text, PackNamed.self) { sizes[id] = entry.size }
        }
        let used = reached.takeUsed()
        try refuseLoss(of: used, contents, sizes)
        return PruneGround(contents: contents, sizes: sizes, marks: marks, due: due, used: used, index: index)
    }

    /// Throws when something needed lies in no whole pack.
    private func refuseLoss(of used: BlobSet, _ contents: IndexContents, _ sizes: [PackID: UInt64]) throws {
        let whole = BlobSet()
        for (pack, blobs) in contents.packs where sizes[pack] == IndexContents.packSize(blobs) {
            for blob in blobs { whole.insert(blob.id, blob.kind) }
        }
        for (pack, blobs) in contents.packs where sizes[pack] != IndexContents.packSize(blobs) {
            if let blob = blobs.first(where: { used.contains($0.id, $0.kind) && !whole.contains($0.id, $0.kind) }) {
                throw refusal(
                    "pack \(pack.short) is not there or has the wrong size, and \(blob.kind.name) blob \(blob.id.short) is only in it")
            }
        }
    }

    /// Throws when an index file cannot be read.
    func loadWholeIndexContents() throws -> IndexContents {
        let contents = try loadIndexContents()
        guard contents.unreadable.isEmpty else {
            throw refusal("index \(contents.unreadable[0].id.short) cannot be read: \(contents.unreadable[0].reason)")
        }
        return contents
    }

    private func refusal(_ reason: String) -> Failure {
        Failure(
            .damaged, "not pruning \(storage.location)", hint: "verify the repository and mend or delete what is damaged first",
            cause: reason)
    }

    func decide(_ ground: PruneGround, _ options: PruneOptions) -> PrunePlan {
        var plan = PrunePlan()
        let marked = Set(ground.marks.flatMap(\.packs))
        let whole = ground.contents.packs.filter { ground.sizes[$0.key] == IndexContents.packSize($0.value) }
        let broken = ground.contents.packs.keys.filter { whole[$0] == nil && !marked.contains($0) }
        let usage = PackUsage.count(whole, used: ground.used, last: marked)
        plan.bytesTotal = ground.sizes.values.reduce(0, +)
        plan.bytesUsed = usage.values.reduce(0) { $0 + $1.used }
        for pack in marked where (usage[pack]?.used ?? 0) > 0 { plan.keepAfterAll.insert(pack) }
        plan.delete = Set(ground.due.flatMap(\.packs)).subtracting(plan.keepAfterAll)
        plan.waiting = ground.marks.count - ground.due.count
        let staying = usage.filter { !marked.contains($0.key) }
        plan.mark = Set(staying.filter { $0.value.used == 0 }.keys)
        plan.mark.formUnion(broken)
        plan.mark.formUnion(ground.sizes.keys.filter { ground.contents.packs[$0] == nil && !marked.contains($0) })
        plan.repack = PackUsage.wasteful(staying, tolerableWaste: options.tolerableWaste, packSize: UInt64(options.write.packSize))
        plan.bytesDeleted = plan.delete.reduce(0) { $0 + (ground.sizes[$1] ?? 0) }
        plan.bytesMarked = plan.mark.union(plan.repack).reduce(0) { $0 + (ground.sizes[$1] ?? 0) }
        plan.bytesRepacked = plan.repack.reduce(0) { $0 + (usage[$1]?.used ?? 0) }
        return plan
    }
}

/// Needed and other bytes of a pack.
struct PackUsage {
    var used: UInt64 = 0
    var unused: UInt64 = 0
    var kind = BlobKind.data

    /// Counts each needed blob once: in the first pack that has it, packs of `last` coming last.
    static func count(_ packs: [PackID: [IndexedBlob]], used: BlobSet, last: Set<PackID>) -> [PackID: PackUsage] {
        var usage: [PackID: PackUsage] = [:]
        let counted = BlobSet()
        let order = packs.keys.sorted { (last.contains($0) ? 1 : 0, $0) < (last.contains($1) ? 1 : 0, $1) }
        for pack in order {
            var sum = PackUsage()
            for blob in packs[pack] ?? [] {
                sum.kind = blob.kind
                if used.contains(blob.id, blob.kind), counted.insert(blob.id, blob.kind) {
                    sum.used += UInt64(blob.length)
                } else {
                    sum.unused += UInt64(blob.length)
                }
            }
            usage[pack] = sum
        }
        return usage
    }

    /// The most wasteful packs until what stays unused is tolerable, and small packs when there are many.
    static func wasteful(_ usage: [PackID: PackUsage], tolerableWaste: Double, packSize: UInt64) -> Set<PackID> {
        let partly = usage.filter { $0.value.used > 0 && $0.value.unused > 0 }
        let total = usage.values.reduce(0) { $0 + $1.used }
        var waste = partly.values.reduce(0) { $0 + $1.unused }
        var chosen: Set<PackID> = []
        for (pack, sum) in partly.sorted(by: { ($0.value.part, $0.key) > ($1.value.part, $1.key) }) {
            guard Double(waste) > tolerableWaste * Double(total) else { break }
            chosen.insert(pack)
            waste -= sum.unused
        }
        for kind in BlobKind.allCases {
            let small = usage.filter { $0.value.kind == kind && $0.value.used > 0 && $0.value.used + $0.value.unused < packSize / 4 }
            if small.count >= 12 { chosen.formUnion(small.keys) }
        }
        return chosen
    }

    private var part: Double { Double(unused) / Double(used + unused) }
}
