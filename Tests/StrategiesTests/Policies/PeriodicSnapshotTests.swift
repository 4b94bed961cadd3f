import Clusters
import HostIO
import Model
import RepositoryEngine
import Snapshots
import TestSupport
import Testing

/// The snapshot policy on a real cluster, under a clock that the test moves.
@Suite(.timeLimit(.minutes(5))) struct PeriodicSnapshotTests {
    private let place: TemporaryDirectory
    private let small: SmallCluster
    private let clock = ManualClock(Timestamp(seconds: 1_795_305_600))

    init() throws {
        place = try TemporaryDirectory.inMemory()
        small = try SmallCluster(in: place.path)
        _ = try small.load(host: .forTests(clock: clock)).initialize()
    }

    private var snapshots: Snapshots { get throws { Snapshots(try small.load(host: .forTests(clock: clock))) } }

    private func take(_ missed: Int64 = 0) throws -> SnapshotOutcome? {
        let snapshots = try snapshots
        let slot = try snapshots.cluster.policies().snapshot.schedule.slot(atOrBefore: clock.now())
        return try snapshots.createPeriodic(PolicyRun(slot: slot, missed: missed, reason: missed > 0 ? "a test" : nil), job: JobControl())
    }

    private func names() throws -> [String] { try snapshots.list().snapshots.map(\.name.text) }

    private func policy(_ keep: String) throws { _ = try snapshots.setPolicy(PolicyChange(keep: keep)) }

    @Test func `the policy keeps what its buckets hold, and what it lets go is gone`() throws {
        try policy("2@1h,2@4h")
        for _ in 0...9 {
            #expect(try take()?.entry.manifest.style == .periodic)
            clock.advance(by: .seconds(3600))
        }
        let hours = try names().compactMap { Int($0.split(separator: "-").last?.prefix(2) ?? "") }
        let start = clock.now().civil.hour
        #expect(hours.count == 4 || hours.count == 3, "\(hours) ending at \(start)")
        let record = try snapshots.cluster.policies().snapshotRecord
        #expect(record.arrivals.map(\.name.text) == (try names()))
        let last = try #require(record.lastGood)
        #expect(record.usualSeconds != nil && record.sizes != nil && abs(clock.now().secondsSince(last) - 3600) < 60)
        for name in try names() { #expect(try snapshots.validate(name, job: JobControl()).isSound) }
        let history = try snapshots.cluster.catalogue().history
        #expect(history.contains { $0.command == HistoryEvent.periodic && $0.outcome == "ok" })
        #expect(history.contains { $0.command.hasPrefix(HistoryEvent.expired) })
    }

    @Test func `pins, lifetimes, manual and safety snapshots stay, and go by their own rules`() throws {
        try policy("1@1h")
        _ = try snapshots.create(SnapshotRequest("by-hand"), job: JobControl())
        _ = try take()
        let pinned = try #require(try names().last { $0.hasPrefix("periodic-") })
        _ = try snapshots.setPinned(pinned, .pin)
        clock.advance(by: .seconds(3600))
        _ = try take()
        let extended = try #require(try names().last)
        _ = try snapshots.extend(extended, by: .seconds(7200))
        let safety = SnapshotRequest(name: try SnapshotName("safety-x"), style: .safety)
        _ = try snapshots.createLocked(safety, job: JobControl())
        for _ in 0..<2 {
            clock.advance(by: .seconds(3600))
            _ = try take()
        }
        let last = try #require(try names().last)
        #expect(try Set(names()) == ["by-hand", pinned, "safety-x", last], "the extended one has had its time")
        _ = try snapshots.setPinned(pinned, .unpin)
        #expect(try snapshots.find(pinned).holds?.isEmpty == true)
        clock.advance(by: .seconds(3600))
        _ = try take()
        #expect(try names().count == 3 && !names().contains(pinned))
    }

    @Test func `a clock that jumps by years makes nothing go`() throws {
        try policy("3@1h")
        for jump in [0, 3600, 300_000_000, -500_000_000, 3600] as [Int64] {
            let before = try names()
            clock.advance(by: .seconds(3600))
            clock.set(clock.now().adding(seconds: jump))
            _ = try take()
            #expect(try Set(before).subtracting(names()).count <= (before.count < 3 ? 0 : 1), "\(jump): \(before)")
        }
        #expect(try names().count == 3)
    }

    @Test func `one that a crash left unnoted is the policy's again`() throws {
        try policy("2@1h")
        _ = try take()
        clock.advance(by: .seconds(3600))
        let cluster = try snapshots.cluster
        let unnoted = SnapshotRequest(name: try SnapshotName("periodic-unnoted"), style: .periodic)
        try cluster.updateCatalogue { $0.policies.snapshotRecord.pending = unnoted.name }
        _ = try snapshots.createLocked(unnoted, job: JobControl())
        clock.advance(by: .seconds(3600))
        _ = try take()
        #expect(try cluster.policies().snapshotRecord.arrivals.map(\.name.text).contains("periodic-unnoted"))
        #expect(try names().count == 2)
        clock.advance(by: .seconds(3600))
        _ = try take()
        #expect(try !names().contains("periodic-unnoted"))
    }

    @Test func `a run that fails is noted, and nothing goes because of it`() throws {
        try policy("1@1h")
        _ = try take()
        let before = try names()
        clock.advance(by: .seconds(3600))
        try removeTree("\(place.path)/srv/uploads")
        #expect(throws: (any Error).self) { try take(2) }
        let record = try snapshots.cluster.policies().snapshotRecord
        #expect(record.state.failures == 1 && record.lastFailure?.contains("uploads") == true && record.missed == 2)
        #expect(try names() == before)
        let history = try snapshots.cluster.catalogue().history
        #expect(history.contains { $0.outcome == HistoryEvent.skipped && $0.command.contains("2 runs") && $0.command.contains("a test") })
        try makeDirectories("\(place.path)/srv/uploads")
        _ = try take()
        #expect(try snapshots.cluster.policies().snapshotRecord.state.failures == 0)
    }

    @Test func `a disabled policy takes none, and begins anew when it is enabled`() throws {
        _ = try snapshots.setPolicyEnabled(false)
        #expect(try take() == nil && names().isEmpty)
        clock.advance(by: .seconds(86_400))
        _ = try snapshots.setPolicyEnabled(true)
        let policies = try snapshots.cluster.policies()
        #expect(
            policies.snapshotRecord.next(policies.snapshot.schedule, at: clock.now()) > clock.now(),
            "what was missed on purpose is not made up for")
    }

    @Test func `a change that lets snapshots go says which`() throws {
        try policy("4@1h")
        for _ in 0..<4 {
            _ = try take()
            clock.advance(by: .seconds(3600))
        }
        let all = try names()
        #expect(try snapshots.planPolicy(PolicyChange(keep: "5@1h")).isEmpty)
        #expect(try snapshots.planPolicy(PolicyChange(keep: "2@1h")).leaving.map(\.text) == Array(all.prefix(2)))
        #expect(try names() == all)
    }

    @Test func `a simulation of a year is quick, and nothing is saved`() throws {
        let before = try snapshots.cluster.catalogue()
        let (policy, simulation) = try snapshots.simulatePolicy(PolicyChange(every: "2h", keep: "3@2h,4@1d"), days: 365)
        #expect(policy.keep.text == "3@2h,4@1d" && simulation.days.count == 365 && simulation.days[300].byRule == [3, 4])
        #expect(try snapshots.cluster.catalogue() == before)
    }

    @Test func `manual snapshots are warned about and then refused, pinned ones not counted`() throws {
        var change = PolicyChange()
        change.manualWarning = 2
        change.manualRefusal = 3
        _ = try snapshots.setPolicy(change)
        #expect(try snapshots.create(SnapshotRequest("a"), job: JobControl()).crowding == nil)
        clock.advance(by: .seconds(1))
        #expect(try snapshots.create(SnapshotRequest("b"), job: JobControl()).crowding?.contains("snapshot delete a") == true)
        clock.advance(by: .seconds(1))
        _ = try snapshots.create(SnapshotRequest("c"), job: JobControl())
        _ = try take()
        let failure = #expect(throws: Failure.self) { try snapshots.create(SnapshotRequest("d"), job: JobControl()) }
        #expect(failure?.code == .refused && failure?.hint?.contains("a b c") == true)
        _ = try snapshots.setPinned("a", .pin)
        _ = try snapshots.create(SnapshotRequest("d"), job: JobControl())
        #expect(throws: Failure.self) { try snapshots.create(SnapshotRequest("e"), job: JobControl()) }
    }
}
