import Archiving
package import HostIO
package import Model
package import StoreContract

extension SQLiteStore {
    /// A damaged database, of which nothing can be taken out, stays whole: page by page, as in a full backup.
    package func reduce(
        _ image: StoreImage, to extent: StoreExtent, scratch: ScratchDirectory, job: JobControl
    ) throws -> ReducedImage {
        do { return try reduced(image, to: extent, scratch, job) } catch let error as SQLiteError where error.isUnusableContent {
            job.log("\(declaration.name) is damaged (\(error.message)): nothing can be taken out of it, so all of its pages are kept")
            let unpacked = try unpack(image, scratch, job)
            let doubt = StoreDoubt(
                .damaged, "the database is damaged (\(error.message)); all of its pages are kept, also in this smaller backup")
            let shape = DatabaseShape.shape(bytes: try unpacked.bytes())
            return .rebuilt(LocalDirectory(path: unpacked.folder), shape, reload: [], doubts: [doubt])
        }
    }

    private func reduced(
        _ image: StoreImage, to extent: StoreExtent, _ scratch: ScratchDirectory, _ job: JobControl
    ) throws -> ReducedImage {
        let unpacked = try unpack(image, scratch, job)
        do {
            let metadata = try FileMetadata(ofFileAt: unpacked.path)
            job.begin(phase: "reducing \(declaration.name)")
            let reload = try DatabaseReduction(extent: extent, patterns: declaration.bulkTables.map(TablePattern.init)).run(unpacked, job)
            try metadata.apply(toFileAt: unpacked.path, withTimes: true)
            return .rebuilt(LocalDirectory(path: unpacked.folder), DatabaseShape.shape(bytes: try unpacked.bytes()), reload: reload)
        } catch {
            unpacked.remove()
            throw error
        }
    }
}
