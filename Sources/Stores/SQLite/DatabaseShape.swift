import Archiving

/// How a database file is cut into blobs.
enum DatabaseShape {
    /// Whole pages of any page size (at most 65,536 bytes) fall into one blob, and a changed page costs one blob.
    private static let usual = 65_536
    /// Above this many bytes the ids and index entries of small blobs weigh more than what they save.
    private static let large: UInt64 = 32 << 30

    static func shape(bytes: UInt64) -> ChunkShape { .fixed(bytes: bytes > large ? usual * 8 : usual) }
}
