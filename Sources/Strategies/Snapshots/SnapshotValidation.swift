import Archiving
import Clusters
package import HostIO
import Model
package import RepositoryEngine
import StoreContract

/// What `snapshot validate` found.
package struct ValidationReport: Sendable {
    package var snapshot: KeptSnapshot
    package var check: CheckReport
    /// Native images that cannot be opened, as lines for people.
    package var imageProblems: [String]

    package var isSound: Bool { check.isSound && imageProblems.isEmpty }
}

extension Snapshots {
    /// Reads and proves every byte that the snapshot needs, and opens its native images. Damage is noted in the storage, so that the next
    /// snapshot stores again what was lost.
    package func validate(_ name: String, job: JobControl) throws -> ValidationReport {
        try cluster.logging("snapshot validate \(name)", job) {
            let report = try examine(name, job)
            for problem in report.check.problems.map(\.text) + report.imageProblems { job.log("damaged: \(problem)") }
            return report
        }
    }

    private func examine(_ name: String, _ job: JobControl) throws -> ValidationReport {
        let snapshot = try find(name)
        let report = try read { repository in
            let report = try repository.check([snapshot.entry.stored], data: .all, job: job)
            try repository.note(report)
            return report
        }
        var problems: [String] = []
        for record in snapshot.entry.manifest.stores {
            guard let image = record.nativeImageID else { continue }
            do {
                guard let store = cluster.file.store(named: record.name) else { continue }
                _ = try cluster.adapter(for: store).openNativeImage(image).root().metadata()
            } catch {
                problems.append("native image of \(record.name): \(Failure(describing: error).summary)")
            }
        }
        return ValidationReport(snapshot: snapshot, check: report, imageProblems: problems)
    }
}
