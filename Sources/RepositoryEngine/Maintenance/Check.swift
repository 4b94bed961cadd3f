package import HostIO
import Model
import ObjectStorage
package import ResticFormat
import Synchronization

/// How much of the data a check reads.
package enum DataReading: Hashable, Sendable {
    /// Index, trees, and the presence and size of packs.
    case none
    /// So large a part of the packs, chosen at random: 0 ... 1.
    case sample(Double)
    /// Every byte.
    case all
}

package struct CheckReport: Sendable {
    package var problems: [CheckProblem] = []
    /// Packs in the storage that no index lists: harmless, left by an interrupted run; the next prune takes them.
    package var orphanedPacks: [PackID] = []
    package var snapshots = 0
    package var trees = 0
    package var blobs = 0
    package var packs = 0
    package var packsRead = 0
    package var bytesRead: UInt64 = 0

    package var isSound: Bool { problems.isEmpty }
    /// Whether everything that was checked can be restored, whatever else is wrong.
    package var isRestorable: Bool { !problems.contains(where: \.isLoss) }
}

extension OpenRepository {
    /// Checks what `snapshots` need (nil: all snapshots and everything in the index): every tree decodes and is in order, every blob is
    /// indexed, every pack is there with the right size, and as much of the data as asked hashes to its names.
    package func check(_ chosen: [StoredSnapshot]? = nil, data: DataReading, job: JobControl? = nil) throws -> CheckReport {
        var report = CheckReport()
        let listing = try snapshots()
        if chosen == nil { report.problems += listing.unreadable.map { CheckProblem(.snapshot($0.id), $0.reason) } }
        let roots = chosen ?? listing.snapshots
        report.snapshots = roots.count
        job?.begin(phase: "checking structure")
        let contents = try loadIndexContents()
        report.problems += contents.unreadable.map { CheckProblem(.index($0.id), $0.reason) }
        report.problems += contents.contradictions.map { CheckProblem(.packFile($0), "index files say different things of it") }
        let index = try index(of: contents, doomed: [])
        let reached = try Reachability.walk(roots.map(\.file.tree), in: index, job: job)
        report.problems += reached.problems
        var needed = chosen == nil ? Set(contents.packs.keys) : []
        let used = reached.takeUsed()
        used.forEach { id, kind in
            report.blobs += 1
            if kind == .tree { report.trees += 1 }
            if let place = index.locate(id, kind) { needed.insert(place.pack) }
        }
        let present = try checkPresence(of: needed, contents, wholeRepository: chosen == nil, &report)
        try readData(of: present, contents, data, &report, job)
        try settle(&report, used: chosen == nil ? nil : used)
        return report
    }

    /// Takes out what is told twice, what is not about the chosen snapshots, and packs that a prune deleted meanwhile.
    private func settle(_ report: inout CheckReport, used: BlobSet?) throws {
        var told: Set<CheckProblem> = []
        report.problems.removeAll { problem in
            if case .blob(let id, let kind) = problem.place, let used, !used.contains(id, kind) { return true }
            return !told.insert(problem).inserted
        }
        guard report.problems.contains(where: { if case .pack = $0.place { true } else { false } }) else { return }
        let listed = try loadIndexContents()
        report.problems.removeAll { problem in
            guard case .pack(let id) = problem.place else { return false }
            return listed.unreadable.isEmpty && listed.packs[id] == nil
        }
    }

    /// The packs that are there, also with the wrong size.
    private func checkPresence(
        of needed: Set<PackID>, _ contents: IndexContents, wholeRepository: Bool, _ report: inout CheckReport
    ) throws -> [(id: PackID, size: UInt64)] {
        var sizes: [PackID: UInt64] = [:]
        for entry in try storage.list(RepositoryNames.packFolder) {
            guard let id = RepositoryLayout.id(in: entry.name.text, PackNamed.self) else { continue }
            sizes[id] = entry.size
        }
        var present: [(id: PackID, size: UInt64)] = []
        for id in needed.sorted() {
            guard let size = sizes[id] else {
                report.problems.append(CheckProblem(.pack(id), "is not there"))
                continue
            }
            if let blobs = contents.packs[id] { report.problems += PackReader.sizeProblems(of: id, size: size, expected: blobs) }
            present.append((id, size))
        }
        report.packs = needed.count
        if wholeRepository { report.orphanedPacks = sizes.keys.filter { contents.packs[$0] == nil && !needed.contains($0) }.sorted() }
        return present
    }

    private func readData(
        of packs: [(id: PackID, size: UInt64)], _ contents: IndexContents, _ reading: DataReading, _ report: inout CheckReport,
        _ job: JobControl?
    ) throws {
        let chosen = sample(packs, reading)
        guard !chosen.isEmpty else { return }
        job?.begin(phase: "reading data")
        job?.add(chosen.reduce(0) { $0 + Int(clamping: $1.size) }, to: .bytesExpected)
        let next = Atomic<Int>(0)
        let problems = Mutex<[CheckProblem]>([])
        try runWorkers(host.processors, named: "check") { _ in
            let reader = try PackReader(self)
            while true {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < chosen.count else { return }
                try job?.checkCancelled()
                let found = try reader.problems(of: chosen[index].id, size: chosen[index].size, expected: contents.packs[chosen[index].id])
                if !found.isEmpty { problems.withLock { $0 += found } }
                job?.add(Int(clamping: chosen[index].size), to: .bytesDone)
            }
        }
        report.problems += problems.withLock { $0 }
        report.packsRead = chosen.count
        report.bytesRead = chosen.reduce(0) { $0 + $1.size }
    }

    private func sample(_ packs: [(id: PackID, size: UInt64)], _ reading: DataReading) -> [(id: PackID, size: UInt64)] {
        switch reading {
        case .none: return []
        case .all: return packs
        case .sample(let part):
            let threshold = UInt64(min(max(part, 0), 1) * Double(UInt32.max))
            return packs.filter { _ in
                var dice: UInt32 = 0
                withUnsafeMutableBytes(of: &dice) { host.random.fill($0) }
                return UInt64(dice) <= threshold
            }
        }
    }
}
