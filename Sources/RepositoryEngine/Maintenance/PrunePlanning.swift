package import HostIO
import Model
import ObjectStorage
import ResticFormat

/// What planning reads and executing needs again.
struct PruneGround {
    /// With the packs among the suspects that turned out to be damaged on the way.
    var census: PackCensus
    var marks: [DeletionMark]
    var due: [DeletionMark]
    var used: BlobSet
    /// Used blobs that can be read and of which every copy is in a suspect pack.
    var salvage: BlobSet
    var index: IndexedRepository
}

/// Lists the snapshots of a repository, or throws when what is listed cannot be the truth.
package typealias SnapshotReading = (OpenRepository) throws -> SnapshotListing

extension OpenRepository {
    /// What a prune would do now. Changes nothing. `list`: see ``prune(_:patience:list:job:)``.
    package func planPrune(
        _ options: PruneOptions, list: SnapshotReading = { try $0.snapshots() }, job: JobControl? = nil
    ) throws -> PrunePlan {
        decide(try survey(options, list, job: job), options)
    }

    /// Reads everything that the decision stands on. Refuses a repository in which something needed cannot be found: a prune must not make
    /// damage final.
    ///
    /// Who is at work is asked before the snapshots are listed: a job that has ended by then has its snapshot in the listing.
    func survey(_ options: PruneOptions, _ list: SnapshotReading, job: JobControl?) throws -> PruneGround {
        let marks = try deletionMarks()
        let live = Set(try liveLocks().map { $0.session ?? "" })
        let listing = try list(self)
        if !listing.isEmpty { try refuseMissingFolders() }
        guard listing.unreadable.isEmpty else {
            throw refusal("snapshot \(listing.unreadable[0].id.short) cannot be read: \(listing.unreadable[0].reason)")
        }
        let now = host.clock.now()
        let due = marks.filter { mark in
            now.secondsSince(mark.marked) >= options.grace && live.isDisjoint(with: mark.sessions)
                && !mark.sessions.contains(Self.announced)
        }
        let census = try censusForPrune()
        let index = try index(of: census.contents, doomed: census.suspects.union(marks.flatMap(\.packs)))
        job?.begin(phase: "finding what snapshots need")
        let reached = try Reachability.walk(listing.snapshots.map(\.file.tree), in: index, job: job)
        if let problem = reached.problems.first { throw refusal(problem.text) }
        let used = reached.takeUsed()
        var ground = PruneGround(census: census, marks: marks, due: due, used: used, salvage: BlobSet(), index: index)
        try examineSuspects(&ground)
        return ground
    }

    /// Where there are snapshots there are packs and indexes.
    private func refuseMissingFolders() throws {
        for folder in [RepositoryNames.indexFolder, RepositoryNames.packFolder] where try storage.holdsFolder(folder) == false {
            throw RepositoryError.missingFolder(name: folder, location: storage.location)
        }
    }

    /// A suspect pack goes only when all that is needed of it has been read elsewhere, or can be read out of it and written again. A pack that
    /// turns out to be damaged on the way is a suspect too. Throws when something needed cannot be read anywhere.
    private func examineSuspects(_ ground: inout PruneGround) throws {
        let opener = try makeOpener()
        let index = ground.index
        var waiting = ground.census.suspects
        while let pack = waiting.popFirst() {
            for blob in ground.census.contents.packs[pack] ?? [] {
                let (id, kind) = (blob.id, blob.kind)
                guard ground.used.contains(id, kind), !ground.salvage.contains(id, kind) else { continue }
                let copies = index.copies(of: id, kind)
                let isSafe = try copies.contains { copy in
                    guard !ground.census.suspects.contains(copy.pack) else { return false }
                    if try index.isWhole(id, kind, at: copy, using: opener) { return true }
                    ground.census.suspects.insert(copy.pack)
                    waiting.insert(copy.pack)
                    return false
                }
                if isSafe { continue }
                guard try copies.contains(where: { try index.isWhole(id, kind, at: $0, using: opener) }) else {
                    throw refusal("\(kind.name) blob \(id.short) is needed, and pack \(pack.short) does not give it")
                }
                ground.salvage.insert(id, kind)
            }
        }
    }

    /// With the packs that no readable index lists, as far as they tell what they hold: a prune lists them.
    private func censusForPrune() throws -> PackCensus {
        let census = try takeCensus()
        try refuseUnreadable(census.contents.unreadable.filter { !$0.isDamaged })
        var contents = census.contents
        for pack in try unlistedPacks(census.sizes, besides: Set(contents.packs.keys)) { contents.packs[pack.id] = pack.blobs }
        return PackCensus(contents: contents, sizes: census.sizes, suspects: census.suspects)
    }

    /// Throws when an index file cannot be read: what is in it could be taken for unknown.
    func loadWholeIndexContents() throws -> IndexContents {
        let contents = try loadIndexContents()
        try refuseUnreadable(contents.unreadable)
        return contents
    }

    private func refuseUnreadable(_ files: [UnreadableIndex]) throws {
        if let bad = files.first { throw refusal("index \(bad.id.short) cannot be read: \(bad.reason)") }
    }

    private func refusal(_ reason: String) -> Failure {
        Failure(
            .damaged, "not pruning \(storage.location)", hint: "verify the repository and mend or delete what is damaged first",
            cause: reason)
    }

    func decide(_ ground: PruneGround, _ options: PruneOptions) -> PrunePlan {
        var plan = PrunePlan()
        let marked = Set(ground.marks.flatMap(\.packs))
        let (packs, sizes) = (ground.census.contents.packs, ground.census.sizes)
        let suspects = ground.census.suspects
        let usage = PackUsage.count(packs.filter { !suspects.contains($0.key) }, used: ground.used, last: marked)
        let salvage = PackUsage.count(packs.filter { suspects.contains($0.key) }, used: ground.salvage, last: marked)
        let used = usage.merging(salvage) { usage, _ in usage }.mapValues(\.used)
        plan.bytesTotal = sizes.values.reduce(0) { $0.addingSaturated($1) }
        plan.bytesUsed = used.values.saturatedSum { $0 }
        for pack in marked where (used[pack] ?? 0) > 0 { plan.keepAfterAll.insert(pack) }
        plan.delete = Set(ground.due.flatMap(\.packs)).subtracting(plan.keepAfterAll)
        plan.waiting = ground.marks.count - ground.due.count
        let staying = usage.filter { !marked.contains($0.key) }
        plan.mark = Set(staying.filter { $0.value.used == 0 }.keys)
        plan.mark.formUnion(sizes.keys.filter { packs[$0] == nil && !marked.contains($0) })
        plan.repack = PackUsage.wasteful(staying, tolerableWaste: options.tolerableWaste, packSize: UInt64(options.write.packSize))
        for (pack, sum) in salvage where !marked.contains(pack) {
            if sum.used == 0 { plan.mark.insert(pack) } else { plan.repack.insert(pack) }
        }
        plan.bytesDeleted = plan.delete.reduce(0) { $0.addingSaturated(sizes[$1] ?? 0) }
        plan.bytesMarked = plan.mark.union(plan.repack).reduce(0) { $0.addingSaturated(sizes[$1] ?? 0) }
        plan.bytesRepacked = plan.repack.saturatedSum { used[$0] ?? 0 }
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
        let total = usage.values.saturatedSum(\.used)
        var waste = partly.values.saturatedSum(\.unused)
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

    private var part: Double { Double(unused) / (Double(used) + Double(unused)) }
}
