/// An instant, in seconds and nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted (POSIX `time_t`).
package struct Timestamp: Hashable, Comparable, Sendable {
    package let seconds: Int64
    /// 0 ..< 1,000,000,000.
    package let nanoseconds: UInt32

    package init(seconds: Int64, nanoseconds: UInt32 = 0) {
        precondition(nanoseconds < 1_000_000_000, "nanoseconds of a timestamp out of range")
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    /// Seconds from `earlier` to this instant; negative when `earlier` is later.
    package func secondsSince(_ earlier: Timestamp) -> Double {
        let whole = seconds.subtractingReportingOverflow(earlier.seconds)
        guard !whole.overflow else { return seconds > earlier.seconds ? .infinity : -.infinity }
        return Double(whole.partialValue) + (Double(nanoseconds) - Double(earlier.nanoseconds)) / 1e9
    }

    /// This instant plus whole seconds, saturating at the ends of the range.
    package func adding(seconds more: Int64) -> Timestamp {
        let sum = seconds.addingReportingOverflow(more)
        return Timestamp(seconds: sum.overflow ? (more > 0 ? .max : .min) : sum.partialValue, nanoseconds: nanoseconds)
    }
}
