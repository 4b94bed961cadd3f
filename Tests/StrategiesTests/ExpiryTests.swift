import Clusters
import HostIO
import Model
import ObjectStorage
import RepositoryEngine
import Snapshots
import TestSupport
import Testing

/// What becomes of the room of snapshots whose time is over.
@Suite(.timeLimit(.minutes(5))) struct ExpiryTests {
    private let place: TemporaryDirectory
    private let small: SmallCluster
    private let clock = ManualClock(Timestamp(seconds: 1_800_000_000))
    private var random = SeededRandom(named: "expiry")

    init() throws {
        place = try TemporaryDirectory.inMemory()
        small = try SmallCluster(in: place.path)
        _ = try small.load().initialize()
    }

    private func snapshots() throws -> Snapshots {
        var host = Host.current()
        host.clock = clock
        return Snapshots(try small.load(host: host))
    }

    private func packBytes() throws -> UInt64 {
        try small.storages.at(small.storage).list("data").reduce(0) { $0 + $1.size }
    }

    /// A snapshot of 2 MB that no other has.
    private mutating func take(_ name: String, _ timeToLive: TimeToLive = .seconds(10)) throws {
        try AtomicFile.write(random.bytes(2_000_000), to: "\(place.path)/srv/uploads/large")
        _ = try snapshots().create(SnapshotRequest(name, timeToLive: timeToLive), job: JobControl())
        clock.advance(by: .seconds(60))
    }

    @Test mutating func `a snapshot frees what expired ones held, at most once a day`() throws {
        try take("a")
        try take("b")
        #expect(try packBytes() < 4_000_000, "a has expired, and the first prune is due at once")
        try take("c")
        #expect(try packBytes() > 4_000_000, "b has expired, and the last prune was a minute ago")
        #expect(try snapshots().list().snapshots.map(\.name.text) == ["c"])
        clock.advance(by: .seconds(86_400))
        try take("d")
        #expect(try packBytes() < 4_000_000)
        #expect(try snapshots().validate("d", job: JobControl()).isSound)
    }

    @Test mutating func `a prune removes what has expired and frees it now, but nothing that is pinned`() throws {
        try take("a", .never)
        try take("kept")
        _ = try snapshots().setPinned("kept", .pin)
        try take("over", .seconds(100))
        clock.advance(by: .seconds(100))
        let plan = try snapshots().planPrune(job: JobControl())
        #expect(plan.expired.map(\.text) == ["over"])
        #expect(plan.summary.lines.first == PlanSummary.Line("expired", "over"))
        let outcome = try snapshots().prune(job: JobControl())
        #expect(outcome.expired.map(\.text) == ["over"])
        #expect(outcome.pruned.bytesDeleted > 2_000_000)
        #expect(try snapshots().list().snapshots.map(\.name.text) == ["a", "kept"])
        #expect(try snapshots().planPrune(job: JobControl()).isEmpty)
    }

    @Test mutating func `a prune that cannot be is told, and the snapshot exists`() throws {
        try take("a")
        let storage = try snapshots().cluster.storage()
        let lock = try storage.lock(.prune)
        defer { lock.release() }
        let job = JobControl()
        _ = try snapshots().create(SnapshotRequest("b"), job: job)
        #expect(try snapshots().list().snapshots.map(\.name.text) == ["b"])
        #expect(job.drainNotes().contains { $0.contains("not freed") })
    }
}
