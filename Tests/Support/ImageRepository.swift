package import Archiving
package import HostIO
import ObjectStorage
package import RepositoryEngine
package import StoreContract
import Synchronization

/// A repository in memory that keeps images, so that what is restored has gone through archiving.
package final class ImageRepository: Sendable {
    package let repository: OpenRepository
    private let host: Host
    /// What was archived before the cut, by image.
    private let prepared = Mutex<[String: ArchiveOutcome]>([:])

    package init(host: Host = .forTests()) throws {
        self.host = host
        repository = try .create(in: MemoryStorage(), password: Password("secret"), cost: .quick, host: host)
    }

    /// Archives what an adapter gives before the cut, for the image that is called `id`; `parent` is an earlier image.
    @discardableResult
    package func archive(_ image: CapturedImage, before id: String, parent: ArchivedTree? = nil) throws -> ArchiveOutcome {
        let writer = try repository.beginWriting()
        let outcome = try Archiver(writer: writer, host: host).archive(
            image.source, parent: parent?.id, shape: image.shape, job: JobControl())
        _ = try writer.finish()
        prepared.withLock { $0[id] = outcome }
        return outcome
    }

    /// Archives the image, over what was archived before the cut of `id`; `parent` is an earlier one.
    package func archive(
        _ image: CapturedImage, parent: ArchivedTree? = nil, over id: String? = nil
    ) throws -> (outcome: ArchiveOutcome, tree: ArchivedTree) {
        let writer = try repository.beginWriting()
        var outcome = try Archiver(writer: writer, host: host).archive(
            image.source, parent: parent?.id, shape: image.shape, job: JobControl())
        if let id, let base = prepared.withLock({ $0[id] }) { outcome = try TreeOverlay(into: writer).lay(outcome, over: base) }
        _ = try writer.finish()
        return (outcome, ArchivedTree(repository: try repository.loadIndex(), id: outcome.tree, node: outcome.root))
    }

    /// Archives a store while it is rebuilt.
    package func archive(_ store: any StoreRebuilding) throws -> (tree: ArchivedTree, contents: RebuiltContents) {
        defer { store.close() }
        let tree = try archive(CapturedImage(source: store.source, shape: store.shape)).tree
        return (tree, try store.finish())
    }

    /// The image as a strategy has it later: native ones opened again, others archived.
    package func keep(_ image: CapturedImage, of capture: Capture, by adapter: any StoreAdapter) throws -> StoreImage {
        capture.native ? .native(try adapter.openNativeImage(capture.imageID)) : .archived(try archive(image, over: capture.imageID).tree)
    }
}
