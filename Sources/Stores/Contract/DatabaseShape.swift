package import Archiving

/// How a database file is cut into blobs.
///
/// A snapshot costs one blob for each run of changed pages (half of it after compression) and about 35 compressed bytes of ids for every
/// blob of the file. 100 MiB of which ten pages changed: 135 KB with blobs of 64 KiB, of which 55 KB are ids; smaller blobs would cost more in
/// ids, larger ones more in content. Blobs of a power of two hold whole pages of any page size (at most 65,536 bytes).
package enum DatabaseShape {
    private static let sizes: [(upTo: UInt64, blob: Int)] = [(4 << 30, 64 << 10), (64 << 30, 256 << 10)]
    private static let largest = 1 << 20

    package static func shape(bytes: UInt64) -> ChunkShape { .fixed(bytes: blob(bytes: bytes)) }

    private static func blob(bytes: UInt64) -> Int { sizes.first { bytes <= $0.upTo }?.blob ?? largest }

    /// What storing a database of so many bytes adds at most, when so many of its pages are not stored yet.
    package static func added(bytes: UInt64, pages: Int) -> UInt64 {
        let blobs = UInt64(clamping: pages).multipliedReportingOverflow(by: UInt64(blob(bytes: bytes)))
        return blobs.overflow ? bytes : min(bytes, blobs.partialValue)
    }
}
