package import HostIO
package import Model
package import StoreContract

extension PostgresStore {
    /// Starts a server on a copy of the image, and looks there and in the store's own server.
    package func planPart(_ part: StorePart, of image: StoreImage, scratch: ScratchDirectory, job: JobControl) throws -> StorePartPlan {
        try asFailure {
            let target = try DumpTarget(self, host: host)
            job.begin(phase: "starting a server on the image of \(declaration.name)")
            let source = try PartSource(self, image.tree, part.database, in: scratch, host: host, job: job)
            do {
                let restore = try self.restore(part, source, target)
                holdPart(restore)
                return restore.plan
            } catch {
                source.close()
                throw error
            }
        }
    }

    private func restore(_ part: StorePart, _ source: PartSource, _ target: DumpTarget) throws -> any PartRestore {
        guard let table = part.table else { return try DatabaseRestore(source, target, part, host: host) }
        return try TableRestore(table, source, target, part, host: host)
    }

    package func applyPart(_ plan: StorePartPlan, job: JobControl) throws -> StorePartOutcome {
        try asFailure {
            guard let restore = heldPart(plan.id) else {
                throw Failure(.internal, "store \(declaration.name): \(plan.what) is not prepared")
            }
            return try restore.run(job)
        }
    }

    package func releasePart(_ plan: StorePartPlan) { letGoPart(plan.id)?.source.close() }
}
