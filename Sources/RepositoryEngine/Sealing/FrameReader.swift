import CZstd

/// A whole zstd frame that is decompressed piece by piece, as pieces are asked for. One thread at a time.
final class FrameReader {
    private let context: OpaquePointer
    private let frame: [UInt8]
    private let room: UnsafeMutableRawBufferPointer
    private var position = 0
    private var isAtEnd = false

    /// `frame` is known to be whole.
    init(_ frame: [UInt8]) throws {
        guard let context = ZSTD_createDCtx() else { throw RepositoryError.library("ZSTD_createDCtx") }
        self.context = context
        self.frame = frame
        room = .allocate(byteCount: ZSTD_DStreamOutSize(), alignment: 64)
    }

    deinit {
        ZSTD_freeDCtx(context)
        room.deallocate()
    }

    /// The next bytes, valid until the next call; nil at the end.
    func next() throws -> UnsafeRawBufferPointer? {
        while !isAtEnd {
            var output = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
            let result = frame.withUnsafeBytes { frame in
                var input = ZSTD_inBuffer(src: frame.baseAddress, size: frame.count, pos: position)
                defer { position = input.pos }
                return ZSTD_decompressStream(context, &output, &input)
            }
            guard ZSTD_isError(result) == 0, result == 0 || output.pos > 0 || position < frame.count else {
                throw RepositoryError.library("ZSTD_decompressStream: " + String(cString: ZSTD_getErrorName(result)))
            }
            isAtEnd = result == 0
            if output.pos > 0 { return UnsafeRawBufferPointer(rebasing: room[..<output.pos]) }
        }
        return nil
    }
}
