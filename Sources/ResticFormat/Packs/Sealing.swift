/// Sizes of the encrypted unit `IV || ciphertext || MAC` (format section "Encryption").
package enum Sealing {
    package static let ivLength = 16
    package static let macLength = 16
    package static let overhead = 32
}

/// What stands before the JSON of an unpacked file: snapshots, indexes and locks, but neither config nor keys.
package enum UnpackedFile {
    /// The first plain byte of a compressed file; zstd follows.
    package static let compressedMarker: UInt8 = 0x02

    package enum Encoding: Hashable, Sendable {
        /// JSON from the first byte on; nothing at all counts as such.
        case plain
        /// zstd from the second byte on.
        case zstd
    }

    package static func encoding(of plain: UnsafeRawBufferPointer) throws(FormatError) -> Encoding {
        switch plain.first {
        case nil, 0x7B, 0x5B: return .plain
        case compressedMarker: return .zstd
        case .some(let byte): throw FormatError(.unpackedFile, .unsupported("encoding \(byte)"))
        }
    }
}
