/// What a policy would keep, day by day, if every run went well.
package struct Simulation: Hashable, Sendable {
    package static let mostDays = 3660
    /// Runs that are played through at most.
    package static let mostRuns: Int64 = 100_000

    package struct Day: Hashable, Sendable {
        /// 1 is the first day.
        package var number: Int
        package var end: Timestamp
        /// The instants of the entries that are kept at its end, oldest first.
        package var kept: [Timestamp]
        /// How many stand in the bucket of each rule, in the order of the rules.
        package var byRule: [Int]
        /// Nil when nothing is known about sizes.
        package var bytes: UInt64?
    }

    package let days: [Day]

    /// Begins with nothing at `start`. Throws `usage` when that would be more days or runs than are played through.
    package init(_ retention: Retention, from start: Timestamp, days count: Int, sizes: SizeEstimate?) throws(Failure) {
        guard (1...Self.mostDays).contains(count) else {
            throw Failure(.usage, "days: \(count) cannot be simulated", hint: "simulate 1 to \(Self.mostDays)")
        }
        let every = retention.schedule.every.seconds
        guard Int64(count) * 86_400 / every <= Self.mostRuns else {
            let most = max(1, Self.mostRuns * every / 86_400)
            throw Failure(
                .usage, "\(count) days of a run every \(retention.schedule.every) are too many to simulate",
                hint: "simulate fewer, such as --days \(most)")
        }
        self.days = Self.play(retention, start, count, sizes)
    }

    /// Long enough to fill the bucket that reaches farthest, and to see it go on: at least a week, at most what can be played through.
    package static func usefulDays(_ retention: Retention) -> Int {
        let reach = retention.keep.reach / 86_400 + 2
        let playable = max(1, mostRuns * retention.schedule.every.seconds / 86_400)
        return Int(min(max(7, reach), playable, Int64(mostDays)))
    }

    private static func play(_ retention: Retention, _ start: Timestamp, _ count: Int, _ sizes: SizeEstimate?) -> [Day] {
        var arrivals: [Arrival] = []
        var next = retention.schedule.slot(after: start)
        var days: [Day] = []
        for number in 1...count {
            let end = start.adding(seconds: Int64(number) * 86_400)
            while next <= end {
                arrivals.append(Arrival(id: "\(next.seconds)", name: .simulated, at: next, quality: .good))
                let gone = Set(retention.leaving(arrivals).map(\.id))
                if !gone.isEmpty { arrivals.removeAll { gone.contains($0.id) } }
                next = next.adding(seconds: retention.schedule.every.seconds)
            }
            let holds = retention.holds(on: arrivals)
            days.append(
                Day(
                    number: number, end: end, kept: arrivals.map(\.at),
                    byRule: retention.keep.rules.map { rule in holds.values.count { $0.contains(.bucket(rule)) } },
                    bytes: sizes?.bytes(of: arrivals.count)))
        }
        return days
    }
}

extension SnapshotName {
    fileprivate static let simulated = SnapshotName(known: "simulated")
}
