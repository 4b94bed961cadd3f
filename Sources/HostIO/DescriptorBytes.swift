import CHost
import Glibc

extension Descriptor {
    /// Reads until `buffer` is full or the file ends; the number of bytes read.
    package borrowing func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        let raw = raw
        var filled = 0
        while filled < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let count = try checked("read", path) { Glibc.read(raw, rest.baseAddress, rest.count) }
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    /// Like ``read(into:)`` from `offset`, leaving the position alone; safe from several threads.
    package borrowing func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(SystemError) -> Int {
        let raw = raw
        var filled = 0
        while filled < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let position = off_t(offset) + filled
            let count = try checked("read", path) { pread(raw, rest.baseAddress, rest.count, position) }
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    /// Everything from the present position on; more than `limit` bytes is EFBIG.
    package borrowing func readAll(limit: Int = 64 << 20) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        let step = 64 << 10
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: step, alignment: 16)
        defer { chunk.deallocate() }
        while true {
            let count = try read(into: chunk)
            bytes.append(contentsOf: chunk[..<count])
            if bytes.count > limit { throw SystemError(EFBIG, "read", path) }
            if count < step { return bytes }
        }
    }

    package borrowing func write(_ buffer: UnsafeRawBufferPointer) throws(SystemError) {
        let raw = raw
        var written = 0
        while written < buffer.count {
            let rest = UnsafeRawBufferPointer(rebasing: buffer[written...])
            written += try checked("write", path) { Glibc.write(raw, rest.baseAddress, rest.count) }
        }
    }

    package borrowing func write(_ bytes: [UInt8]) throws(SystemError) {
        try withBytes(of: bytes) { buffer throws(SystemError) in try write(buffer) }
    }

    /// Writes all of `buffer` at `offset`, leaving the position alone; safe from several threads.
    package borrowing func write(_ buffer: UnsafeRawBufferPointer, at offset: Int64) throws(SystemError) {
        let raw = raw
        var written = 0
        while written < buffer.count {
            let rest = UnsafeRawBufferPointer(rebasing: buffer[written...])
            let position = off_t(offset) + written
            written += try checked("write", path) { pwrite(raw, rest.baseAddress, rest.count, position) }
        }
    }

    /// Writes the concatenated parts at the present position.
    package borrowing func write(_ parts: [UnsafeRawBufferPointer]) throws(SystemError) {
        var remaining = parts.filter { !$0.isEmpty }[...]
        let raw = raw
        while !remaining.isEmpty {
            let vectors = remaining.prefix(1024).map {
                iovec(iov_base: UnsafeMutableRawPointer(mutating: $0.baseAddress), iov_len: $0.count)
            }
            var written = try checked("write", path) { writev(raw, vectors, Int32(vectors.count)) }
            while let first = remaining.first, written >= first.count {
                written -= first.count
                remaining.removeFirst()
            }
            if written > 0, let first = remaining.first {
                remaining[remaining.startIndex] = UnsafeRawBufferPointer(rebasing: first[written...])
            }
        }
    }

    /// Writes the concatenated parts into this empty file, past the page cache where file system and memory allow it: what lies in memory
    /// at a multiple of 4096 and is large goes straight to the device, and evicts nothing that others want cached.
    package borrowing func writeUncached(_ parts: [UnsafeRawBufferPointer]) throws(SystemError) {
        var parts = parts
        if let first = parts.first, let start = first.baseAddress {
            let direct = first.count & ~(Self.directUnit - 1)
            let isWorthIt = direct >= 1 << 20 && Int(bitPattern: start) % Self.directUnit == 0
            if isWorthIt, try writeDirectly(UnsafeRawBufferPointer(rebasing: first[..<direct])) {
                parts[0] = UnsafeRawBufferPointer(rebasing: first[direct...])
            }
        }
        try write(parts)
    }

    /// Covers the blocks of devices in use.
    private static var directUnit: Int { 4096 }

    /// False when this file cannot be written so; nothing is written then.
    private borrowing func writeDirectly(_ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Bool {
        let raw = raw
        guard holdfast_set_direct(raw, 1) == 0 else { return false }
        defer { _ = holdfast_set_direct(raw, 0) }
        var written = 0
        while written < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
            do {
                written += try checked("write", path) { Glibc.write(raw, rest.baseAddress, rest.count) }
            } catch {
                guard error.errno == EINVAL, written == 0 else { throw error }
                return false
            }
            // A short write may end where no further direct one can begin.
            if written % Self.directUnit != 0 {
                _ = holdfast_set_direct(raw, 0)
                try write(UnsafeRawBufferPointer(rebasing: bytes[written...]))
                return true
            }
        }
        return true
    }

    /// fsync(2): content and metadata are durable, or of a directory its entries.
    package borrowing func sync() throws(SystemError) {
        let raw = raw
        try checked("sync", path) { fsync(raw) }
    }

    /// fdatasync(2): content and size are durable.
    package borrowing func syncData() throws(SystemError) {
        let raw = raw
        try checked("sync", path) { fdatasync(raw) }
    }

    package borrowing func truncate(to size: Int64) throws(SystemError) {
        let raw = raw
        try checked("truncate", path) { ftruncate(raw, off_t(size)) }
    }

    package borrowing func seek(to offset: Int64) throws(SystemError) {
        let raw = raw
        try checked("seek in", path) { lseek(raw, off_t(offset), SEEK_SET) }
    }

    /// Makes this empty file share the blocks of `source` (FICLONE); ``SystemError/isUnsupported`` where the file system cannot.
    package borrowing func reflink(from source: borrowing Descriptor) throws(SystemError) {
        let (raw, other) = (raw, source.raw)
        try checked("clone", path) { holdfast_reflink(raw, other) }
    }

    /// The range reads as zeros and takes no blocks; the size stays.
    package borrowing func punchHole(at offset: Int64, length: Int64) throws(SystemError) {
        let raw = raw
        try checked("punch a hole in", path) { holdfast_punch_hole(raw, offset, length) }
    }

    /// Reserves blocks, growing the file to `offset + length`.
    package borrowing func allocate(at offset: Int64, length: Int64) throws(SystemError) {
        let raw = raw
        try checked("reserve space for", path) { holdfast_allocate(raw, offset, length) }
    }

    /// Where the next data at or after `offset` begins; nil when there is none up to the end.
    package borrowing func nextData(from offset: Int64) throws(SystemError) -> Int64? {
        let raw = raw
        do { return try checked("seek in", path) { holdfast_seek_data(raw, offset) } } catch {
            if error.errno == ENXIO { return nil }
            throw error
        }
    }

    /// Where the next hole at or after `offset` begins; the end of the file counts as one.
    package borrowing func nextHole(from offset: Int64) throws(SystemError) -> Int64? {
        let raw = raw
        do { return try checked("seek in", path) { holdfast_seek_hole(raw, offset) } } catch {
            if error.errno == ENXIO { return nil }
            throw error
        }
    }

    /// Tells the kernel that the content will be read once, from start to end.
    package borrowing func adviseSequential() { _ = posix_fadvise(raw, 0, 0, POSIX_FADV_SEQUENTIAL) }

    /// Asks the kernel to forget what it holds of the content, so that the next read asks the device or server. What is not synced stays.
    package borrowing func dropFromCache() { _ = posix_fadvise(raw, 0, 0, POSIX_FADV_DONTNEED) }

    /// Takes an flock(2) lock without waiting; false when another open file description holds it. Goes with the last duplicate.
    package borrowing func tryLock(shared: Bool = false) throws(SystemError) -> Bool {
        let raw = raw
        do {
            try checked("lock", path) { flock(raw, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) }
            return true
        } catch {
            if error.errno == EWOULDBLOCK { return false }
            throw error
        }
    }

    package borrowing func unlock() throws(SystemError) {
        let raw = raw
        try checked("unlock", path) { flock(raw, LOCK_UN) }
    }
}

/// `withUnsafeBytes` that keeps the type of the error.
func withBytes<Result, Problem: Error>(
    of bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(Problem) -> Result
) throws(Problem) -> Result {
    let outcome = bytes.withUnsafeBytes { buffer -> Swift.Result<Result, Problem> in
        do throws(Problem) { return .success(try body(buffer)) } catch { return .failure(error) }
    }
    return try outcome.get()
}
