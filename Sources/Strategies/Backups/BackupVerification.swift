package import Clusters
package import HostIO
import Model
package import RepositoryEngine
import ResticFormat

/// What `backup verify` found.
package struct VerifyReport: Sendable {
    package var backup: RepositoryEntry
    package var check: CheckReport
    /// Other backups in the target that need what is damaged.
    package var alsoAffected: [RepositoryEntry]
    package var seconds: Double
}

extension Backups {
    /// Proves that everything a backup needs is there: by structure, or by reading as much of the data as asked. Damage is noted in the target,
    /// so that the next backup stores again what was lost.
    package func verify(_ name: String, in target: String, data: DataReading, job: JobControl) throws -> VerifyReport {
        try cluster.logging("backup verify \(name) --target \(target)", job) {
            let report = try examine(name, in: target, data, job)
            noteDamage(report, data, in: target, .locking)
            for problem in report.check.problems { job.log("damaged: \(problem.text)") }
            return report
        }
    }

    /// Remembers what was found, so that nobody counts on a damaged backup. Sound is what was read as a whole.
    func noteDamage(_ report: VerifyReport, _ data: DataReading, in target: String, _ access: CatalogueAccess) {
        let (backup, now) = (report.backup, cluster.host.clock.now())
        let words = report.check.problems.first.map { "holdfast backup verify: \($0.text)" }
        guard words != nil || data == .all else { return }
        let harmed = words == nil ? [] : report.alsoAffected
        try? cluster.updateCatalogue(access, "backup verify \(backup.manifest.name)") { catalogue in
            for entry in [backup] + harmed {
                let damage = words.map { BackupNote.Damage(name: entry.manifest.name.text, at: now, words: $0) }
                catalogue.noteDamage(damage, of: entry.id.hex, in: target)
            }
        }
    }

    /// The same of backups that cannot even be listed, by whoever meets them.
    func noteLost(_ listing: EntryListing, in target: String) {
        guard let owner = try? owner() else { return }
        let (lost, now) = (listing.own(by: owner).lost, cluster.host.clock.now())
        guard !lost.isEmpty else { return }
        try? cluster.updateCatalogue(.locking, "backup verify") { catalogue in
            for entry in lost {
                let damage = BackupNote.Damage(name: entry.name.text, at: now, words: entry.line)
                catalogue.noteDamage(damage, of: entry.stored.id.hex, in: target)
            }
        }
    }

    /// The same as a part of another job.
    func examine(_ name: String, in target: String, _ data: DataReading, _ job: JobControl) throws -> VerifyReport {
        try read(target) { repository in
            let start = cluster.host.clock.monotonicNanoseconds()
            let listing = try EntryReader.list(.backup, in: repository).listing
            noteLost(listing, in: target)
            let entry = try listing.entry(name, of: try owner(), .backup)
            let check = try repository.check([entry.stored], data: data, job: job)
            try repository.note(check)
            let others = listing.entries.filter { $0.id != entry.id }
            let affected = Set(try repository.affected(by: check, among: others.map(\.stored)).map(\.id))
            let seconds = Double(cluster.host.clock.monotonicNanoseconds() &- start) / 1e9
            return VerifyReport(backup: entry, check: check, alsoAffected: others.filter { affected.contains($0.id) }, seconds: seconds)
        }
    }
}
