import Archiving
package import HostIO
package import Model
package import StoreContract

extension SQLiteStore {
    package func reduce(
        _ image: StoreImage, to extent: StoreExtent, scratch: ScratchDirectory, job: JobControl
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
