import CZstd

/// zstd frames as the format has them: one frame an item, content size present, no checksum. One per thread.
final class Compressor {
    /// Up to this many bytes level 1 compresses as well as level 2, and faster; with a minimal match of 6 another 3 per cent faster
    /// (measured on lines of text in blocks of 8 KiB).
    private static let small = 16 << 10
    private let context: OpaquePointer
    private let level: Int32
    private var isTunedForSmall = false

    init(level: Int32) throws {
        guard let context = ZSTD_createCCtx() else { throw RepositoryError.library("ZSTD_createCCtx") }
        self.context = context
        self.level = level
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
        ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 1)
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 0)
    }

    deinit { ZSTD_freeCCtx(context) }

    /// Level 1 with a minimal match of 6 for what is small; 0 stands for what the level says.
    private func tune(forSmall isSmall: Bool) {
        guard isSmall != isTunedForSmall else { return }
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, isSmall ? 1 : level)
        ZSTD_CCtx_setParameter(context, ZSTD_c_minMatch, isSmall ? 6 : 0)
        isTunedForSmall = isSmall
    }

    static func bound(_ count: Int) -> Int { ZSTD_compressBound(count) }

    /// The number of bytes written to `output`, which has room for `bound(plain.count)`.
    func compress(_ plain: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws -> Int {
        tune(forSmall: level == 2 && plain.count <= Self.small)
        let result = ZSTD_compress2(context, output.baseAddress, output.count, plain.baseAddress, plain.count)
        guard ZSTD_isError(result) == 0 else {
            throw RepositoryError.library("ZSTD_compress2: " + String(cString: ZSTD_getErrorName(result)))
        }
        return result
    }
}

extension Compressor {
    /// The same for `count` bytes that come in pieces: `pieces` calls its argument with each, in order.
    func compress(
        _ count: Int, into output: UnsafeMutableRawBufferPointer, pieces: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws -> Int {
        tune(forSmall: false)
        try Self.check(ZSTD_CCtx_reset(context, ZSTD_reset_session_only))
        try Self.check(ZSTD_CCtx_setPledgedSrcSize(context, UInt64(count)))
        var room = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        try pieces { piece in
            var input = ZSTD_inBuffer(src: piece.baseAddress, size: piece.count, pos: 0)
            while input.pos < input.size { try Self.check(ZSTD_compressStream2(context, &room, &input, ZSTD_e_continue)) }
        }
        var end = ZSTD_inBuffer(src: nil, size: 0, pos: 0)
        while try Self.check(ZSTD_compressStream2(context, &room, &end, ZSTD_e_end)) > 0 {}
        return room.pos
    }

    @discardableResult
    private static func check(_ result: Int) throws -> Int {
        guard ZSTD_isError(result) == 0 else { throw RepositoryError.library("zstd: " + String(cString: ZSTD_getErrorName(result))) }
        return result
    }

    private static let probe = 8 << 10

    /// Whether three samples of `plain` say that compressing it would gain nothing. `room` is as for ``compress(_:into:)``.
    func looksIncompressible(_ plain: UnsafeRawBufferPointer, room: UnsafeMutableRawBufferPointer) throws -> Bool {
        guard plain.count >= 16 * Self.probe else { return false }
        for start in [0, plain.count / 2, plain.count - Self.probe] {
            let sample = UnsafeRawBufferPointer(rebasing: plain[start..<(start + Self.probe)])
            if try compress(sample, into: room) < Self.probe - Self.probe / 64 { return false }
        }
        return true
    }
}

/// One per thread.
final class Decompressor {
    private let context: OpaquePointer

    init() throws {
        guard let context = ZSTD_createDCtx() else { throw RepositoryError.library("ZSTD_createDCtx") }
        self.context = context
    }

    deinit { ZSTD_freeDCtx(context) }

    /// Whether `frame` decompresses to exactly `output.count` bytes, which are then in `output`.
    func decompress(_ frame: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Bool {
        let result = ZSTD_decompressDCtx(context, output.baseAddress, output.count, frame.baseAddress, frame.count)
        return ZSTD_isError(result) == 0 && result == output.count
    }

    /// Whether `frame` decompresses to `plain`; in steps, so that what is compared needs no memory of its size.
    func yields(_ plain: UnsafeRawBufferPointer, from frame: UnsafeRawBufferPointer) -> Bool {
        var compared = 0
        var isSame = true
        let isWhole = decompress(frame, count: plain.count) { piece in
            let expected = UnsafeRawBufferPointer(rebasing: plain[compared..<(compared + piece.count)])
            isSame = isSame && BlobSealer.isSame(piece, expected)
            compared += piece.count
        }
        return isWhole && isSame
    }

    /// Gives what `frame` decompresses to in pieces, in order, each valid within `body` only. Whether it is a whole frame of exactly `count`
    /// bytes; more than these are never given.
    func decompress(_ frame: UnsafeRawBufferPointer, count: Int, _ body: (UnsafeRawBufferPointer) throws -> Void) rethrows -> Bool {
        ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
        let step = ZSTD_DStreamOutSize()
        return try withUnsafeTemporaryAllocation(byteCount: step, alignment: 64) { room in
            var input = ZSTD_inBuffer(src: frame.baseAddress, size: frame.count, pos: 0)
            var given = 0
            while true {
                var output = ZSTD_outBuffer(dst: room.baseAddress, size: step, pos: 0)
                let result = ZSTD_decompressStream(context, &output, &input)
                guard ZSTD_isError(result) == 0, output.pos <= count - given else { return false }
                try body(UnsafeRawBufferPointer(rebasing: room[..<output.pos]))
                given += output.pos
                if result == 0 { return given == count && input.pos == frame.count }
                if output.pos == 0, input.pos == frame.count { return false }
            }
        }
    }

    /// A whole frame of unknown size (a writer other than restic may leave the size out), at most `limit` bytes; nil when it is damaged or larger.
    func decompress(_ frame: UnsafeRawBufferPointer, limit: Int) -> [UInt8]? {
        var capacity = min(max(frame.count * 4, 64 << 10), limit)
        let declared = ZSTD_getFrameContentSize(frame.baseAddress, frame.count)
        if declared == UInt64.max - 1 { return nil }
        if declared != UInt64.max {
            guard declared <= UInt64(limit) else { return nil }
            capacity = Int(declared)
        }
        while true {
            var size = 0
            var retry = false
            let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, filled in
                let result = ZSTD_decompressDCtx(context, buffer.baseAddress, capacity, frame.baseAddress, frame.count)
                if ZSTD_isError(result) != 0 {
                    retry = ZSTD_getErrorCode(result) == ZSTD_error_dstSize_tooSmall && declared == UInt64.max
                    size = -1
                } else {
                    size = result
                    filled = result
                }
            }
            if size >= 0 { return bytes }
            guard retry, capacity < limit else { return nil }
            capacity = min(capacity * 4, limit)
        }
    }
}
