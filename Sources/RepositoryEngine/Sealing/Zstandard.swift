import CZstd

/// zstd frames as the format has them: one frame an item, content size present, no checksum. One per thread.
final class Compressor {
    /// Up to this many bytes level 1 compresses as well as level 2, and faster (measured with `zstd -b1 -e2 -B8K` on text).
    private static let small = 16 << 10
    private let context: OpaquePointer
    private let level: Int32
    private var current: Int32

    init(level: Int32) throws {
        guard let context = ZSTD_createCCtx() else { throw RepositoryError.library("ZSTD_createCCtx") }
        self.context = context
        self.level = level
        current = level
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
        ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 1)
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 0)
    }

    deinit { ZSTD_freeCCtx(context) }

    private func use(_ wanted: Int32) {
        guard wanted != current else { return }
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, wanted)
        current = wanted
    }

    static func bound(_ count: Int) -> Int { ZSTD_compressBound(count) }

    /// The number of bytes written to `output`, which has room for `bound(plain.count)`.
    func compress(_ plain: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws -> Int {
        use(level == 2 && plain.count <= Self.small ? 1 : level)
        let result = ZSTD_compress2(context, output.baseAddress, output.count, plain.baseAddress, plain.count)
        guard ZSTD_isError(result) == 0 else {
            throw RepositoryError.library("ZSTD_compress2: " + String(cString: ZSTD_getErrorName(result)))
        }
        return result
    }
}

extension Compressor {
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
