import Model
import TestSupport
import Testing

@Suite struct RetentionTests {
    private static let midnight = Timestamp(seconds: 1_795_305_600)

    private func arrival(_ id: String, at hours: Double, _ quality: Arrival.Quality = .good) throws -> Arrival {
        let at = Self.midnight.adding(seconds: Int64(hours * 3600))
        return Arrival(id: id, name: try SnapshotName("n\(id)"), at: at, quality: quality)
    }

    private func retention(_ keep: String, every: String = "1h") throws -> Retention {
        Retention(keep: try KeepRules(keep, most: .max), schedule: try Schedule(every: every))
    }

    /// The worked example of the rule: every hour, kept 3@1h and 2@4h.
    @Test(
        arguments: [
            (4, ["2", "3", "4"], ["0", "4"]), (9, ["7", "8", "9"], ["4", "8"]), (24, ["22", "23", "24"], ["20", "24"]),
        ] as [(Int, Set<String>, Set<String>)])
    func `the first of an interval stands in its bucket`(_ hour: Int, _ hourly: Set<String>, _ fourHourly: Set<String>) throws {
        let retention = try retention("3@1h,2@4h")
        var arrivals: [Arrival] = []
        for now in 0...hour {
            arrivals.append(try arrival("\(now)", at: Double(now) + 0.01))
            let gone = Set(retention.leaving(arrivals).map(\.id))
            arrivals.removeAll { gone.contains($0.id) }
        }
        let holds = retention.holds(on: arrivals)
        func standing(in rule: String) throws -> Set<String> {
            let bucket = Hold.bucket(try KeepRule(rule))
            return Set(holds.filter { $0.value.contains(bucket) }.keys)
        }
        #expect(try standing(in: "3@1h") == hourly)
        #expect(try standing(in: "2@4h") == fourHourly)
        #expect(Set(arrivals.map(\.id)) == hourly.union(fourHourly))
    }

    @Test func `the newest good one stays, whatever has come after it`() throws {
        let retention = try retention("2@1h")
        var arrivals = [try arrival("good", at: 0)]
        for hour in 1...9 {
            arrivals.append(try arrival("\(hour)", at: Double(hour), .flawed))
            let gone = Set(retention.leaving(arrivals).map(\.id))
            arrivals.removeAll { gone.contains($0.id) }
        }
        #expect(arrivals.map(\.id) == ["good", "8", "9"])
        #expect(retention.holds(on: arrivals)["good"] == [.newestGood])
        arrivals.append(try arrival("10", at: 10))
        #expect(retention.leaving(arrivals).map(\.id) == ["good", "8"])
    }

    @Test func `a good one takes the place of a flawed one of its interval, and never the other way`() throws {
        let retention = try retention("3@1d")
        let arrivals = [
            try arrival("a", at: 1, .flawed), try arrival("b", at: 2, .flawed), try arrival("c", at: 3), try arrival("d", at: 4),
            try arrival("e", at: 5, .flawed),
        ]
        #expect(retention.leaving(Array(arrivals.prefix(2))).isEmpty, "a is the first, and b the newest, where none is good")
        #expect(retention.holds(on: arrivals).keys.sorted() == ["c", "d"], "c is the first good one, d the newest good one")
    }

    @Test func `what else holds an entry keeps it`() throws {
        let retention = try retention("1@1h")
        let arrivals = try (0..<5).map { try arrival("\($0)", at: Double($0)) }
        #expect(retention.leaving(arrivals).map(\.id) == ["0", "1", "2", "3"])
        let left = retention.leaving(arrivals) { ["1": [.pinned], "2": [.needed("undo")], "3": [.lifetime(.never)]][$0.id] ?? [] }
        #expect(left.map(\.id) == ["0"])
        #expect(retention.leaving([]).isEmpty && retention.leaving([arrivals[0]]).isEmpty)
    }

    /// The rule as one would write it without thinking of cost: over all that ever came.
    private func reference(_ retention: Retention, _ all: [Arrival]) -> Set<String> {
        var kept: Set<String> = []
        for rule in retention.keep.rules {
            let length = rule.interval.seconds
            let groups = Dictionary(grouping: all.enumerated()) {
                Int64((Double($0.element.at.seconds - 259_200 - retention.schedule.offset) / Double(length)).rounded(.down))
            }
            for group in groups.keys.sorted().suffix(rule.count) {
                let members = (groups[group] ?? []).sorted { $0.offset < $1.offset }.map(\.element)
                if let chosen = members.first(where: { $0.quality == .good }) ?? members.first { kept.insert(chosen.id) }
            }
        }
        if let newest = all.last(where: { $0.quality == .good }) ?? all.last { kept.insert(newest.id) }
        return kept
    }

