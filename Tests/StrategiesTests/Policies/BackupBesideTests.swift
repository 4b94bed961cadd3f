import Backups
import Clusters
import HostIO
import Model
import ObjectStorage
import RepositoryEngine
import Service
import Snapshots
import Synchronization
import TestSupport
import Testing

/// While a backup is copied, the cluster goes on: snapshots, their retention, restores. What the backup needs stays.
@Suite(.timeLimit(.minutes(5))) struct BackupBesideTests {
    private let place: TemporaryDirectory
    private let small: SmallCluster

    init() throws {
        place = try TemporaryDirectory.inMemory()
        small = try SmallCluster(in: place.path)
        _ = try small.load().initialize()
        _ = try Backups(small.load()).addTarget("nas", path: small.target)
    }

    /// The cluster, with `meanwhile` called once when the first pack of a backup is written.
    private func cluster(_ meanwhile: @escaping @Sendable () -> Void) throws -> Cluster {
        let call = OnceCalled(meanwhile)
        let target = small.target
        let drivers = Drivers(
            adapter: Drivers.real.adapter,
            place: { path, _, _ in
                DirectoryPlace(path) { _ in
                    guard path == target else { return DirectoryStorage(path) }
                    return WatchedStorage(
                        DirectoryStorage(path), before: { if $0.object.hasPrefix("data/"), $0.kind == .write { call.now() } })
                }
            }, keyCost: .quick)
        return try Cluster.load(small.path, host: .current(), drivers: drivers, program: "holdfast test")
    }

    @Test func `snapshots are taken, pruned and restored while one of them is copied, which stays`() throws {
        let small = small
        _ = try Snapshots(small.load()).setPolicy(PolicyChange(keep: "1@1h"))
        let source = try #require(try Snapshots(small.load()).createPeriodic(PolicyRun(slot: Timestamp(seconds: 0)), job: JobControl()))
        let name = source.entry.manifest.name.text
        let seen = Mutex<[String: String]>([:])
        let backups = try Backups(
            cluster {
                func note(_ what: String, _ body: () throws -> String) {
                    let outcome = Result { try body() }
                    let text: String
                    switch outcome {
                    case .success(let value): text = value
                    case .failure(let error): text = Failure(describing: error).code.rawValue
                    }
                    seen.withLock { $0[what] = text }
                }
                note("delete") {
                    _ = try Snapshots(small.load()).delete([name], job: JobControl())
                    return "done"
                }
                note("periodic") {
                    try small.write("changed meanwhile", to: "uploads/sub/file0")
                    let later = PolicyRun(slot: Timestamp(seconds: 3600))
                    _ = try Snapshots(small.load()).createPeriodic(later, job: JobControl())
                    return "done"
                }
                note("holds") { try Snapshots(small.load()).find(name).holds?.map(\.text).joined() ?? "" }
                note("restore") {
                    let snapshots = Snapshots(try small.load())
                    let prepared = try snapshots.prepareRestore(name, stores: nil, releaseChange: .refused, job: JobControl())
                    _ = try snapshots.restore(prepared, job: JobControl())
                    return try small.text("uploads/sub/file0") ?? ""
                }
                note("prune") {
                    _ = try Snapshots(small.load()).prune(job: JobControl())
                    return "done"
                }
                note("second") {
                    _ = try Backups(small.load()).create(BackupRequest(name: "second", target: "nas"), job: JobControl())
                    return "done"
                }
                note("deletion of the cluster") {
                    try small.load().delete(job: JobControl())
                    return "done"
                }
            })
        _ = try backups.create(BackupRequest(name: "first", snapshot: name, target: "nas"), job: JobControl())
        let told = seen.withLock { $0 }
        #expect(told["delete"] == "refused" && told["periodic"] == "done" && told["prune"] == "done", "\(told)")
        #expect(told["holds"]?.contains("backup first is made from it") == true, "\(told)")
        #expect(told["restore"] == "upload 0" && told["second"] == "locked" && told["deletion of the cluster"] == "locked", "\(told)")
        #expect(try backups.verify("first", in: "nas", data: .all, job: JobControl()).check.isSound)
        #expect(try Snapshots(small.load()).find(name).holds?.contains { $0.text.contains("backup") } == false, "it is free again")
        try small.expectResticAgrees(small.target, "after a backup beside other work")
        try small.expectResticAgrees(small.storage, "after a backup beside other work")
    }

    @Test func `one that cannot have the cluster says so, waits for nothing more, and is due again`() throws {
        _ = try Backups(small.load()).createPolicy(PolicyChange(every: "1d", keep: "1@1d").backupPolicy(named: "nightly", target: "nas"))
        let small = small
        try small.load().exclusively("a restore that takes its time") {
            let run = PolicyRun(slot: Timestamp(seconds: 0), missed: 2)
            let byPolicy = #expect(throws: (any Error).self) {
                try Backups(small.load()).createByPolicy("nightly", run, job: JobControl())
            }
            #expect(byPolicy.map { Failure(describing: $0).code } == .locked)
            let request = BackupRequest(name: "b", target: "nas")
            let byHand = #expect(throws: (any Error).self) { try Backups(small.load()).create(request, job: JobControl()) }
            #expect(byHand.map { Failure(describing: $0).code } == .locked)
        }
        let record = try small.load().policies()[record: "nightly"]
        #expect(record.state.failures == 0 && record.lastFailure == nil && record.missed == 0)
        #expect(try small.load().jobs.list().last.map { $0.outcome == .failed && $0.code == .locked } == true)
    }

    @Test func `a backup that ends in the middle leaves its snapshot free`() throws {
        small.storages.at(small.target).inject(Fault([.write], below: "data/", times: nil, .fail(.unreachable)))
        _ = try Snapshots(small.load()).create(SnapshotRequest("source"), job: JobControl())
        let request = BackupRequest(name: "b", snapshot: "source", target: "nas")
        #expect(throws: (any Error).self) { try Backups(small.load()).create(request, job: JobControl()) }
        #expect(try small.load().catalogue().copying == nil)
        small.storages.at(small.target).heal()
        _ = try Snapshots(small.load()).delete(["source"], job: JobControl())
    }

    @Test func `the service takes snapshots while it makes a backup`() throws {
        _ = try Snapshots(small.load()).setPolicy(PolicyChange(every: "1s", keep: "3@1s"))
        _ = try Backups(small.load()).createPolicy(PolicyChange(every: "1s", keep: "2@1s").backupPolicy(named: "often", target: "nas"))
        let log = EventLog()
        let (copying, taken) = (Monitor(false), Monitor(0))
        let small = small
        let cluster = try cluster {
            copying.change { $0 = true }
            let before = taken.read { $0 }
            #expect(taken.wait(atMost: .seconds(60)) { $0 >= before + 2 ? true : nil } == true, "no snapshot beside the backup")
        }
        let job = JobControl()
        var options = PolicyService.Options()
        options.glance = .milliseconds(100)
        options.slice = .milliseconds(20)
        let service = PolicyService(
            host: .current(), options: options, job: job, load: { cluster },
            tell: { event in
                log.add(event)
                guard event.event == .finished else { return }
                if event.policy == PolicyID.snapshots.text { taken.change { $0 += 1 } } else { job.cancel() }
            })
        try service.run()
        #expect(copying.read { $0 })
        #expect(!log.events.contains { $0.event == .failed }, "\(log.events.filter { $0.event == .failed })")
        let name = try #require(try Backups(small.load()).list(in: "nas").entries.first).manifest.name.text
        #expect(try Backups(small.load()).verify(name, in: "nas", data: .all, job: JobControl()).check.isSound)
        let runs = try small.load().jobs.list()
        #expect(runs.contains { $0.command == "backup policy run often" && $0.cause == "backup policy often" && $0.outcome == .done })
    }
}

private final class OnceCalled: Sendable {
    private let isCalled = Atomic<Bool>(false)
    private let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }

    func now() { if !isCalled.exchange(true, ordering: .relaxed) { body() } }
}
