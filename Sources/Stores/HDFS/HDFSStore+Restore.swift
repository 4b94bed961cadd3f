import Archiving
package import HostIO
import Model
import ResticFormat
package import StoreContract
import WebHDFS

extension HDFSStore {
    package func planRestore(of image: StoreImage, scratch: ScratchDirectory, job: JobControl) throws -> StoreRestorePlan {
        job.begin(phase: "comparing \(declaration.name)")
        return try asStoreFailure { try plan(image, job) }
    }

    private func plan(_ image: StoreImage, _ job: JobControl) throws -> StoreRestorePlan {
        if let native = image.snapshot, native.directory == path { return try inPlacePlan(native, IssueCollector(), job).summary }
        return try TreeComparing(client, image: image.tree, spared: SparedEntries(terms.lacking), job: job).run(path)
    }

    private func inPlacePlan(_ image: HDFSImage, _ issues: IssueCollector, _ job: JobControl) throws -> InPlacePlan {
        var planning = try InPlacePlanning(image, issues: issues, job: job)
        return try planning.run()
    }

    /// Compares again first: the store has gone on since `plan` was made, and what has become different since is put back too.
    package func apply(
        _ plan: StoreRestorePlan, of image: StoreImage, scratch: ScratchDirectory, job: JobControl
    ) throws -> StoreRestoreOutcome {
        guard !plan.isEmpty else { return StoreRestoreOutcome(bytesWritten: 0, entriesChanged: 0, issues: 0) }
        job.begin(phase: "restoring \(declaration.name)")
        job.add(Int(clamping: plan.bytesToWrite), to: .bytesExpected)
        return try asStoreFailure { try write(image, job) }
    }

    private func write(_ image: StoreImage, _ job: JobControl) throws -> StoreRestoreOutcome {
        let replicas = try client.space()?.liveDataNodes ?? .max
        let issues = IssueCollector(job: job)
        if let native = image.snapshot, native.directory == path {
            let plan = try inPlacePlan(native, issues, job)
            let restore = InPlaceRestore(native, plan, mostReplicas: replicas, host: host, issues: issues, job: job)
            return try restore.run()
        }
        let writing = TreeWriting(
            client, image: image.tree, to: path, sparing: SparedEntries(terms.lacking), mostReplicas: replicas, issues: issues, job: job)
        let totals = try writing.write(to: path)
        if totals.capped > 0 {
            job.note(
                "\(declaration.name): \(counted(totals.capped, "file")) had more replicas than there are DataNodes; they have \(replicas) now"
            )
        }
        if totals.otherBlocks > 0 {
            job.note(
                "\(declaration.name): \(counted(totals.otherBlocks, "file")) had blocks of a size that this HDFS refuses; they have its own"
            )
        }
        return StoreRestoreOutcome(bytesWritten: totals.bytesWritten, entriesChanged: totals.entriesChanged, issues: issues)
    }

    package func check(against image: StoreImage, scratch: ScratchDirectory, job: JobControl) throws -> StoreCheck {
        let plan = try planRestore(of: image, scratch: scratch, job: job)
        let place = plan.makesPlace ? 1 : 0
        return StoreCheck(
            differences: plan.created + plan.replaced + plan.deleted + plan.metadataOnly + place, examples: plan.examples)
    }
}

extension StoreImage {
    /// One that is a snapshot of HDFS.
    fileprivate var snapshot: HDFSImage? {
        guard case .native(let source) = self else { return nil }
        return source as? HDFSImage
    }
}
