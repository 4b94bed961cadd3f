import Backups
import Clusters
import HostIO
import Model
import ObjectStorage
import RepositoryEngine
import Snapshots
import TestSupport
import Testing

/// Backup policies on a real cluster, under a clock that the test moves.
@Suite(.timeLimit(.minutes(5))) struct BackupPolicyTests {
    private let place: TemporaryDirectory
    private let small: SmallCluster
    private let clock = ManualClock(Timestamp(seconds: 1_795_305_600))

    init() throws {
        place = try TemporaryDirectory.inMemory()
        small = try SmallCluster(in: place.path)
        _ = try small.load(host: .forTests(clock: clock)).initialize()
    }

    private var backups: Backups { get throws { Backups(try small.load(host: .forTests(clock: clock))) } }

    private func create(_ keep: String, every: String = "1d", _ name: String = "nightly") throws {
        _ = try backups.createPolicy(PolicyChange(every: every, keep: keep).backupPolicy(named: name, target: "nas"))
    }

    private func run(_ name: String = "nightly", after seconds: Double = 86_400) throws -> PolicyBackupOutcome? {
        clock.advance(by: .seconds(seconds))
        return try backups.createByPolicy(name, PolicyRun(slot: clock.now()), job: JobControl())
    }

    private func names() throws -> [String] { try backups.list(in: "nas").entries.map(\.manifest.name.text) }

    @Test func `older backups go after the new one was verified`() throws {
        try create("2@1d")
        _ = try backups.create(BackupRequest(name: "by-hand", target: "nas"), job: JobControl())
        let first = try #require(try run()).backup.entry.manifest.name
        _ = try run()
        let third = try #require(try run())
        #expect(third.removed == [first])
        #expect(try names().count == 3 && names().contains("by-hand"), "what a person made is not the policy's")
        for name in try names() { #expect(try backups.verify(name, in: "nas", data: .all, job: JobControl()).check.isSound) }
        let catalogue = try backups.cluster.catalogue()
        #expect(catalogue.runs(ofBackupPolicy: "nightly").count == 3)
        #expect(catalogue.history.contains { $0.command == "\(HistoryEvent.backupExpired) \(first)" })
        #expect(catalogue.policies[record: "nightly"].samples.count == 3)
    }

    @Test func `a policy is not made for a target that is gone, and one that is there can be changed meanwhile`() throws {
        try create("2@1d")
        _ = try run()
        try Descriptor.openDirectory(place.path).rename(Array("nas".utf8), to: Array("away".utf8))
        let failure = #expect(throws: Failure.self) { try create("1@1d", "other") }
        #expect(failure?.code == .storage && failure?.hint?.contains("mount") == true)
        #expect(try backups.cluster.policies().backups.count == 1)
        _ = try backups.setPolicy("nightly", PolicyChange(keep: "3@1d"))
        let here = #expect(throws: Failure.self) { try backups.setPolicy("nightly", PolicyChange(target: "nas")) }
        #expect(here?.code == .storage)
    }

    @Test func `a target that is full keeps what there is, and the next run goes on`() throws {
        try create("1@1d")
        let good = try #require(try run()).backup.entry.manifest.name.text
        try small.write(String(repeating: "new", count: 100_000), to: "uploads/new")
        small.storages.at(small.target).inject(Fault([.write], times: nil, .fail(.noSpace)))
        #expect(throws: (any Error).self) { try run() }
        #expect(try names() == [good])
        #expect(try backups.cluster.policies()[record: "nightly"].state.failures == 1)
        small.storages.at(small.target).heal()
        let next = try #require(try run())
        #expect(next.removed.map(\.text) == [good])
    }

    @Test func `a backup that is found damaged removes nothing`() throws {
        try create("1@1d")
        let good = try #require(try run()).backup.entry.manifest.name.text
        try small.write("something that only the next backup has", to: "uploads/new")
        small.storages.at(small.target).inject(Fault([.read], below: "data/", times: nil, .flipBit(at: 20)))
        let failure = #expect(throws: (any Error).self) { try run() }
        #expect(failure != nil)
        small.storages.at(small.target).heal()
        #expect(try names().contains(good))
        let record = try backups.cluster.policies()[record: "nightly"]
        #expect(record.arrivals.first?.quality == .good && record.lastFailure != nil)
    }

    @Test func `a target that is gone is one clear failure`() throws {
        try create("2@1d")
        _ = try run()
        try removeTree(small.target)
        let failure = #expect(throws: Failure.self) { try run() }
        #expect(failure?.code == .storage && failure?.hint != nil)
        #expect(try backups.cluster.policies()[record: "nightly"].lastFailure?.contains("nas") == true)
    }

    @Test func `one that a crash left unnoted is the policy's again, and one that was deleted is forgotten`() throws {
        try create("2@1d")
        let first = try #require(try run()).backup.entry.manifest.name.text
        try backups.cluster.updateCatalogue { $0.policies[record: "nightly"].pending = try SnapshotName("nightly-unnoted") }
        _ = try backups.create(BackupRequest(name: "nightly-unnoted", target: "nas"), job: JobControl())
        try backups.delete([first], in: "nas")
        #expect(try backups.cluster.policies()[record: "nightly"].arrivals.isEmpty)
        let next = try #require(try run()).backup.entry.manifest.name.text
        #expect(try backups.cluster.policies()[record: "nightly"].arrivals.map(\.name.text) == ["nightly-unnoted", next])
    }

    @Test func `policies are made, changed, disabled and deleted, and each says what that means`() throws {
        try create("2@1d")
        #expect(#expect(throws: Failure.self) { try create("2@1d") }?.code == .exists)
        let elsewhere = try PolicyChange(every: "1d", keep: "1@1d").backupPolicy(named: "other", target: "tape")
        #expect(#expect(throws: Failure.self) { try backups.createPolicy(elsewhere) }?.code == .notFound)
        for _ in 0..<2 { _ = try run() }
        #expect(try backups.planPolicy("nightly", PolicyChange(keep: "3@1d")).isEmpty)
        #expect(try backups.planPolicy("nightly", PolicyChange(keep: "1@1d")).leaving.count == 1)
        _ = try backups.setPolicy("nightly", PolicyChange(every: "12h", mode: .dataless))
        #expect(try backups.cluster.policies().backup(named: "nightly").policy.mode == .dataless)
        #expect(try Snapshots(backups.cluster).planDisabling().warnings.first?.contains("nightly") == true)
        try backups.setPolicyEnabled("nightly", false)
        #expect(try run() == nil && Snapshots(backups.cluster).planDisabling().isEmpty)
        #expect(try backups.planPolicyDeletion("nightly").warnings.first?.contains("2 backups") == true)
        try backups.deletePolicy("nightly")
        #expect(try names().count == 2 && backups.cluster.policies().backups.isEmpty)
        #expect(try run() == nil)
    }

    @Test func `a period shorter than what a run takes is warned about`() throws {
        try create("2@1d", every: "1h")
        #expect(try backups.concerns(about: "nightly").allSatisfy { !$0.contains("missed") })
        try backups.cluster.updateCatalogue { catalogue in
            for _ in 0..<3 { catalogue.policies[record: "nightly"].add(PolicyRecord.Sample(seconds: 5000, bytesAdded: 1, bytes: 1)) }
        }
        #expect(try backups.concerns(about: "nightly").contains { $0.contains("runs will be missed") })
    }
}
