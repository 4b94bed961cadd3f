package import ResticFormat

/// How a writer packs.
package struct WriteOptions: Hashable, Sendable {
    package var compression: BlobSealer.Compression
    /// Bytes at which a pack is closed; 4...512 MiB.
    package var packSize: Int
    /// Blobs at which a pack is closed, whatever its size: the header of a pack, which lists them, must not outgrow what readers take
    /// (16 MiB, format section "Pack Format").
    package var packBlobs: Int
    /// Packs being hashed and written at the same time.
    package var packWriters: Int
    /// A directory of the caller's where packs lie until they are written, for packs that are too large to be kept in memory; nil keeps them
    /// there.
    package var spool: String?

    package init(
        compression: BlobSealer.Compression = .standard, packSize: Int = 16 << 20, packBlobs: Int = 200_000, packWriters: Int = 2,
        spool: String? = nil
    ) {
        self.compression = compression
        self.packSize = min(max(packSize, 1 << 20), 512 << 20)
        self.packBlobs = min(max(packBlobs, 1), PackHeader.mostRecords)
        self.packWriters = max(1, packWriters)
        self.spool = spool
    }

    /// Room above ``packSize`` for the last blob of a pack.
    var slack: Int { 4 << 20 }
}

/// A blob after `save`.
package struct SavedBlob: Sendable {
    package let id: BlobID
    package let isNew: Bool
    /// Sealed bytes added to packs; 0 when the blob was there.
    package let storedBytes: Int
}

package struct WriteTotals: Hashable, Sendable {
    package var blobs = 0
    package var packs = 0
    package var indexes = 0
    /// Bytes of packs and index files written.
    package var bytes = 0
}
