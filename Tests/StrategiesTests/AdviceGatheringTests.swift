import Backups
import Clusters
import HostIO
import Model
import Snapshots
import TestSupport
import Testing

/// What `advise` finds on a real cluster.
@Suite(.timeLimit(.minutes(5))) struct AdviceGatheringTests {
    @Test func `figures come from what was done`() throws {
        let place = try TemporaryDirectory.inMemory()
        let small = try SmallCluster(in: place.path)
        let clock = ManualClock(Timestamp(seconds: 1_795_305_600))
        let cluster = try small.load(host: .forTests(clock: clock))
        _ = try cluster.initialize()
        let before = try AdviceGathering(cluster).facts(suffix: " -c x")
        #expect(before.snapshots == 0 && before.targets.map(\.name) == ["nas"] && before.targets[0].newest == nil)
        #expect(before.advice.first { $0.fault == .diskLost }?.cover == .uncovered)

        for hours in [1, 5] {
            clock.advance(by: .seconds(3600 * hours))
            _ = try Snapshots(cluster).create(SnapshotRequest("s\(hours)"), job: JobControl())
        }
        _ = try Backups(cluster).create(BackupRequest(name: "b", snapshot: "s5", target: "nas"), job: JobControl())
        clock.advance(by: .seconds(7200))
        let facts = try AdviceGathering(cluster).facts(suffix: " -c x")
        let snapshots = Exposure(newest: facts.newestSnapshot, runs: facts.snapshotRuns, at: facts.now)
        // Waiting for locks lets this clock go on a little.
        let (age, worst) = try (#require(snapshots.now), #require(snapshots.worst))
        #expect(facts.snapshots == 2 && (7200..<7260).contains(age) && (18_000..<18_060).contains(worst), "\(snapshots)")
        let target = try #require(facts.targets.first)
        #expect(target.backups == 1 && target.newestFull != nil && target.runs.count == 1 && target.drill == nil && !target.hasPolicy)
        #expect(!target.sharesDiskWith.isEmpty, "all of it lies in one file system")
        #expect(facts.advice.first { $0.fault == .deletedRows }?.rto == nil)

        _ = try Backups(cluster).drill(DrillRequest(backup: "b", target: "nas"), job: JobControl())
        let restore = try Snapshots(cluster).prepareRestore("s1", stores: nil, releaseChange: .refused, job: JobControl())
        _ = try Snapshots(cluster).restore(restore, job: JobControl())
        let after = try AdviceGathering(cluster).facts(suffix: " -c x")
        #expect(after.targets[0].drill?.verdict == .passed && after.snapshotRestores.count == 1)
        #expect(after.advice.first { $0.fault == .deletedRows }?.rtoSource == "the last restore of a snapshot")
        try removeTree(small.target)
        #expect(try AdviceGathering(cluster).facts(suffix: "").targets[0].problem != nil)
    }

    @Test func `the operator says which targets are elsewhere, and which are written once`() throws {
        let place = try TemporaryDirectory.inMemory()
        let small = try SmallCluster(in: place.path)
        let path = "\(small.root)/holdfast.yaml"
        let text = String(decoding: try AtomicFile.read(path), as: UTF8.self)
        try AtomicFile.write(Array(text.replacing("path: nas}", with: "path: nas, offsite: true, immutable: false}").utf8), to: path)
        let cluster = try small.load()
        _ = try cluster.initialize()
        let target = try #require(try AdviceGathering(cluster).facts(suffix: "").targets.first)
        #expect(target.isOffsite && !target.isImmutable)
        try AtomicFile.write(Array(text.replacing("path: nas}", with: "path: nas, offsite: perhaps}").utf8), to: path)
        #expect(#expect(throws: Failure.self) { try small.load() }?.message.contains("offsite") == true)
    }
}
