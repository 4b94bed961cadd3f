import Model
import TestSupport
import Testing

@Suite struct TrustedTimeTests {
    private func reading(_ wall: Int64, _ boot: String, _ seconds: Int64) -> ClockReading {
        ClockReading(wall: Timestamp(seconds: wall), boot: boot, nanoseconds: UInt64(seconds) * 1_000_000_000)
    }

    @Test func `it follows a clock that is set right a little, and no jump`() {
        var line = TrustedTime(reading(1_000_000, "a", 10))
        line.advance(to: reading(1_003_600, "a", 3610))
        #expect(line.now.seconds == 1_003_600)
        line.advance(to: reading(1_003_590, "a", 3620))
        #expect(line.now.seconds == 1_003_600, "never back")
        line.advance(to: reading(9_000_000, "a", 7220))
        #expect(line.now.seconds == 1_007_200, "a jump ahead is none")
        line.advance(to: reading(500, "a", 10_820))
        #expect(line.now.seconds == 1_010_800, "nor is one back")
        line.advance(to: reading(1_014_400, "a", 14_420))
        #expect(line.now.seconds == 1_014_400)
    }

    @Test func `after a restart the time of day counts, and never back`() {
        var line = TrustedTime(reading(1_000_000, "a", 10))
        line.advance(to: reading(1_900_000, "b", 5))
        #expect(line.now.seconds == 1_900_000)
        line.advance(to: reading(1_200_000, "c", 5))
        #expect(line.now.seconds == 1_900_000)
        line.advance(to: reading(1_203_600, "c", 3605))
        #expect(line.now.seconds == 1_903_600, "what passes in one run of the system is known")
        line.advance(to: reading(1_203_700, "", 3705))
        line.advance(to: reading(1_203_800, "", 3805))
        #expect(line.now.seconds == 1_903_600, "without a name of the run nothing but the time of day is known")
    }

    /// The same runs under a good clock and under one that jumps while they go on: nothing that is kept with the good one is lost.
    @Test func `no jump of the clock makes an entry go`() throws {
        var random = SeededRandom(named: "jumping clock")
        for _ in 0..<20 {
            let schedule = try Schedule(every: "1h")
            let retention = Retention(keep: SnapshotPolicy.standard.keep, schedule: schedule)
            var honest = PolicyRecord()
            var jumping = PolicyRecord()
            var offset: Int64 = 0
            for hour in 0..<(24 * 40) {
                let passed = Int64(hour) * 3600
                if hour > 0, Int.random(in: 0..<30, using: &random) == 0 {
                    offset = Bool.random(using: &random) ? 0 : Int64.random(in: -400_000_000...400_000_000, using: &random)
                }
                let name = try SnapshotName("h\(hour)")
                honest.arrive("\(hour)", name, .good, at: reading(1_795_305_600 + passed, "a", passed))
                jumping.arrive("\(hour)", name, .good, at: reading(1_795_305_600 + passed + offset, "a", passed))
                honest.forget(Set(retention.leaving(honest.arrivals).map(\.id)))
                jumping.forget(Set(retention.leaving(jumping.arrivals).map(\.id)))
                #expect(honest.arrivals.map(\.id) == jumping.arrivals.map(\.id), "hour \(hour)")
            }
        }
    }
}
