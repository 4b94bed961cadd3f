package import HostIO
package import Model
package import StoreContract

extension HDFSStore {
    /// There is no HDFS to restore into, so the image is read.
    package func rehearse(
        _ image: StoreImage, of record: StoreRecord, scratch: ScratchDirectory, job: JobControl
    ) throws -> any RehearsedStore {
        job.begin(phase: "reading \(declaration.name)")
        return try RehearsedFiles.reading(
            image.tree, of: record, gap: "there is no HDFS to restore into: the image was read, not restored", at: scratch.path,
            clock: host.clock, job: job)
    }
}
