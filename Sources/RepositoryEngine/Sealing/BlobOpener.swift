import HostIO
import ObjectStorage
package import ResticFormat

/// Reads, checks, decrypts and decompresses blobs. One per thread; get one from ``OpenRepository/makeOpener()``.
package final class BlobOpener {
    private let hasher: Hasher256
    private let decompressor: Decompressor
    private let cipher: Cipher
    private let sealed = ScratchMemory()
    private let plain = ScratchMemory()

    /// Why a blob is not what the index says; nil when it is.
    enum Outcome {
        case sound(stored: UnsafeRawBufferPointer, plain: UnsafeRawBufferPointer)
        case damaged(String)
    }

    /// The same of a blob that was opened in pieces.
    enum Pieces {
        case sound(stored: UnsafeRawBufferPointer)
        case damaged(String)
    }

    /// Plain bytes of a blob above which it is opened in pieces where it can be: the tree of a directory of a million entries has 500 MB.
    static let largest: UInt32 = 16 << 20

    init(key: MasterKey, host: Host) throws {
        hasher = try Hasher256()
        decompressor = try Decompressor()
        cipher = try Cipher(key, random: host.random)
    }

    /// Memory to read sealed bytes into; valid until the opener's next call.
    func room(_ count: Int) -> UnsafeMutableRawBufferPointer { sealed.bytes(count) }

    /// Decrypts `bytes` in place and proves that the plain bytes hash to `id`. The results are valid until the next call.
    func open(_ bytes: UnsafeMutableRawBufferPointer, id: BlobID, uncompressedLength: UInt32?) throws -> Outcome {
        guard let stored = try cipher.open(bytes) else { return .damaged("its MAC does not fit") }
        let frame = UnsafeRawBufferPointer(stored)
        var content = frame
        if let length = uncompressedLength {
            let room = plain.bytes(Int(length))
            guard decompressor.decompress(frame, into: room) else { return .damaged("it does not decompress to \(length) bytes") }
            content = UnsafeRawBufferPointer(room)
        }
        guard hasher.hash(content, naming: BlobNamed.self) == id else { return .damaged("its content does not hash to its id") }
        return .sound(stored: frame, plain: content)
    }

    /// The same without the plain bytes: `each` is given them in pieces, in order, before they are proven.
    func open(
        _ bytes: UnsafeMutableRawBufferPointer, id: BlobID, uncompressedLength length: UInt32,
        each: (UnsafeRawBufferPointer) -> Void
    ) throws -> Pieces {
        guard let stored = try cipher.open(bytes) else { return .damaged("its MAC does not fit") }
        let frame = UnsafeRawBufferPointer(stored)
        hasher.begin()
        let isWhole = decompressor.decompress(frame, count: Int(length)) { piece in
            hasher.update(piece)
            each(piece)
        }
        let found = hasher.finish(naming: BlobNamed.self)
        guard isWhole else { return .damaged("it does not decompress to \(length) bytes") }
        return found == id ? .sound(stored: frame) : .damaged("its content does not hash to its id")
    }

    /// Decrypts `bytes` in place and tells why they are not `id`'s content; nil when they are.
    func damage(in bytes: UnsafeMutableRawBufferPointer, id: BlobID, uncompressedLength: UInt32?) throws -> String? {
        if let length = uncompressedLength, length > Self.largest {
            if case .damaged(let reason) = try open(bytes, id: id, uncompressedLength: length, each: { _ in }) { return reason }
        } else if case .damaged(let reason) = try open(bytes, id: id, uncompressedLength: uncompressedLength) {
            return reason
        }
        return nil
    }

    package func hash<Named>(_ bytes: UnsafeRawBufferPointer, naming: Named.Type) -> ObjectID<Named> { hasher.hash(bytes, naming: naming) }
}
