import Backups
import Clusters
import HostIO
import Model
import Service
import Snapshots
import Synchronization
import TestSupport
import Testing

/// The loop of `holdfast serve` under a clock that it moves itself by sleeping.
@Suite(.timeLimit(.minutes(5))) struct ServiceTests {
    private let place: TemporaryDirectory
    private let small: SmallCluster
    private let clock = ManualClock(Timestamp(seconds: 1_795_305_600))
    private let log = EventLog()

    init() throws {
        place = try TemporaryDirectory.inMemory()
        small = try SmallCluster(in: place.path)
        _ = try small.load(host: host).initialize()
    }

    private var host: Host { .forTests(clock: clock) }
    private var cluster: Cluster { get throws { try small.load(host: host) } }
    private var told: [ServiceEvent] { log.events }

    /// Serves until the clock says `end`, or `react` says that it is enough.
    private func serve(for seconds: Int64, _ react: @escaping @Sendable (ServiceEvent, JobControl) -> Void = { _, _ in }) throws {
        let job = JobControl()
        let end = clock.monotonicNanoseconds() + UInt64(seconds) * 1_000_000_000
        var options = PolicyService.Options()
        options.slice = .seconds(3600)
        options.glance = .seconds(600)
        options.lanes = .inTurn
        let (small, host, log) = (small, host, log)
        let service = PolicyService(
            host: host, options: options, job: job,
            load: {
                if host.clock.monotonicNanoseconds() >= end { job.cancel() }
                return try small.load(host: host)
            },
            tell: { event in
                log.add(event)
                react(event, job)
            })
        try service.run()
    }

    private func count(_ kind: ServiceEvent.Kind, _ policy: String = "snapshot policy") -> Int {
        told.count { $0.event == kind && $0.policy == policy }
    }

    @Test func `two days of policies leave what the rules say, and backups of their own time`() throws {
        _ = try Snapshots(cluster).setPolicy(PolicyChange(keep: "3@1h,2@1d"))
        var nightly = try PolicyChange(every: "1d", offset: "2h", keep: "1@1d").backupPolicy(named: "nightly", target: "nas")
        nightly.drill = try Period("1d", for: "drill")
        _ = try Backups(cluster).createPolicy(nightly)
        try serve(for: 2 * 86_400)
        let backups = told.filter { $0.event == .finished && $0.policy == "backup policy nightly" }
        #expect(backups.allSatisfy { $0.message.contains("drill passed") }, "\(backups)")
        #expect(try cluster.policies()[record: "nightly"].lastDrill?.verdict == .passed)
        #expect((47...49).contains(count(.finished)) && count(.finished, "backup policy nightly") == 2 && count(.missed) == 0)
        #expect(told.count { $0.event == .failed } == 0, "\(told.filter { $0.event == .failed })")
        #expect(told.first?.event == .started && told.last?.event == .stopped)
        let record = try cluster.policies().snapshotRecord
        #expect((4...5).contains(record.arrivals.count))
        #expect(try Backups(cluster).list(in: "nas").entries.map { $0.manifest.created.civil.hour } == [2])
        for arrival in record.arrivals { #expect(try Snapshots(cluster).validate(arrival.name.text, job: JobControl()).isSound) }
    }

    @Test func `after a pause there is one run, and the history says why others are missing`() throws {
        try serve(for: 3 * 3600)
        let before = count(.finished)
        clock.advance(by: .seconds(5 * 3600 + 1800))
        try serve(for: 1200)
        #expect(count(.finished) == before + 1 && count(.missed) == 1)
        let skipped = try #require(try cluster.catalogue().history.last { $0.outcome == HistoryEvent.skipped })
        #expect(skipped.command.contains("holdfast serve did not run"), "\(skipped.command)")
    }

    @Test func `a run that takes longer than its period is why the next slot had none`() throws {
        let clock = clock
        let isSlow = Atomic<Bool>(true)
        try serve(for: 5 * 3600) { event, _ in
            if event.event == .running, isSlow.exchange(false, ordering: .relaxed) { clock.advance(by: .seconds(9000)) }
        }
        let skipped = try #require(try cluster.jobs.list().first { $0.outcome == .skipped })
        #expect(skipped.message?.contains("the run before took longer than the period") == true, "\(skipped)")
    }

    @Test func `a clock that is set back and forth keeps no run waiting for more than a period`() throws {
        var random = SeededRandom(named: "service and clock")
        let jumps = (0..<6).map { _ in Int64.random(in: -4_000_000...4_000_000, using: &random) }
        let left = Mutex(jumps)
        let clock = clock
        let last = Mutex(clock.monotonicNanoseconds())
        try serve(for: 40 * 3600) { event, _ in
            guard event.event == .finished else { return }
            let now = clock.monotonicNanoseconds()
            let gap = last.withLock { last in
                defer { last = now }
                return now - last
            }
            #expect(gap <= 3600 * 1_000_000_000 + 601 * 1_000_000_000, "\(jumps): \(gap / 1_000_000_000) s")
            let jump = left.withLock { $0.isEmpty ? 0 : $0.removeFirst() }
            if jump != 0 { clock.set(clock.now().adding(seconds: jump)) }
        }
        #expect(count(.finished) >= 40 && told.count { $0.event == .failed } == 0)
        #expect(try cluster.policies().snapshotRecord.arrivals.count >= 3)
    }

    @Test func `a run that fails is tried again, and then there is the next slot`() throws {
        try removeTree("\(place.path)/srv/uploads")
        let path = place.path
        let failures = Mutex(0)
        try serve(for: 4 * 3600) { event, _ in
            guard event.event == .failed else { return }
            let count = failures.withLock { count in
                count += 1
                return count
            }
            if count == 6 { try? makeDirectories("\(path)/srv/uploads") }
        }
        #expect(count(.failed) == 6, "four tries for one slot, two for the next")
        #expect(count(.finished) >= 2)
        #expect(told.filter { $0.event == .failed }.allSatisfy { $0.message.contains("uploads") })
        #expect(try cluster.policies().snapshotRecord.state.failures == 0)
    }

    @Test func `a second one is refused, and a stopped one makes way`() throws {
        let (small, host) = (small, host)
        let refusal = Mutex<Failure?>(nil)
        try serve(for: 2 * 3600) { event, _ in
            guard event.event == .finished else { return }
            let second = PolicyService(host: host, job: JobControl(), load: { try small.load(host: host) }, tell: { _ in })
            do { try second.run() } catch { refusal.withLock { $0 = Failure(describing: error) } }
        }
        #expect(refusal.withLock { $0?.code } == .refused && refusal.withLock { $0?.message.contains("already") } == true)
        try serve(for: 1)
    }

    @Test func `a run that is stopped leaves nothing behind and is due again`() throws {
        try serve(for: 3600) { event, job in if event.event == .running { job.cancel() } }
        let record = try cluster.policies().snapshotRecord
        #expect(try Snapshots(cluster).list().snapshots.isEmpty)
        #expect(record.arrivals.isEmpty && record.lastFailure == nil)
        #expect(record.next(SnapshotPolicy.standard.schedule, at: clock.now()) <= clock.now())
        #expect(told.contains { $0.event == .note && $0.message.contains("due again") })
        try serve(for: 1)
        #expect(try Snapshots(cluster).list().snapshots.count == 1)
    }

    @Test func `a cluster that is no more ends it, a cluster file that is broken does not`() throws {
        let path = small.path
        let good = try AtomicFile.read(path)
        let broken = Mutex(0)
        try serve(for: 3 * 3600) { event, _ in
            if event.event == .finished { try? AtomicFile.write(Array("cluster: [".utf8), to: path) }
            if event.event == .failed {
                broken.withLock { $0 += 1 }
                try? AtomicFile.write(good, to: path)
            }
        }
        #expect(broken.withLock { $0 } >= 1 && told.contains { $0.event == .failed && $0.code == .clusterFile })
        try cluster.delete(job: JobControl())
        #expect(#expect(throws: Failure.self) { try serve(for: 3600) }?.code == .refused)
    }

    @Test func `once makes each run that is due once`() throws {
        let nightly = try PolicyChange(every: "1d", keep: "1@1d").backupPolicy(named: "nightly", target: "nas")
        _ = try Backups(cluster).createPolicy(nightly)
        let (small, host, log) = (small, host, log)
        func once() throws -> [Failure] {
            try PolicyService(
                host: host, job: JobControl(), load: { try small.load(host: host) }, tell: { log.add($0) }
            )
            .runOnce()
        }
        #expect(try once().isEmpty)
        let first = count(.finished)
        clock.advance(by: .seconds(86_400))
        #expect(try once().isEmpty)
        #expect(count(.finished) == first + 1 && count(.finished, "backup policy nightly") == 1)
        #expect(try once().isEmpty && count(.finished) == first + 1)
        try removeTree("\(place.path)/srv/lake")
        clock.advance(by: .seconds(3600))
        #expect(try once().first?.message.contains("lake") == true)
    }
}

/// What a service has told.
final class EventLog: Sendable {
    private let told = Mutex<[ServiceEvent]>([])

    var events: [ServiceEvent] { told.withLock { $0 } }

    func add(_ event: ServiceEvent) { told.withLock { $0.append(event) } }
}