    @Test func `four hundred days of any policy keep what the rule says, with failures and gaps`() throws {
        var random = SeededRandom(named: "policies")
        for _ in 0..<12 {
            let every = try #require(([1800, 3600, 7200, 10_800, 86_400] as [Int64]).randomElement(using: &random))
            var intervals: Set<Int64> = []
            for _ in 0..<Int.random(in: 1...4, using: &random) { intervals.insert(every * Int64.random(in: 1...200, using: &random)) }
            let text = intervals.map { "\(Int.random(in: 1...9, using: &random))@\($0)s" }.joined(separator: ",")
            let schedule = try Schedule(every: "\(every)s", offset: "\(Int64.random(in: 0..<every, using: &random))s")
            let retention = Retention(keep: try KeepRules(text, most: .max), schedule: schedule)
            var all: [Arrival] = []
            var kept: [Arrival] = []
            var now = schedule.slot(after: Self.midnight)
            let end = Self.midnight.adding(seconds: 400 * 86_400)
            while now < end {
                let slots = Int.random(in: 0..<50, using: &random) == 0 ? Int64.random(in: 2...90, using: &random) : 1
                now = now.adding(seconds: every * slots)
                if Int.random(in: 0..<20, using: &random) == 0 { continue }
                let quality: Arrival.Quality = Int.random(in: 0..<15, using: &random) == 0 ? .flawed : .good
                let arrival = Arrival(id: "\(all.count)", name: try SnapshotName("x"), at: now, quality: quality)
                all.append(arrival)
                kept.append(arrival)
                let gone = Set(retention.leaving(kept).map(\.id))
                kept.removeAll { gone.contains($0.id) }
                if all.count % 97 == 0 {
                    #expect(Set(kept.map(\.id)) == reference(retention, all), "\(text) every \(every)s, after \(all.count)")
                }
            }
            #expect(Set(kept.map(\.id)) == reference(retention, all), "\(text) every \(every)s")
            #expect(kept.count <= retention.keep.total + 1)
        }
    }

    /// The rules of a random policy, and when it runs.
    private func randomPolicy(_ random: inout SeededRandom) throws -> (every: String, keep: String) {
        let every = try #require(([1800, 3600, 7200, 10_800, 86_400] as [Int64]).randomElement(using: &random))
        var intervals: Set<Int64> = []
        for _ in 0..<Int.random(in: 1...3, using: &random) { intervals.insert(every * Int64.random(in: 1...100, using: &random)) }
        return ("\(every)s", intervals.map { "\(Int.random(in: 1...6, using: &random))@\($0)s" }.joined(separator: ","))
    }

    @Test func `in four hundred days of failing runs, long runs and a service that is down no slot is lost, and what stays is the rule`()
        throws
    {
        var random = SeededRandom(named: "life of policies")
        for _ in 0..<6 {
            var policies = Policies()
            let (every, keep) = try randomPolicy(&random)
            policies.snapshot = try PolicyChange(every: every, keep: keep).applied(to: .standard)
            policies.snapshotRecord.begin(policies.snapshot.schedule, at: Self.midnight)
            for name in ["a", "b"] {
                let (every, keep) = try randomPolicy(&random)
                try policies.add(PolicyChange(every: every, keep: keep).backupPolicy(named: name, target: "nas"), at: Self.midnight)
            }
            let begun = [nil, "a", "b"].map { policies[record: $0].state.lastSlot }
            var (all, served) = ([[Arrival]](repeating: [], count: 3), [Set<Timestamp>](repeating: [], count: 3))
            var now = Self.midnight
            var lastBegan: [PolicyID: Timestamp] = [:]
            while now < Self.midnight.adding(seconds: 400 * 86_400) {
                if Int.random(in: 0..<300, using: &random) == 0 {
                    now = now.adding(seconds: Int64.random(in: 1...300_000, using: &random))
                    lastBegan = [:]
                }
                let (due, next) = policies.settled(at: now).agenda(at: now) { policy in lastBegan[policy].map { now.secondsSince($0) } }
                guard let due else {
                    now = try #require(next)
                    continue
                }
                let name = due.policy.backupName
                let number = name == nil ? 0 : name == "a" ? 1 : 2
                lastBegan[due.policy] = now
                now = now.adding(seconds: Int.random(in: 0..<50, using: &random) == 0 ? 20_000 : 30)
                let isGood = Int.random(in: 0..<8, using: &random) > 0
                served[number].insert(due.slot)
                policies[record: name].ended(slot: due.slot, missed: due.missed, at: now, failure: isGood ? nil : "no room")
                guard isGood else { continue }
                let reading = ClockReading(wall: now, boot: "boot", nanoseconds: UInt64(now.seconds) * 1_000_000_000)
                let quality: Arrival.Quality = Int.random(in: 0..<15, using: &random) == 0 ? .flawed : .good
                policies[record: name].arrive("\(all[number].count)", try SnapshotName("x"), quality, at: reading)
                all[number].append(try #require(policies[record: name].arrivals.last))
                let retention = try name.map { try policies.backup(named: $0).policy.retention } ?? policies.snapshot.retention
                policies[record: name].forget(Set(retention.leaving(policies[record: name].arrivals).map(\.id)))
            }
            for (number, name) in [nil, "a", "b"].enumerated() {
                let (schedule, retention) =
                    try name.map { (try policies.backup(named: $0).policy.schedule, try policies.backup(named: $0).policy.retention) }
                    ?? (policies.snapshot.schedule, policies.snapshot.retention)
                let record = policies[record: name]
                let slots = try #require(record.state.lastSlot).secondsSince(try #require(begun[number])) / Double(schedule.every.seconds)
                #expect(
                    Double(served[number].count) + Double(record.missed) == slots, "\(schedule.text): each slot had a run or is counted")
                #expect(now.secondsSince(try #require(record.state.lastSlot)) <= Double(schedule.every.seconds) + 400_000)
                #expect(Set(record.arrivals.map(\.id)) == reference(retention, all[number]), "\(retention.keep.text) \(schedule.text)")
            }
        }
    }
}
