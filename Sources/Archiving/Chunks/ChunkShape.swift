/// How a file is cut into blobs.
package enum ChunkShape: Hashable, Sendable {
    /// Gear-hash content-defined chunks (FastCDC, normalised): insertions move no boundary but their own.
    case contentDefined
    /// Blobs of a fixed number of bytes, for files that change in place, page by page (database files). Taken into 4 KiB ... 2 MiB.
    case fixed(bytes: Int)

    /// A file of at most so many bytes is one blob.
    var wholeLimit: Int {
        switch self {
        case .contentDefined: GearChunker.minimum
        case .fixed: maximum
        }
    }

    /// No blob is larger; a run of zeros is cut into blobs of exactly this size.
    var maximum: Int {
        switch self {
        case .contentDefined: GearChunker.maximum
        case .fixed(let bytes): min(max(bytes, 4 << 10), GearChunker.maximum)
        }
    }

    /// The length of the blob at the start of `bytes`, which hold at least ``maximum`` bytes or all there are to the file's end.
    func boundary(in bytes: UnsafeRawBufferPointer) -> Int {
        switch self {
        case .contentDefined: GearChunker.boundary(in: bytes)
        case .fixed: min(bytes.count, maximum)
        }
    }
}
