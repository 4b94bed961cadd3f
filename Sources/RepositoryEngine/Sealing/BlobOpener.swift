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

    package func hash<Named>(_ bytes: UnsafeRawBufferPointer, naming: Named.Type) -> ObjectID<Named> { hasher.hash(bytes, naming: naming) }
}
