import Model
import TestSupport
import Testing

@Suite struct ScheduleTests {
    private func time(_ text: String) throws -> Timestamp { try #require(Timestamp(text: text)) }

    @Test(
        arguments: [
            ("1h", "0", "2026-11-26T10:00:00Z"), ("2h", "15m", "2026-11-26T10:15:00Z"), ("1d", "2h", "2026-11-26T02:00:00Z"),
            ("1w", "0", "2026-11-22T00:00:00Z"), ("1w", "26h", "2026-11-23T02:00:00Z"), ("1d", "23h", "2026-11-25T23:00:00Z"),
        ])
    func `slots are counted from Sunday midnight UTC`(_ every: String, _ offset: String, _ slot: String) throws {
        let schedule = try Schedule(every: every, offset: offset)
        let now = try time("2026-11-26T10:20:30Z")
        #expect(schedule.slot(atOrBefore: now) == (try time(slot)))
        #expect(schedule.slot(after: now).secondsSince(try time(slot)) == Double(schedule.every.seconds))
        #expect(schedule.slot(atOrBefore: try time(slot)) == (try time(slot)), "a slot is its own")
    }

    @Test func `instants at the ends of time have slots`() throws {
        let schedule = try Schedule(every: "1w", offset: "6d")
        for seconds in [Int64.min, .max, 0, -1] { _ = schedule.slot(after: Timestamp(seconds: seconds)) }
    }

    @Test func `missed slots give one run, and the next comes at its time`() throws {
        let schedule = try Schedule(every: "1h")
        var state = schedule.begun(at: try time("2026-11-26T10:20:00Z"))
        #expect(schedule.due(state, at: try time("2026-11-26T10:59:59Z"), elapsed: nil) == .later(try time("2026-11-26T11:00:00Z")))
        #expect(
            schedule.due(state, at: try time("2026-11-26T11:00:00Z"), elapsed: nil)
                == .now(slot: try time("2026-11-26T11:00:00Z"), missed: 0))
        let late = try time("2026-11-26T15:30:00Z")
        #expect(schedule.due(state, at: late, elapsed: nil) == .now(slot: try time("2026-11-26T15:00:00Z"), missed: 4))
        state.lastSlot = try time("2026-11-26T15:00:00Z")
        #expect(schedule.due(state, at: late, elapsed: 60) == .later(try time("2026-11-26T16:00:00Z")))
    }

    @Test func `a run that failed is tried again three times, then at its next slot`() throws {
        let schedule = try Schedule(every: "1d", offset: "2h")
        let slot = try time("2026-11-26T02:00:00Z")
        var state = ScheduleState(lastSlot: slot, failures: 1, lastEnded: slot.adding(seconds: 100))
        #expect(schedule.due(state, at: slot.adding(seconds: 200), elapsed: 200) == .later(slot.adding(seconds: 3700)))
        #expect(schedule.due(state, at: slot.adding(seconds: 3700), elapsed: 3700) == .retry(slot: slot, failures: 1))
        state.failures = 4
        #expect(schedule.due(state, at: slot.adding(seconds: 9999), elapsed: 9999) == .later(slot.adding(seconds: 86_400)))
        #expect(try Schedule(every: "2s").pauseAfterFailure == 1)
    }

    @Test func `a clock that was put back keeps no run waiting for more than a period`() throws {
        let schedule = try Schedule(every: "1h")
        let state = ScheduleState(lastSlot: try time("2027-11-26T10:00:00Z"), failures: 1, lastEnded: try time("2027-11-26T10:00:10Z"))
        let now = try time("2026-11-26T10:20:00Z")
        let settled = schedule.settled(state, at: now)
        #expect(settled.lastSlot == (try time("2026-11-26T10:00:00Z")) && settled.lastEnded == now)
        #expect(schedule.settled(settled, at: now) == settled)
        let near = ScheduleState(lastSlot: try time("2026-11-26T11:00:00Z"))
        #expect(schedule.settled(near, at: now) == near, "no second run for a slot because of a correction of minutes")
        #expect(schedule.due(near, at: now, elapsed: 3599) == .later(try time("2026-11-26T12:00:00Z")))
        #expect(schedule.due(near, at: now, elapsed: 3600) == .now(slot: try time("2026-11-26T11:00:00Z"), missed: 0))
    }

    /// Any clock that is set at random, sleeps and restarts: while it runs, no more than a period and a tick lie between two runs, and a
    /// clock that is left alone gives one run a slot.
    @Test func `whatever is done to the clock, runs go on`() throws {
        var random = SeededRandom(named: "clock of a schedule")
        for _ in 0..<60 {
            let every = Int64.random(in: 60...7200, using: &random)
            let schedule = try Schedule(every: "\(every)s", offset: "\(Int64.random(in: 0..<every, using: &random))s")
            var wall = Int64.random(in: 1_700_000_000...1_900_000_000, using: &random)
            var state = schedule.begun(at: Timestamp(seconds: wall))
            var sinceRun: Int64 = 0
            for _ in 0..<400 {
                let tick = Int64.random(in: 1...30, using: &random)
                wall += tick
                sinceRun += tick
                if Int.random(in: 0..<40, using: &random) == 0 { wall += Int64.random(in: -40_000_000...40_000_000, using: &random) }
                let now = Timestamp(seconds: wall)
                state = schedule.settled(state, at: now)
                let due = schedule.due(state, at: now, elapsed: Double(sinceRun))
                if case .now(let slot, _) = due {
                    state = ScheduleState(lastSlot: slot, lastEnded: now)
                    sinceRun = 0
                }
                #expect(sinceRun < every + 30, "every \(every) s, \(sinceRun) s without a run")
            }
        }
    }

    @Test func `a clock that nobody touches gives one run a slot`() throws {
        let schedule = try Schedule(every: "10m", offset: "3m")
        var now = try time("2026-11-26T10:00:00Z")
        var state = schedule.begun(at: now)
        var slots: [Timestamp] = []
        for _ in 0..<10_000 {
            now = now.adding(seconds: 7)
            state = schedule.settled(state, at: now)
            if case .now(let slot, let missed) = schedule.due(state, at: now, elapsed: slots.last.map { now.secondsSince($0) }) {
                #expect(missed == 0)
                slots.append(slot)
                state = ScheduleState(lastSlot: slot, lastEnded: now)
            }
        }
        #expect(slots.count == (70_000 - 180) / 600 + 1)
        for (slot, next) in zip(slots, slots.dropFirst()) { #expect(next.secondsSince(slot) == 600) }
    }
}
