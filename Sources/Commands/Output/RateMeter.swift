/// Bytes a second over the last few seconds.
struct RateMeter {
    private static let window: UInt64 = 8_000_000_000
    private var samples: [(nanoseconds: UInt64, bytes: Int)] = []

    mutating func add(_ bytes: Int, at nanoseconds: UInt64) {
        if let last = samples.last, bytes < last.bytes || nanoseconds < last.nanoseconds { samples = [] }
        samples.append((nanoseconds, bytes))
        while samples.count > 2, nanoseconds - samples[1].nanoseconds >= Self.window { samples.removeFirst() }
    }

    /// Nil until half a second has been seen.
    var bytesPerSecond: Double? {
        guard let first = samples.first, let last = samples.last, last.nanoseconds - first.nanoseconds >= 500_000_000 else { return nil }
        return Double(last.bytes - first.bytes) / (Double(last.nanoseconds - first.nanoseconds) / 1e9)
    }
}
