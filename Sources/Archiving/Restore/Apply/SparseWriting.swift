import Glibc
import HostIO

/// Writing that leaves out long runs of zeros, so that holes stay holes. The file must be new, and be given its size by truncation.
enum SparseWriting {
    private static let page = 4096
    /// Shorter runs are written.
    private static let shortestHole = 64 << 10

    /// The number of bytes that were written.
    static func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64, to file: borrowing Descriptor) throws(SystemError) -> Int {
        var written = 0
        var start = 0
        while start < bytes.count {
            let (hole, end) = nextHole(in: bytes, from: start, offset: offset)
            if hole > start {
                try file.write(UnsafeRawBufferPointer(rebasing: bytes[start..<hole]), at: offset + Int64(start))
                written += hole - start
            }
            start = end
        }
        return written
    }

    /// The first long run of zero pages at or after `start`, pages counted in the file; empty at the end of `bytes` when there is none.
    private static func nextHole(in bytes: UnsafeRawBufferPointer, from start: Int, offset: Int64) -> (Int, Int) {
        guard bytes.count - start >= shortestHole else { return (bytes.count, bytes.count) }
        var position = start
        let misaligned = Int((offset + Int64(start)) % Int64(page))
        if misaligned > 0 { position += page - misaligned }
        var run = position
        while position + page <= bytes.count {
            if isZero(bytes, position) {
                position += page
                continue
            }
            if position - run >= shortestHole { return (run, position) }
            position += page
            run = position
        }
        return position - run >= shortestHole ? (run, position) : (bytes.count, bytes.count)
    }

    private static func isZero(_ bytes: UnsafeRawBufferPointer, _ position: Int) -> Bool {
        guard bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self) == 0, let base = bytes.baseAddress else { return false }
        // Equal to itself one byte further on, and zero at the start: zero all over.
        return memcmp(base + position, base + position + 1, page - 1) == 0
    }
}
