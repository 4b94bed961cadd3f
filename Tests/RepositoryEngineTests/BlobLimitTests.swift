import ObjectStorage
import ResticFormat
import TestSupport
import Testing

@testable import RepositoryEngine

@Suite("Blobs that are larger than anybody makes them") struct BlobLimitTests {
    private static let id = BlobID(words: [1, 2, 3, 4])
    private static let pack = PackID(words: [5, 6, 7, 8])

    /// An index that says so of one.
    private func index(_ kind: BlobKind, length: UInt32, uncompressedLength: UInt32?) throws -> IndexedRepository {
        let index = try SampleRepository().reopened().loadIndex()
        let blob = IndexedBlob(id: Self.id, kind: kind, offset: 0, length: length, uncompressedLength: uncompressedLength)
        index.learn([blob], in: Self.pack)
        return index
    }

    /// The reason, said before a byte is read: there is no such pack.
    private func reason(_ kind: BlobKind, length: UInt32, uncompressedLength: UInt32? = nil) throws -> String? {
        let index = try index(kind, length: length, uncompressedLength: uncompressedLength)
        do {
            try index.withBlob(Self.id, kind, using: index.makeOpener()) { _ in }
        } catch let error as RepositoryError {
            guard case .damagedBlob(_, _, _, let reason, _) = error else { return nil }
            return reason
        } catch { return nil }
        return nil
    }

    @Test("are not read", arguments: [BlobKind.data, .tree])
    func refused(kind: BlobKind) throws {
        #expect(try reason(kind, length: 3 << 30)?.contains("no writer makes a \(kind.name) blob") == true)
        #expect(try reason(kind, length: 1000, uncompressedLength: 3 << 30)?.contains("3221225472") == true)
        let index = try index(kind, length: .max, uncompressedLength: .max)
        let (id, opener) = (Self.id, try index.makeOpener())
        #expect(try !index.isWhole(id, kind, at: try #require(index.locate(id, kind)), using: opener))
        #expect(throws: RepositoryError.self) { try index.withStoredBlob(id, kind, using: opener) { _, _ in } }
    }

    @Test("Larger ones than ours are read, and trees of a million entries")
    func allowed() throws {
        #expect(try reason(.data, length: 64 << 20) == nil)
        #expect(try reason(.data, length: 60 << 20, uncompressedLength: 64 << 20) == nil)
        #expect(BlobLimits.obstacle(.tree, length: 200 << 20, uncompressedLength: 700 << 20) == nil)
        #expect(BlobLimits.obstacle(.data, length: 200 << 20, uncompressedLength: nil) != nil)
    }
}
