import Glibc
import RepositoryEngine
import ResticFormat

/// Tells content from holes and zeros, blob by blob, alike for what is read and for what is known from before: a blob counts unless it is nothing but
/// zeros. So a file of which only the length is left has no data, also where a file system does not show its holes.
struct DataBytes: Sendable {
    /// Blobs of less count: they are not worth a look.
    private static let least = 4096
    /// Zeros shrink to a thousandth; what is stored in more than this part is not worth a hash.
    private static let mostStored = 64

    private let repository: IndexedRepository
    private let zeros = ZeroBlobs(mostSizes: 65_536)

    init(_ repository: IndexedRepository) { self.repository = repository }

    static func count(_ bytes: UnsafeRawBufferPointer) -> UInt64 { isZero(bytes) ? 0 : UInt64(bytes.count) }

    private static func isZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count >= least, bytes.first == 0, let base = bytes.baseAddress else { return false }
        // Equal to itself one byte further on, and zero at the start: zero all over.
        return memcmp(base, base + 1, bytes.count - 1) == 0
    }

    /// Of content that is in the index.
    func count(_ content: [BlobID], _ opener: BlobOpener) -> UInt64 {
        var sum: UInt64 = 0
        var last: (id: BlobID, bytes: UInt64)?
        for id in content {
            if let last, last.id == id {
                sum.grow(by: last.bytes)
                continue
            }
            let bytes = count(id, opener)
            last = (id, bytes)
            sum.grow(by: bytes)
        }
        return sum
    }

    private func count(_ id: BlobID, _ opener: BlobOpener) -> UInt64 {
        guard let place = repository.locate(id, .data) else { return 0 }
        let size = place.plainLength
        guard size >= Self.least, Int(place.length) <= size / Self.mostStored, zeros.isZero(id, size: size, opener) else {
            return UInt64(size)
        }
        return 0
    }
}
