/// A zstd frame that holds bytes as they are (RFC 8878, section 3.1.1: one segment, content size in four bytes, no checksum; raw blocks).
enum PlainFrame {
    private static let header = 9
    private static let blockHeader = 3
    /// The most that a block may hold.
    private static let block = 128 << 10

    /// The length of the frame for `count` bytes, at least one and fewer than 2^32.
    static func count(of count: Int) -> Int { header + count + blockHeader * ((count + block - 1) / block) }

    /// Writes the frame to the start of `output`, which has room for it, and returns its length.
    static func write(_ plain: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int {
        precondition(!plain.isEmpty && plain.count <= UInt32.max && output.count >= count(of: plain.count), "no room for a frame")
        output.storeBytes(of: UInt32(0xFD2F_B528).littleEndian, as: UInt32.self)
        output[4] = 0b1010_0000
        output.storeBytes(of: UInt32(plain.count).littleEndian, toByteOffset: 5, as: UInt32.self)
        var written = header
        for start in stride(from: 0, to: plain.count, by: block) {
            let length = min(block, plain.count - start)
            let isLast = start + length == plain.count
            let head = UInt32(length) << 3 | (isLast ? 1 : 0)
            for byte in 0..<blockHeader { output[written + byte] = UInt8(truncatingIfNeeded: head >> (8 * UInt32(byte))) }
            written += blockHeader
            UnsafeMutableRawBufferPointer(rebasing: output[written..<(written + length)])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: plain[start..<(start + length)]))
            written += length
        }
        return written
    }
}
