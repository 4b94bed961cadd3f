/// How much was free in a place, now and then: enough to say when it will be full.
package struct RoomHistory: Hashable, Sendable, Codable {
    /// Seconds between two samples, at least.
    package static let spacing: Double = 6 * 3600
    /// Thirty days.
    package static let most = 120
    /// Before there is as much, nothing is foretold.
    package static let shortest: Double = 2 * 86_400

    package struct Sample: Hashable, Sendable, Codable {
        package var at: Timestamp
        package var free: UInt64
    }

    /// Oldest first.
    package private(set) var samples: [Sample] = []

    package init() {}

    /// A clock that was put back makes the history begin anew.
    package mutating func note(_ free: UInt64, at now: Timestamp) {
        if let last = samples.last, last.at > now { samples = [] }
        if let last = samples.last, now.secondsSince(last.at) < Self.spacing { return }
        samples.append(Sample(at: now, free: free))
        if samples.count > Self.most { samples.removeFirst(samples.count - Self.most) }
    }

    /// Seconds from now until nothing is free, if it goes on as it did; nil when it does not shrink, or too little is known. The median of the slopes
    /// between all pairs (Theil and Sen), which a prune or a big file now and then does not mislead.
    package func secondsLeft(free: UInt64) -> Double? {
        guard let first = samples.first, let last = samples.last, last.at.secondsSince(first.at) >= Self.shortest else { return nil }
        var slopes: [Double] = []
        for (index, early) in samples.enumerated() {
            for late in samples[(index + 1)...] {
                slopes.append((Double(late.free) - Double(early.free)) / max(1, late.at.secondsSince(early.at)))
            }
        }
        slopes.sort()
        let slope = slopes[slopes.count / 2]
        guard slope < 0 else { return nil }
        return Double(free) / -slope
    }

    /// Seconds that it reaches back.
    package var reach: Double {
        guard let first = samples.first, let last = samples.last else { return 0 }
        return last.at.secondsSince(first.at)
    }
}
