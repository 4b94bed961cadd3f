import RepositoryEngine
import ResticFormat
import Synchronization

/// Knows blobs that hold nothing but zeros by their ids: that of zeros is one for each size.
final class ZeroBlobs: Sendable {
    /// Sizes for which the id of zeros is worth knowing; those of other writers' holes are few.
    private let most: Int
    private let known = Mutex<[Int: BlobID]>([:])

    init(mostSizes most: Int = 64) { self.most = most }

    /// Costs a hash of so many bytes the first time for a size. Asked for ids that recur: content that is cut by what it holds seldom has two sizes alike.
    func isZero(_ id: BlobID, size: Int, _ opener: BlobOpener) -> Bool {
        guard size > 0, let zero = zero(size, opener) else { return false }
        return zero == id
    }

    private func zero(_ size: Int, _ opener: BlobOpener) -> BlobID? {
        if let id = known.withLock({ $0[size] }) { return id }
        guard known.withLock({ $0.count }) < most else { return nil }
        let zeros = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 64)
        defer { zeros.deallocate() }
        zeros.initializeMemory(as: UInt8.self, repeating: 0)
        let id = opener.hash(UnsafeRawBufferPointer(zeros), naming: BlobNamed.self)
        known.withLock { $0[size] = id }
        return id
    }
}

/// Where the blobs of a file lie in it: stretches of one blob over and over are one, so a hole of any size costs nothing.
struct ContentLayout: Sendable {
    struct Stretch: Sendable {
        /// In the content.
        var first: Int
        var count: Int
        /// In the file.
        var offset: UInt64
        /// Of each blob.
        var size: Int
        /// Nothing but zeros.
        var isHole: Bool

        var length: UInt64 { UInt64(size) * UInt64(count) }
        func offset(of blob: Int) -> UInt64 { offset + UInt64(blob - first) * UInt64(size) }
    }

    private(set) var stretches: [Stretch] = []
    /// Bytes of the file.
    private(set) var end: UInt64 = 0

    /// What keeps a file from being laid out.
    enum Problem: Error { case missing(BlobID), tooLarge }

    init(
        _ content: [BlobID], in repository: IndexedRepository, _ zeros: ZeroBlobs, _ opener: BlobOpener
    ) throws(Problem) {
        var index = 0
        while index < content.count {
            let id = content[index]
            var next = index + 1
            while next < content.count, content[next] == id { next += 1 }
            guard let size = repository.plainSize(of: id, .data) else { throw .missing(id) }
            let isHole = (next - index > 1 || size == Self.holeSize) && zeros.isZero(id, size: size, opener)
            let (length, product) = UInt64(size).multipliedReportingOverflow(by: UInt64(next - index))
            let (sum, overflow) = end.addingReportingOverflow(length)
            guard !product, !overflow, sum <= UInt64(Int64.max) else { throw .tooLarge }
            stretches.append(Stretch(first: index, count: next - index, offset: end, size: size, isHole: isHole))
            end = sum
            index = next
        }
    }

    /// Of the blob that stands for a hole alone.
    private static let holeSize = ChunkShape.contentDefined.maximum

    /// Bytes that are no holes.
    var solidBytes: UInt64 { stretches.reduce(0) { $1.isHole ? $0 : $0 + $1.length } }

    /// The blob `index` of the content.
    func place(of index: Int) -> (offset: UInt64, size: Int)? {
        var (low, high) = (0, stretches.count)
        while low < high {
            let middle = (low + high) / 2
            if stretches[middle].first + stretches[middle].count <= index { low = middle + 1 } else { high = middle }
        }
        guard low < stretches.count, stretches[low].first <= index else { return nil }
        return (stretches[low].offset(of: index), stretches[low].size)
    }
}

/// Bytes of a file as a restore makes it.
struct FileExtent: Sendable {
    var bytes: UInt64
    /// Without its holes, as far as an archive tells them.
    var solid: UInt64

    private init(bytes: UInt64, solid: UInt64) {
        self.bytes = bytes
        self.solid = solid
    }

    init(of node: Node) { self.init(bytes: node.size, solid: node.size) }

    /// As the index says of its blobs: what a tree says of a size, whoever wrote it may have got wrong.
    init(of node: Node, in repository: IndexedRepository, _ zeros: ZeroBlobs, _ opener: BlobOpener) {
        let content = node.content ?? []
        if content.count == 1, let size = repository.plainSize(of: content[0], .data) {
            self.init(bytes: UInt64(size), solid: UInt64(size))
        } else if let layout = try? ContentLayout(content, in: repository, zeros, opener) {
            self.init(bytes: layout.end, solid: layout.solidBytes)
        } else {
            self.init(of: node)
        }
    }
}
