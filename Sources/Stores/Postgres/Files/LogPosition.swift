/// A place in the write-ahead log ("LSN"): bytes since its beginning.
package struct LogPosition: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let bytes: UInt64

    package init(_ bytes: UInt64) { self.bytes = bytes }

    /// Two hex numbers and a slash, `16/B374D848`.
    package init?(parsing text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let high = UInt32(parts[0], radix: 16), let low = UInt32(parts[1], radix: 16) else { return nil }
        bytes = UInt64(high) << 32 | UInt64(low)
    }

    package var description: String {
        "\(String(bytes >> 32, radix: 16, uppercase: true))/\(String(bytes & 0xFFFF_FFFF, radix: 16, uppercase: true))"
    }

    package static func < (left: LogPosition, right: LogPosition) -> Bool { left.bytes < right.bytes }
}

/// The files of the write-ahead log: 24 hex digits of timeline and number (PostgreSQL, section "WAL Internals").
package struct LogSegments: Hashable, Sendable {
    package let timeline: UInt32
    /// Bytes of a file, a power of two.
    package let size: UInt64

    package init(timeline: UInt32, size: UInt64) {
        self.timeline = timeline
        self.size = max(size, 1 << 20)
    }

    package func name(_ number: UInt64) -> String {
        let inOne = (UInt64(1) << 32) / size
        return Self.hex(UInt64(timeline)) + Self.hex(number / inOne) + Self.hex(number % inOne)
    }

    /// Those that hold the bytes from `start` up to, not including, `end`.
    package func names(from start: LogPosition, to end: LogPosition) -> [String] {
        guard start < end else { return [] }
        return (start.bytes / size...(end.bytes - 1) / size).map(name)
    }

    package static func historyName(_ timeline: UInt32) -> String { hex(UInt64(timeline)) + ".history" }

    private static func hex(_ number: UInt64) -> String {
        let digits = String(number, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    }
}
