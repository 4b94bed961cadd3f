/// The header at the end of a pack, as plain bytes (format section "Pack Format"): the pack is
/// `sealed blobs || sealed header || uint32le length of the sealed header`.
package enum PackHeader {
    package static let plainRecordLength = 37
    package static let compressedRecordLength = 41
    /// The little-endian number that ends the pack.
    package static let trailerLength = 4
    /// Bytes of the sealed header.
    package static let longest = 16 << 20
    /// The most blobs that any pack can hold: 41-byte records in the longest header.
    package static let mostRecords = (longest - Sealing.overhead) / compressedRecordLength

    /// The record of each blob in the order given, which must be that in the pack; offsets are implied.
    package static func encode(_ blobs: [IndexedBlob]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(blobs.count * compressedRecordLength)
        for blob in blobs {
            output.append(blob.kind.rawValue + (blob.isCompressed ? 2 : 0))
            append(blob.length, to: &output)
            if let length = blob.uncompressedLength { append(length, to: &output) }
            output.append(contentsOf: blob.id.bytes)
        }
        return output
    }

    /// The pack's last four bytes.
    package static func trailer(sealedHeaderLength: Int) -> [UInt8] {
        var output: [UInt8] = []
        append(UInt32(truncatingIfNeeded: sealedHeaderLength), to: &output)
        return output
    }

    /// Bytes of the sealed header, read from a pack's last four bytes and checked against the pack's size.
    package static func sealedHeaderLength(trailer: UnsafeRawBufferPointer, packSize: UInt64) throws(FormatError) -> Int {
        guard trailer.count == trailerLength else { throw FormatError(.packHeader, .truncated) }
        let length = UInt32(littleEndian: trailer.loadUnaligned(as: UInt32.self))
        guard length >= UInt32(Sealing.overhead + plainRecordLength), length <= UInt32(longest),
            UInt64(length) + UInt64(trailerLength) < packSize
        else { throw FormatError(.packHeader, .outOfRange("length of the header")) }
        return Int(length)
    }

    /// The blobs in pack order. `blobBytes` is what precedes the sealed header in the pack: the blobs must fill it exactly.
    package static func decode(_ plain: UnsafeRawBufferPointer, blobBytes: UInt64) throws(FormatError) -> [IndexedBlob] {
        var blobs: [IndexedBlob] = []
        blobs.reserveCapacity(min(plain.count / plainRecordLength, mostRecords))
        var position = 0
        var offset: UInt64 = 0
        while position < plain.count {
            let blob = try record(plain, &position, offset: offset)
            offset += UInt64(blob.length)
            guard offset <= blobBytes else { throw FormatError(.packHeader, .outOfRange("length of a blob"), at: position) }
            guard blobs.count < mostRecords else { throw FormatError(.packHeader, .outOfRange("number of blobs"), at: position) }
            blobs.append(blob)
        }
        guard offset == blobBytes else { throw FormatError(.packHeader, .invalid("sum of the blobs' lengths"), at: position) }
        return blobs
    }

    private static func record(
        _ plain: UnsafeRawBufferPointer, _ position: inout Int, offset: UInt64
    ) throws(FormatError) -> IndexedBlob {
        let start = position
        let type = plain[start]
        guard type < 4, let kind = BlobKind(rawValue: type & 1) else {
            throw FormatError(.packHeader, .unsupported("blob type \(type)"), at: start)
        }
        let size = type & 2 == 0 ? plainRecordLength : compressedRecordLength
        guard plain.count - start >= size else { throw FormatError(.packHeader, .truncated, at: start) }
        let length = UInt32(littleEndian: plain.loadUnaligned(fromByteOffset: start + 1, as: UInt32.self))
        guard length >= UInt32(Sealing.overhead), let offset = UInt32(exactly: offset) else {
            throw FormatError(.packHeader, .outOfRange("length of a blob"), at: start)
        }
        position += size
        let plainLength =
            type & 2 == 0 ? nil : UInt32(littleEndian: plain.loadUnaligned(fromByteOffset: start + 5, as: UInt32.self))
        return IndexedBlob(
            id: BlobID(bytes: UnsafeRawBufferPointer(rebasing: plain[position - 32..<position])), kind: kind, offset: offset,
            length: length, uncompressedLength: plainLength)
    }

    private static func append(_ value: UInt32, to output: inout [UInt8]) {
        for shift in stride(from: UInt32(0), to: 32, by: 8) { output.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
}
