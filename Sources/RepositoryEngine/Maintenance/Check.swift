package import HostIO
import Model
import ObjectStorage
import ResticFormat
import Synchronization

extension OpenRepository {
    /// Checks what `snapshots` need (nil: all snapshots and everything in the index): every tree decodes and is in order, every blob is
    /// indexed and lies in a pack that is there with the right size, and as much of the data as asked hashes to its names.
    ///
    /// Of several copies of a blob a whole one suffices. A damaged pack is a problem of chosen snapshots only when it costs them something.
    package func check(_ chosen: [StoredSnapshot]? = nil, data: DataReading, job: JobControl? = nil) throws -> CheckReport {
        var report = CheckReport()
        let listing = try snapshots()
        if chosen == nil { report.problems += listing.unreadable.map { CheckProblem(.snapshot($0.id), $0.reason) } }
        let roots = chosen ?? listing.snapshots
        report.snapshots = roots.count
        job?.begin(phase: "checking structure")
        let census = try takeCensus()
        report.problems += census.contents.unreadable.map { CheckProblem(.index($0.id), $0.reason) }
        report.problems += census.contents.contradictions.map { CheckProblem(.packFile($0), "index files say different things of it") }
        let index = try index(of: census.contents, doomed: census.suspects)
        let reached = try Reachability.walk(roots.map(\.file.tree), in: index, job: job)
        report.problems += reached.problems
        let used = reached.takeUsed()
        var needed = chosen == nil ? Set(census.contents.packs.keys) : []
        used.forEach { id, kind in
            report.blobs += 1
            if kind == .tree { report.trees += 1 }
            needed.formUnion(packs(toLookAtFor: id, kind, index, census))
        }
        report.packs = needed.count
        if chosen == nil { report.orphanedPacks = census.sizes.keys.filter { !needed.contains($0) }.sorted() }
        let findings = try examine(needed, census, data, &report, job)
        try CheckVerdict(used: used, index: index, scope: chosen == nil ? .everything : .chosen).tell(findings, &report)
        return report
    }

    /// The pack that has the blob, or all that have it when none of them is above suspicion.
    private func packs(toLookAtFor id: BlobID, _ kind: BlobKind, _ index: IndexedRepository, _ census: PackCensus) -> Set<PackID> {
        guard let place = index.locate(id, kind) else { return [] }
        return census.suspects.contains(place.pack) ? Set(index.copies(of: id, kind).map(\.pack)) : [place.pack]
    }

    /// Looks at the packs themselves. What is not read and has the right size is not in the findings.
    private func examine(
        _ needed: Set<PackID>, _ census: PackCensus, _ reading: DataReading, _ report: inout CheckReport, _ job: JobControl?
    ) throws -> [PackFinding] {
        let present = needed.sorted().compactMap { id in census.sizes[id].map { (id: id, size: $0) } }
        let chosen = present.filter { census.suspects.contains($0.id) || isDrawn(reading) }
        var findings = try read(chosen, census.contents, job)
        findings += needed.filter { census.sizes[$0] == nil }.map { .missing($0, census.contents.packs[$0] ?? []) }
        if findings.contains(where: { $0.state == .missing }) {
            // A prune may have taken it out of the index and deleted it meanwhile.
            let listed = try loadIndexContents()
            findings.removeAll { $0.state == .missing && listed.unreadable.isEmpty && listed.packs[$0.pack] == nil }
        }
        report.packsRead = chosen.count
        report.bytesRead = chosen.reduce(0) { $0.addingSaturated($1.size) }
        return findings.sorted { $0.pack < $1.pack }
    }

    private func read(_ packs: [(id: PackID, size: UInt64)], _ contents: IndexContents, _ job: JobControl?) throws -> [PackFinding] {
        guard !packs.isEmpty else { return [] }
        job?.begin(phase: "reading data")
        job?.add(Int(clamping: packs.reduce(UInt64(0)) { $0.addingSaturated($1.size) }), to: .bytesExpected)
        let findings = Mutex<[PackFinding]>([])
        // Where there are fewer large packs than processors, several of these share a pack.
        let threads = host.processors / max(1, packs.count { $0.size >= PackReader.large })
        try runWorkers(host.processors, sharing: packs.count, named: "check") { next in
            let reader = try PackReader(self, threads: threads)
            while let index = next() {
                try job?.checkCancelled()
                let finding = try reader.examine(packs[index].id, size: packs[index].size, expected: contents.packs[packs[index].id])
                findings.withLock { $0.append(finding) }
                job?.add(Int(clamping: packs[index].size), to: .bytesDone)
            }
        }
        return findings.withLock { $0 }
    }

    private func isDrawn(_ reading: DataReading) -> Bool {
        switch reading {
        case .none: return false
        case .all: return true
        case .sample(let part):
            var dice: UInt32 = 0
            withUnsafeMutableBytes(of: &dice) { host.random.fill($0) }
            return UInt64(dice) <= UInt64(min(max(part, 0), 1) * Double(UInt32.max))
        }
    }
}
