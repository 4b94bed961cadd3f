package import Archiving
package import HostIO
import ObjectStorage
package import RepositoryEngine
package import StoreContract

/// A repository in memory that keeps images, so that what is restored has gone through archiving.
package final class ImageRepository: Sendable {
    package let repository: OpenRepository
    private let host: Host

    package init(host: Host = .forTests()) throws {
        self.host = host
        repository = try .create(in: MemoryStorage(), password: Password("secret"), cost: .quick, host: host)
    }

    /// Archives the image; `parent` is an earlier one.
    package func archive(_ image: CapturedImage, parent: ArchivedTree? = nil) throws -> (outcome: ArchiveOutcome, tree: ArchivedTree) {
        let writer = try repository.beginWriting()
        let outcome = try Archiver(writer: writer, host: host).archive(
            image.source, parent: parent?.id, shape: image.shape, job: JobControl())
        _ = try writer.finish()
        return (outcome, ArchivedTree(repository: try repository.loadIndex(), id: outcome.tree, node: outcome.root))
    }

    /// The image as a strategy has it later: native ones opened again, others archived.
    package func keep(_ image: CapturedImage, of capture: Capture, by adapter: any StoreAdapter) throws -> StoreImage {
        capture.native ? .native(try adapter.openNativeImage(capture.imageID)) : .archived(try archive(image).tree)
    }
}
