import Glibc
import HostIO

/// Writing into a file that holds much of it already: only the pages that differ.
enum PageWriting {
    /// Of the databases whose files are written so; a multiple of what file systems and disks write at once.
    private static let page = 8192

    /// The number of bytes that were written. `room` takes what the file holds, as many bytes as `bytes` has.
    static func write(
        _ bytes: UnsafeRawBufferPointer, at offset: Int64, to file: borrowing Descriptor, room: UnsafeMutableRawBufferPointer
    ) throws(SystemError) -> Int {
        let present = try file.read(into: room, at: offset)
        var written = 0
        var start: Int?
        for position in stride(from: 0, to: bytes.count, by: page) {
            let end = min(position + page, bytes.count)
            let isSame = end <= present && areSame(bytes, UnsafeRawBufferPointer(room), position..<end)
            if !isSame, start == nil { start = position }
            guard let first = start, isSame || end == bytes.count else { continue }
            let last = isSame ? position : end
            try file.write(UnsafeRawBufferPointer(rebasing: bytes[first..<last]), at: offset + Int64(first))
            written += last - first
            start = nil
        }
        return written
    }

    private static func areSame(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
        guard let one = left.baseAddress, let other = right.baseAddress else { return range.isEmpty }
        return memcmp(one + range.lowerBound, other + range.lowerBound, range.count) == 0
    }
}
