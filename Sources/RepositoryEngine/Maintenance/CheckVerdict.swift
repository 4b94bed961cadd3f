import ResticFormat

/// What damaged packs cost those who are asked about.
struct CheckVerdict {
    enum Scope {
        /// Every flaw of the repository is told.
        case everything
        /// What costs the chosen snapshots nothing is not their problem.
        case chosen
    }

    /// Blobs that snapshots need.
    let used: BlobSet
    let index: IndexedRepository
    let scope: Scope

    func tell(_ findings: [PackFinding], _ report: inout CheckReport) throws {
        let opener = try index.makeOpener()
        for finding in findings {
            if finding.isWhole {
                report.packsProven.insert(finding.pack)
                continue
            }
            report.damagedPacks.insert(finding.pack)
            if finding.state == .read { report.packsDamagedInside.insert(finding.pack) }
            let lost = try finding.bad.filter { try isLost($0, opener) }
            if !lost.isEmpty || scope == .everything { report.problems += problems(of: finding, lost) }
        }
        var told: Set<CheckProblem> = []
        report.problems.removeAll { !told.insert($0).inserted }
    }

    /// Needed, and not to be read from any copy.
    private func isLost(_ blob: PackFinding.BadBlob, _ opener: BlobOpener) throws -> Bool {
        guard used.contains(blob.id, blob.kind) else { return false }
        return try !index.copies(of: blob.id, blob.kind).contains { try index.isWhole(blob.id, blob.kind, at: $0, using: opener) }
    }

    private func problems(of finding: PackFinding, _ lost: [PackFinding.BadBlob]) -> [CheckProblem] {
        if finding.state == .missing, !lost.isEmpty {
            return [CheckProblem(.pack(finding.pack), "is not there, and \(counted(lost.count)) only in it")]
        }
        var problems = finding.flaws.map { CheckProblem(.packFile(finding.pack), $0) }
        problems += lost.map { CheckProblem(.blob($0.id, $0.kind), "\($0.reason) (pack \(finding.pack.short))") }
        let spared = finding.bad.count - lost.count
        if scope == .everything, spared > 0 {
            problems.append(
                CheckProblem(.packFile(finding.pack), "\(counted(spared)) lost in it that nothing needs, or that another pack has whole"))
        }
        return problems
    }

    private func counted(_ blobs: Int) -> String { blobs == 1 ? "1 blob is" : "\(blobs) blobs are" }
}
