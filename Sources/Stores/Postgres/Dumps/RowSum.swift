import Glibc
import HostIO

/// What the rows of a table add up to, in whatever order they come: their number, and the sum of a keyed hash of 128 bits of each. Two tables with
/// the same sum have the same rows, but for a chance of 1 in 2^100 and less, which nobody can raise who does not know the key.
struct RowSum: Hashable, Sendable {
    private(set) var rows: UInt64 = 0
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    mutating func add(_ row: UnsafeRawBufferPointer, _ key: RowKey) {
        let hash = key.hash(row)
        rows += 1
        let (sum, carry) = low.addingReportingOverflow(hash.low)
        low = sum
        high = high &+ hash.high &+ (carry ? 1 : 0)
    }

    static func + (left: RowSum, right: RowSum) -> RowSum {
        var sum = left
        let (low, carry) = left.low.addingReportingOverflow(right.low)
        sum.low = low
        sum.high = left.high &+ right.high &+ (carry ? 1 : 0)
        sum.rows += right.rows
        return sum
    }
}

/// The key of ``RowSum``: SipHash-1-3 with 128 bits of result (Aumasson and Bernstein, 2012; the longer result as in their reference code). Sums,
/// which nobody sees, need no more rounds than hash tables do.
struct RowKey: Sendable {
    private let first: UInt64
    private let second: UInt64

    init(_ first: UInt64, _ second: UInt64) { (self.first, self.second) = (first, second) }

    init(from random: any RandomSource) {
        var numbers: (UInt64, UInt64) = (0, 0)
        withUnsafeMutableBytes(of: &numbers) { random.fill($0) }
        (first, second) = numbers
    }

    func hash(_ bytes: UnsafeRawBufferPointer) -> (low: UInt64, high: UInt64) {
        var state = State(first, second)
        let words = bytes.count / 8
        for word in 0..<words { state.take(bytes.loadUnaligned(fromByteOffset: word * 8, as: UInt64.self).littleEndian) }
        var last = UInt64(bytes.count & 0xFF) << 56
        for index in (words * 8)..<bytes.count { last |= UInt64(bytes[index]) << UInt64((index & 7) * 8) }
        state.take(last)
        return state.finish()
    }

    private struct State {
        var v0, v1, v2, v3: UInt64

        @inline(__always) init(_ first: UInt64, _ second: UInt64) {
            v0 = 0x736f_6d65_7073_6575 ^ first
            v1 = 0x646f_7261_6e64_6f6d ^ second ^ 0xEE
            v2 = 0x6c79_6765_6e65_7261 ^ first
            v3 = 0x7465_6462_7974_6573 ^ second
        }

        @inline(__always) mutating func take(_ word: UInt64) {
            v3 ^= word
            round()
            v0 ^= word
        }

        @inline(__always) mutating func finish() -> (low: UInt64, high: UInt64) {
            v2 ^= 0xEE
            for _ in 0..<3 { round() }
            let low = v0 ^ v1 ^ v2 ^ v3
            v1 ^= 0xDD
            for _ in 0..<3 { round() }
            return (low, v0 ^ v1 ^ v2 ^ v3)
        }

        @inline(__always) private mutating func round() {
            v0 &+= v1
            v2 &+= v3
            v1 = v1 << 13 | v1 >> 51
            v3 = v3 << 16 | v3 >> 48
            v1 ^= v0
            v3 ^= v2
            v0 = v0 << 32 | v0 >> 32
            v2 &+= v1
            v0 &+= v3
            v1 = v1 << 17 | v1 >> 47
            v3 = v3 << 21 | v3 >> 43
            v1 ^= v2
            v3 ^= v0
            v2 = v2 << 32 | v2 >> 32
        }
    }
}

/// Takes the file of a table's rows apart (a line a row, then `\.` and two empty lines), in pieces as they come.
struct RowSplitting {
    private let key: RowKey
    private let order: [Int]?
    private(set) var sum = RowSum()
    private var carry: [UInt8] = []
    private var isAtEnd = false

    /// `order`: the columns of a row as they are added up; what is sent is as it was.
    init(_ key: RowKey, order: [Int]? = nil) {
        self.key = key
        self.order = order
    }

    /// Counts the rows that end in `piece` and gives them to `send`, some at a time, as they are; what begins in it waits for the next piece.
    mutating func take(_ piece: UnsafeRawBufferPointer, _ send: (UnsafeRawBufferPointer) throws -> Void) throws {
        guard !isAtEnd, !piece.isEmpty else { return }
        var rest = piece
        if !carry.isEmpty {
            guard let end = Self.newline(in: piece) else { return carry.append(contentsOf: piece) }
            carry.append(contentsOf: piece[...end])
            rest = UnsafeRawBufferPointer(rebasing: piece[(end + 1)...])
            let row = carry
            carry = []
            try row.withUnsafeBytes { row in
                guard !isEnd(row) else { return }
                add(row)
                try send(row)
            }
        }
        try takeWhole(rest, send)
    }

    private mutating func takeWhole(_ bytes: UnsafeRawBufferPointer, _ send: (UnsafeRawBufferPointer) throws -> Void) throws {
        var start = 0
        while !isAtEnd, start < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
            guard let end = Self.newline(in: rest) else { break }
            let row = UnsafeRawBufferPointer(rebasing: rest[...end])
            if isEnd(row) { break }
            add(row)
            start += row.count
        }
        if start > 0 { try send(UnsafeRawBufferPointer(rebasing: bytes[..<start])) }
        if !isAtEnd { carry.append(contentsOf: bytes[start...]) }
    }

    private mutating func add(_ row: UnsafeRawBufferPointer) {
        guard let order, let text = Self.reordered(row, order) else { return sum.add(row, key) }
        text.withUnsafeBytes { sum.add($0, key) }
    }

    /// Nil for a row with another number of columns.
    private static func reordered(_ row: UnsafeRawBufferPointer, _ order: [Int]) -> [UInt8]? {
        let fields = row.dropLast().split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
        guard fields.count == order.count else { return nil }
        var text: [UInt8] = []
        text.reserveCapacity(row.count)
        for index in order {
            text += fields[index]
            text.append(UInt8(ascii: "\t"))
        }
        text[text.count - 1] = UInt8(ascii: "\n")
        return text
    }

    private mutating func isEnd(_ row: UnsafeRawBufferPointer) -> Bool {
        isAtEnd = row.count == 3 && row[0] == UInt8(ascii: "\\") && row[1] == UInt8(ascii: ".")
        return isAtEnd
    }

    /// Whether the end was there: a file without it is cut short.
    var isWhole: Bool { isAtEnd }

    private static func newline(in bytes: UnsafeRawBufferPointer) -> Int? {
        guard let base = bytes.baseAddress, let found = memchr(base, 0x0A, bytes.count) else { return nil }
        return UnsafeRawPointer(found) - base
    }
}
