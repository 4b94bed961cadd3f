import Glibc
import HostIO

/// The pages in which two database files of the same page size differ.
struct PageComparison {
    private(set) var count = 0
    private var bits: [UInt64]

    /// Parts of page 1 that change without a change of content (<https://sqlite.org/fileformat.html>, section 1.3): the
    /// read and write versions (whether the log is on), the change counter, the schema cookie, version-valid-for and the library version.
    private static let volatile: [Range<Int>] = [18..<20, 24..<28, 40..<44, 92..<100]
    private static let chunk = 1 << 20

    /// Pages that only one of the files has differ.
    init(_ left: String, _ right: String, pageSize: Int, job: JobControl) throws {
        guard pageSize >= 512, Self.chunk % pageSize == 0 else { throw SystemError(EINVAL, "compare the pages of", left) }
        let one = try Descriptor.open(left, .read)
        let other = try Descriptor.open(right, .read)
        let length = max(try one.status().size, try other.status().size)
        let pages = Int((length + Int64(pageSize) - 1) / Int64(pageSize))
        bits = [UInt64](repeating: 0, count: pages / 64 + 1)
        let buffers = (Self.buffer(), Self.buffer())
        defer {
            buffers.0.deallocate()
            buffers.1.deallocate()
        }
        var offset: Int64 = 0
        while offset < length {
            try job.checkCancelled()
            let sizes = (try one.read(into: buffers.0, at: offset), try other.read(into: buffers.1, at: offset))
            let first = Int(offset / Int64(pageSize))
            compare(UnsafeRawBufferPointer(buffers.0), UnsafeRawBufferPointer(buffers.1), sizes, pageSize, first)
            offset += Int64(Self.chunk)
        }
    }

    /// Whether page `number`, counted from 1 as SQLite does, differs.
    func contains(_ number: Int) -> Bool {
        guard number >= 1, (number - 1) / 64 < bits.count else { return false }
        return bits[(number - 1) / 64] >> UInt64((number - 1) % 64) & 1 == 1
    }

    private mutating func compare(
        _ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer, _ sizes: (Int, Int), _ pageSize: Int, _ first: Int
    ) {
        guard let leftBase = left.baseAddress, let rightBase = right.baseAddress else { return }
        let common = min(sizes.0, sizes.1)
        if first > 0, sizes.0 == sizes.1, memcmp(leftBase, rightBase, common) == 0 { return }
        for start in stride(from: 0, to: max(sizes.0, sizes.1), by: pageSize) {
            let index = first + start / pageSize
            let whole = start + pageSize <= common
            let equal =
                whole
                && (index == 0 ? Self.equalFirstPage(left, right, pageSize) : memcmp(leftBase + start, rightBase + start, pageSize) == 0)
            if !equal {
                bits[index / 64] |= 1 << UInt64(index % 64)
                count += 1
            }
        }
    }

    private static func equalFirstPage(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer, _ pageSize: Int) -> Bool {
        (0..<pageSize).allSatisfy { index in left[index] == right[index] || volatile.contains { $0.contains(index) } }
    }

    private static func buffer() -> UnsafeMutableRawBufferPointer { .allocate(byteCount: chunk, alignment: 4096) }
}
