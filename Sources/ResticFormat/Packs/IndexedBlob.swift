/// Where a blob lies in its pack.
package struct IndexedBlob: Hashable, Sendable {
    package var id: BlobID
    package var kind: BlobKind
    /// Bytes from the start of the pack.
    package var offset: UInt32
    /// Stored bytes: sealed, the 32 bytes of overhead included.
    package var length: UInt32
    /// Plain bytes of a compressed blob; nil for one that is not compressed.
    package var uncompressedLength: UInt32?

    package init(id: BlobID, kind: BlobKind, offset: UInt32, length: UInt32, uncompressedLength: UInt32?) {
        self.id = id
        self.kind = kind
        self.offset = offset
        self.length = length
        self.uncompressedLength = uncompressedLength
    }

    package var isCompressed: Bool { uncompressedLength != nil }
    /// Bytes of the blob when opened and decompressed; 0 for a damaged length below the overhead.
    package var plainLength: UInt32 {
        uncompressedLength ?? (length >= UInt32(Sealing.overhead) ? length - UInt32(Sealing.overhead) : 0)
    }
}

package struct IndexedPack: Hashable, Sendable {
    package var id: PackID
    /// In no particular order.
    package var blobs: [IndexedBlob]

    package init(id: PackID, blobs: [IndexedBlob]) {
        self.id = id
        self.blobs = blobs
    }
}
