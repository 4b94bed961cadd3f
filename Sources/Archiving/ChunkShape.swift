/// How a file is cut into blobs.
package enum ChunkShape: Hashable, Sendable {
    /// Gear-hash content-defined chunks (FastCDC, normalised): insertions move no boundary but their own.
    case contentDefined
    /// Blobs of a fixed number of bytes, for files that change in place, page by page (database files).
    case fixed(bytes: Int)
}
