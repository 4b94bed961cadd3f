import Archiving
package import HostIO
package import Model
package import StoreContract

extension DirectoryStore {
    /// Restored as into an empty directory, then read back: each file's content is compared with the checksums of the image.
    package func rehearse(
        _ image: StoreImage, of record: StoreRecord, scratch: ScratchDirectory, job: JobControl
    ) throws -> any RehearsedStore {
        let place = Path.join(scratch.path, declaration.name)
        var findings = RehearsalFindings()
        let restore = TreeRestore(image: image.tree, destination: place, host: host)
        let start = host.clock.monotonicNanoseconds()
        job.begin(phase: "restoring \(declaration.name)")
        let outcome = try restore.apply(try restore.plan(job: job), job: job)
        let restored = host.clock.monotonicNanoseconds()
        job.begin(phase: "checking \(declaration.name)")
        findings.compare(try restore.plan(job: job), outcome)
        let census = try ImageCensus(of: image.tree, job: job)
        findings.compareEntries(census.files + census.directories, record)
        findings.bytes = outcome.bytesWritten
        findings.restoreSeconds = Double(restored &- start) / 1e9
        findings.checkSeconds = Double(host.clock.monotonicNanoseconds() &- restored) / 1e9
        return RehearsedFiles(findings, at: place, .directory)
    }
}

extension RehearsalFindings {
    /// `plan`: what a second restore would change.
    fileprivate mutating func compare(_ plan: TreeRestorePlan, _ outcome: TreeRestoreOutcome) {
        let lost = plan.created + plan.replaced + plan.deleted + plan.unexamined
        if lost > 0 {
            let examples = (outcome.issues.filter { $0.kind != .metadata }.map { "\($0.path): \($0.detail)" } + plan.examples).prefix(3)
            problems.append(
                "\(counted(lost, "entry", "entries")) could not be restored: \(examples.map { printable($0, limit: 200) }.joined(separator: "; "))"
            )
        } else {
            proofs.append("every file read back and equal to its checksum")
        }
        guard plan.metadataOnly > 0 else { return }
        gaps.append(
            "\(counted(plan.metadataOnly, "entry", "entries")) could not be given owner, mode or attributes here, as \(plan.examples.last ?? "one of them")"
        )
    }
}
