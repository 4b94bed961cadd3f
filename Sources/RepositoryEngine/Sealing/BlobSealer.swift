import Glibc
import HostIO
package import ResticFormat

/// Hashes, compresses, compares and encrypts blobs. One per thread; get one from ``BlobWriter/makeSealer()``.
package final class BlobSealer {
    /// The compression of data blobs; trees are compressed always. Format version 1 knows none.
    package enum Compression: Int32, Sendable {
        case off = 0
        case fast = 1
        /// Level 2 of zstd: within a few percent of restic's default in size, well above it in speed.
        case standard = 2
        case better = 9
    }

    /// A blob ready for a pack; `bytes` is valid until the sealer's next call.
    package struct Sealed {
        package let bytes: UnsafeRawBufferPointer
        /// Nil for a blob that is no frame: an empty one, and each in a repository of version 1.
        package let uncompressedLength: UInt32?
    }

    private let hasher: Hasher256
    private let compressor: Compressor
    private let comparer: Decompressor
    private let cipher: Cipher
    private let compressed = ScratchMemory()
    private let plainAgain = ScratchMemory()
    private let sealed = ScratchMemory()
    private let compression: Compression
    private let canCompress: Bool

    init(key: MasterKey, compression: Compression, formatVersion: Int = 2, host: Host) throws {
        self.compression = compression
        canCompress = formatVersion >= 2
        hasher = try Hasher256()
        compressor = try Compressor(level: max(1, compression.rawValue))
        comparer = try Decompressor()
        cipher = try Cipher(key, random: host.random)
    }

    package func id(of plain: UnsafeRawBufferPointer) -> BlobID { hasher.hash(plain, naming: BlobNamed.self) }

    /// Makes a frame of `plain`, proves that it decompresses to `plain`, encrypts it.
    ///
    /// Never `plain` as it is: its bytes are those of whoever wrote the file, and one key seals everything. A blob that is text, or begins with a 2, would
    /// pass for a snapshot, an index or a note when somebody cuts it out of its pack and lays it there. A frame passes for none of them.
    package func seal(_ plain: UnsafeRawBufferPointer, id: BlobID, kind: BlobKind) throws -> Sealed {
        guard let length = UInt32(exactly: plain.count), length < UInt32.max / 2 else { throw RepositoryError.blobTooLarge(plain.count) }
        guard canCompress, !plain.isEmpty else { return try encrypt(plain, uncompressedLength: nil) }
        let room = compressed.bytes(max(Compressor.bound(plain.count), PlainFrame.count(of: plain.count)))
        let frame = UnsafeRawBufferPointer(rebasing: room[0..<(try writeFrame(of: plain, kind, into: room))])
        let again = plainAgain.bytes(plain.count)
        guard comparer.decompress(frame, into: again), Self.isSame(UnsafeRawBufferPointer(again), plain) else {
            throw RepositoryError.compressionMismatch(id)
        }
        return try encrypt(frame, uncompressedLength: length)
    }

    /// The length of the frame. One of plain blocks when nothing else is asked for, or gains anything.
    private func writeFrame(of plain: UnsafeRawBufferPointer, _ kind: BlobKind, into room: UnsafeMutableRawBufferPointer) throws -> Int {
        guard compression != .off || kind == .tree, try !compressor.looksIncompressible(plain, room: room) else {
            return PlainFrame.write(plain, into: room)
        }
        let count = try compressor.compress(plain, into: room)
        return count < plain.count ? count : PlainFrame.write(plain, into: room)
    }

    /// The id of a tree and the length of its bytes, which are never in memory as a whole.
    func measure(_ tree: Tree, _ checkCancelled: () throws -> Void) throws -> (id: BlobID, length: Int) {
        var length = 0
        hasher.begin()
        try tree.encode { piece in
            try checkCancelled()
            hasher.update(piece)
            length += piece.count
        }
        return (hasher.finish(naming: BlobNamed.self), length)
    }

    /// The same as ``seal(_:id:kind:)`` for a tree as ``measure(_:)`` found it: it is compressed from pieces and proven by its hash.
    func seal(_ tree: Tree, id: BlobID, length: Int, _ checkCancelled: () throws -> Void) throws -> Sealed {
        guard canCompress, let plainLength = UInt32(exactly: length), plainLength < UInt32.max - 64 else {
            return try tree.encoded().withUnsafeBytes { try seal($0, id: id, kind: .tree) }
        }
        let room = compressed.bytes(Compressor.bound(length))
        let count = try compressor.compress(length, into: room) { compress in
            try tree.encode { piece in
                try checkCancelled()
                try compress(piece)
            }
        }
        let frame = UnsafeRawBufferPointer(rebasing: room[0..<count])
        hasher.begin()
        let isWhole = try comparer.decompress(frame, count: length) {
            try checkCancelled()
            hasher.update($0)
        }
        guard hasher.finish(naming: BlobNamed.self) == id, isWhole else { throw RepositoryError.compressionMismatch(id) }
        return try encrypt(frame, uncompressedLength: plainLength)
    }

    static func isSame(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        guard let first = left.baseAddress, let second = right.baseAddress else { return left.count == right.count }
        return left.count == right.count && memcmp(first, second, left.count) == 0
    }

    /// Encrypts the stored form of a blob: decompressed first when this repository cannot hold it compressed, and made a frame when it is none.
    func reseal(_ stored: UnsafeRawBufferPointer, id: BlobID, uncompressedLength: UInt32?) throws -> Sealed {
        guard let length = uncompressedLength else { return try seal(stored, id: id, kind: .data) }
        guard !canCompress else { return try encrypt(stored, uncompressedLength: length) }
        let plain = plainAgain.bytes(Int(length))
        guard comparer.decompress(stored, into: plain) else { throw RepositoryError.compressionMismatch(id) }
        return try encrypt(UnsafeRawBufferPointer(plain), uncompressedLength: nil)
    }

    private func encrypt(_ stored: UnsafeRawBufferPointer, uncompressedLength: UInt32?) throws -> Sealed {
        let room = sealed.bytes(stored.count + Cipher.overhead)
        try cipher.seal(stored, into: room)
        return Sealed(bytes: UnsafeRawBufferPointer(room), uncompressedLength: uncompressedLength)
    }
}
