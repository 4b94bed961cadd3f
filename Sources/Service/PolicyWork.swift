import Backups
import Clusters
import HostIO
import Model
import Snapshots

/// One run of a policy.
struct PolicyWork {
    let cluster: Cluster
    let job: JobControl

    /// What came of it; nil when the policy wants nothing any more.
    func run(_ policy: PolicyID, _ run: PolicyRun) throws -> String? {
        let start = cluster.host.clock.monotonicNanoseconds()
        let done: [String]?
        switch policy {
        case .snapshots: done = try Snapshots(cluster).createPeriodic(run, job: job).map { words($0) }
        case .backup(let name): done = try Backups(cluster).createByPolicy(name, run, job: job).map { words($0) + drill(name) }
        }
        let seconds = Double(cluster.host.clock.monotonicNanoseconds() &- start) / 1e9
        return done.map { ($0 + ["in \(DurationText.spoken(seconds: seconds))"]).joined(separator: ", ") }
    }

    /// After a backup that was made; whatever comes of it is no failure of the backup.
    private func drill(_ policy: String) -> [String] {
        do {
            guard let outcome = try Backups(cluster).drillByPolicy(policy, job: job) else { return [] }
            let report = outcome.report
            for problem in report.problems.prefix(5) { job.note("drill of \(report.backup): \(problem)") }
            if let failure = outcome.unwritten {
                let place = outcome.kept.map { "in \($0).json" } ?? "nowhere"
                job.note("the report of the drill is \(place) and not in the target: \(failure.summary)")
            }
            return ["drill \(DrillNote(report).word), usable in \(DurationText.spoken(seconds: report.recoverySeconds))"]
        } catch {
            job.note("no drill: \(Failure(describing: error).summary)")
            return []
        }
    }

    private func words(_ outcome: SnapshotOutcome) -> [String] {
        return ["snapshot \(outcome.entry.manifest.name)", "\(ByteCount(outcome.bytesStored)) added"]
            + outcome.shortcomings.map { "incomplete: \($0)" }
            + removed(outcome.removed)
    }

    private func words(_ outcome: PolicyBackupOutcome) -> [String] {
        let flawed = outcome.backup.entry.manifest.shortcomings.map { "incomplete: \($0)" }
        return ["backup \(outcome.backup.entry.manifest.name), verified", "\(ByteCount(outcome.backup.bytesAdded)) added"] + flawed
            + removed(outcome.removed)
    }

    private func removed(_ names: [SnapshotName]) -> [String] {
        names.isEmpty ? [] : ["removed \(names.map(\.text).joined(separator: " "))"]
    }
}
