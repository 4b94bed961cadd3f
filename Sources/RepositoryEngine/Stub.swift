package import HostIO
package import ObjectStorage
package import ResticFormat
package import Model
package enum RepositoryError: Error, Hashable, FailureConvertible {
    case library(String)
    case missingBlob(BlobID, BlobKind, location: String)
    case damagedFile(name: String, reason: String, location: String)
    package var failure: Failure { Failure(.internal, "") }
}
package final class IndexedRepository: Sendable {
    package init() {}
    package var location: String { "" }
    package func makeOpener() throws -> BlobOpener { BlobOpener() }
    package func contains(_ id: BlobID, _ kind: BlobKind) -> Bool { false }
    package func plainSize(of id: BlobID, _ kind: BlobKind) -> Int? { nil }
    package func withBlob<R>(_ id: BlobID, _ kind: BlobKind, using opener: BlobOpener, _ body: (UnsafeRawBufferPointer) throws -> R) throws -> R { throw RepositoryError.library("") }
    package func withStoredBlob<R>(_ id: BlobID, _ kind: BlobKind, using opener: BlobOpener, _ body: (UnsafeRawBufferPointer, UInt32?) throws -> R) throws -> R { throw RepositoryError.library("") }
    package func tree(_ id: TreeID, using opener: BlobOpener) throws -> Tree { throw RepositoryError.library("") }
}
package final class BlobOpener {
    package func hash<Named>(_ bytes: UnsafeRawBufferPointer, naming: Named.Type) -> ObjectID<Named> { fatalError() }
}
package final class BlobSealer {
    package func id(of plain: UnsafeRawBufferPointer) -> BlobID { fatalError() }
}
package struct SavedBlob: Sendable {
    package let id: BlobID
    package let isNew: Bool
    package let storedBytes: Int
}
package final class BlobWriter: Sendable {
    package let repository: IndexedRepository
    init(repository: IndexedRepository) { self.repository = repository }
    package func makeSealer() throws -> BlobSealer { BlobSealer() }
    package func makeOpener() throws -> BlobOpener { BlobOpener() }
    package func save(_ plain: UnsafeRawBufferPointer, as kind: BlobKind, using sealer: BlobSealer) throws -> SavedBlob { throw RepositoryError.library("") }
    package func saveStored(_ id: BlobID, _ kind: BlobKind, _ stored: UnsafeRawBufferPointer, uncompressedLength: UInt32?, using sealer: BlobSealer) throws -> SavedBlob { throw RepositoryError.library("") }
    package func contains(_ id: BlobID, _ kind: BlobKind) -> Bool { false }
}
