import Archiving
package import HostIO
package import Model
package import StoreContract

extension DirectoryStore {
    package func planRestore(of image: StoreImage, scratch: ScratchDirectory, job: JobControl) throws -> StoreRestorePlan {
        let plan = try compare(with: image, job)
        var summary = StoreRestorePlan(
            created: plan.created, replaced: plan.replaced, deleted: plan.deleted, unchanged: plan.unchanged,
            metadataOnly: plan.metadataOnly, leftOvers: plan.leftOvers,
            bytesToWrite: plan.bytesToWrite, bytesFreed: plan.bytesFreed, bytesAtStake: plan.bytesFreed, examples: plan.examples,
            newestChange: plan.newestChange, intoEmpty: plan.intoEmpty, makesPlace: plan.makesPlace, unexamined: plan.unexamined)
        (summary.spared, summary.privileged, summary.cautions) = (plan.spared, plan.privileged, plan.held)
        return summary
    }

    /// Compares again first: the store has gone on since `plan` was made, and what has become different since is put back too.
    package func apply(
        _ plan: StoreRestorePlan, of image: StoreImage, scratch: ScratchDirectory, job: JobControl
    ) throws -> StoreRestoreOutcome {
        guard !plan.isEmpty else { return StoreRestoreOutcome(bytesWritten: 0, entriesChanged: 0, issues: 0) }
        return try restore(image, scratch: scratch, job: job)
    }

    package func restore(_ image: StoreImage, scratch: ScratchDirectory, job: JobControl) throws -> StoreRestoreOutcome {
        let restore = try treeRestore(of: image)
        job.begin(phase: "comparing \(declaration.name)")
        let plan = try asStoreFailure { try restore.plan(job: job) }
        guard !plan.isEmpty else { return StoreRestoreOutcome(bytesWritten: 0, entriesChanged: 0, issues: 0) }
        job.begin(phase: "restoring \(declaration.name)")
        let outcome = try asStoreFailure { try restore.apply(plan, job: job) }
        return StoreRestoreOutcome(
            bytesWritten: outcome.bytesWritten, entriesChanged: outcome.entriesChanged, issues: outcome.issueCount,
            named: outcome.issues)
    }

    package func check(against image: StoreImage, scratch: ScratchDirectory, job: JobControl) throws -> StoreCheck {
        _ = try asStoreFailure { try openRoot() }
        let plan = try compare(with: image, job)
        return StoreCheck(
            differences: plan.created + plan.replaced + plan.deleted + plan.metadataOnly + plan.unexamined,
            examples: Array((plan.examples + plan.issues.map(\.text)).prefix(20)))
    }

    private func compare(with image: StoreImage, _ job: JobControl) throws -> TreeRestorePlan {
        job.begin(phase: "comparing \(declaration.name)")
        return try asStoreFailure { try treeRestore(of: image).plan(job: job) }
    }

    private func treeRestore(of image: StoreImage) throws -> TreeRestore {
        let options = TreeRestore.Options(
            excludedAtRoot: try excludedNames(), trusted: terms.trusted, spared: SparedEntries(terms.lacking), privileges: terms.privileges)
        return TreeRestore(image: image.tree, destination: path, host: host, options: options)
    }

    /// Directories only; a directory has no rows, so `withoutBulkRows` keeps all of it.
    package func reduce(
        _ image: StoreImage, to extent: StoreExtent, scratch: ScratchDirectory, job: JobControl
    ) throws -> ReducedImage {
        job.begin(phase: "counting \(declaration.name)")
        let census = try ImageCensus(of: image.tree, job: job)
        return .directoriesOnly(reload: [ReloadItem(what: "files below \(path)", count: census.files, bytes: census.bytes)])
    }
}
