import Backups
import Clusters
import HostIO
import Model
import RepositoryEngine
import Snapshots
import Standby
import TestSupport
import Testing

/// A primary of which somebody keeps a standby: epochs, fencing, lease, override.
@Suite(.timeLimit(.minutes(5))) struct FencingTests {
    private let place: TemporaryDirectory
    private let clock = ManualClock(Timestamp(seconds: 1_795_305_600))
    private let sites: StandbySites

    init() throws {
        place = try TemporaryDirectory.inMemory()
        let root = place.path
        sites = try StandbySites(
            in: root, host: .forTests(clock: clock),
            settings:
                "lease: 60s, on-fenced: \"echo $HOLDFAST_EVENT $HOLDFAST_EPOCH >> \(root)/fenced\", on-suspended: \"echo >> \(root)/suspended\""
        )
        try sites.backup("first")
    }

    private var cluster: Cluster { get throws { try sites.primary } }
    private var folder: EpochFolder { get throws { try cluster.epochs(in: sites.nas) } }

    private func lines(_ name: String) throws -> Int {
        try AtomicFile.readIfPresent("\(place.path)/\(name)").map { $0.count { $0 == 0x0A } } ?? 0
    }

    private func register(_ member: String) throws {
        try folder.register(StandbyNotice(member: member.asInstallation, host: "host-\(member)", since: clock.now(), serial: 1))
    }

    /// As a standby does that takes over.
    private func takeOver(_ member: String) throws {
        let record = try cluster.record(
            after: folder.newest()?.epoch ?? 0, in: folder, owner: member.asInstallation, ownerHost: "host-\(member)", .promotion,
            backup: "first")
        #expect(try folder.raise(record) == nil)
    }

    private func attempt(_ what: () throws -> Void) -> FailureCode? {
        do { try what() } catch { return Failure(describing: error).code }
        return nil
    }

    private func snapshot(_ name: String) throws { _ = try Snapshots(cluster).create(try SnapshotRequest(name), job: JobControl()) }

    @Test func `a cluster without a standby leaves no epoch in its target`() throws {
        try snapshot("one")
        #expect(try statusOfPath("\(sites.nas)/holdfast/epochs") == nil && cluster.state.standing() == nil)
    }

    @Test func `the primary claims the first epoch when there is a standby, and tells it its policies`() throws {
        try register("s")
        let nightly = try PolicyChange(every: "1d", keep: "1@1d").backupPolicy(named: "nightly", target: "nas")
        _ = try Backups(cluster).createPolicy(nightly)
        try sites.backup("second")
        let newest = try #require(try folder.newest())
        #expect(try newest.epoch == 1 && newest.owner == cluster.standing().member && newest.reason == .watched)
        let notice = try #require(try folder.active()?.notice)
        #expect(notice.policies.backups.map(\.policy.name) == ["nightly"] && notice.target == "nas" && notice.owner == newest.owner)
    }

    @Test func `a fenced primary makes nothing, runs its hook once, and stays fenced`() throws {
        try register("s")
        try snapshot("before")
        try takeOver("s")
        let before = try Backups(cluster).list(in: "nas").entries.count
        #expect(attempt { try snapshot("after") } == .fenced && attempt { try sites.backup("after") } == .fenced)
        let run = PolicyRun(slot: clock.now())
        #expect(attempt { _ = try Snapshots(cluster).createPeriodic(run, job: JobControl()) } == .fenced)
        #expect(try lines("fenced") == 1 && String(decoding: AtomicFile.read("\(place.path)/fenced"), as: UTF8.self) == "on-fenced 2\n")
        #expect(try Snapshots(cluster).list().snapshots.map(\.name.text).contains("before"))
        #expect(try Snapshots(cluster).list().snapshots.count == 2 && Backups(cluster).list(in: "nas").entries.count == before)
        #expect(try cluster.status().standing?.role == .fenced)
        let concern = try #require(try cluster.health().concerns.first { $0.key == "fenced" })
        #expect(concern.severity == .critical && concern.message.contains("host-s"))
        // Neither without its memory nor without the target does it come back.
        try removeTree("\(sites.nas)/holdfast/epochs")
        #expect(attempt { try snapshot("after") } == .fenced)
    }

    @Test func `a primary that lost its memory is fenced all the same`() throws {
        try register("s")
        try snapshot("before")
        try takeOver("s")
        try removeTree("\(place.path)/state/standing.json")
        #expect(attempt { try snapshot("after") } == .fenced)
    }

    @Test func `a backup that was under way when a standby took over is not listed`() throws {
        try register("s")
        try snapshot("before")
        try sites.writePrimary(
            "on-fenced: \"true\"}\nquiesce: {begin: \"true\", end: \"mv \(sites.nas)/holdfast/next \(sites.nas)/holdfast/epochs/$(ls \(sites.nas)/holdfast/epochs)/2\""
        )
        // Signed where nobody looks for it.
        try takeOver("s")
        let epochs = "\(sites.nas)/holdfast/epochs/\(try cluster.catalogue().clusterID)"
        try Descriptor.openDirectory(epochs).rename(
            Array("2".utf8), to: Array("next".utf8), in: Descriptor.openDirectory("\(sites.nas)/holdfast"))
        #expect(attempt { try sites.backup("late") } == .fenced)
        #expect(try Backups(cluster).list(in: "nas").entries.map(\.manifest.name.text) == ["first"])
    }

    @Test func `a partitioned primary is suspended after its lease, goes on when nobody took over, and is fenced when somebody did`() throws
    {
        try register("s")
        try snapshot("before")
        let (there, away) = (sites.nas, "\(place.path)/away")
        try Descriptor.openDirectory(place.path).rename(Array("nas".utf8), to: Array("away".utf8))
        clock.advance(by: .seconds(59))
        try snapshot("within")
        #expect(try cluster.standing().suspension == nil)
        clock.advance(by: .seconds(2))
        #expect(try cluster.lookAtEpochs().contains { if case .suspended = $0 { true } else { false } })
        #expect(try lines("suspended") == 1 && cluster.health().concerns.contains { $0.key == "suspended" && $0.severity == .critical })
        #expect(attempt { try sites.backup("while") } == .fenced)
        // Local, and all there is of this time.
        try snapshot("while")
        try Descriptor.openDirectory(place.path).rename(Array("away".utf8), to: Array("nas".utf8))
        #expect(try cluster.lookAtEpochs() == [.resumed])
        try sites.backup("second")
        try Descriptor.openDirectory(place.path).rename(Array("nas".utf8), to: Array("away".utf8))
        clock.advance(by: .seconds(100))
        _ = try cluster.lookAtEpochs()
        let elsewhere = try cluster.epochs(in: away)
        let record = try cluster.record(after: elsewhere.newest()?.epoch ?? 0, in: elsewhere, owner: "s".asInstallation, .promotion)
        #expect(try elsewhere.raise(record) == nil)
        try Descriptor.openDirectory(place.path).rename(Array("away".utf8), to: Array("nas".utf8))
        #expect(attempt { try snapshot("after") } == .fenced && there == sites.nas)
    }

    @Test func `a hook that fails is told and tried again`() throws {
        try sites.writePrimary("on-fenced: \"test -e \(place.path)/allowed\"")
        try register("s")
        try snapshot("before")
        try takeOver("s")
        #expect(try cluster.lookAtEpochs().count == 2)
        #expect(try cluster.health().concerns.contains { $0.key == "standby-hook" })
        #expect(attempt { try snapshot("after") } == .fenced)
        try AtomicFile.write([], to: "\(place.path)/allowed")
        _ = try cluster.lookAtEpochs()
        #expect(try cluster.standing().fencing?.hook == "" && !cluster.health().concerns.contains { $0.key == "standby-hook" })
    }

    @Test func `an override takes the epoch back, is written down, and fences the other`() throws {
        try register("s")
        try snapshot("before")
        #expect(attempt { _ = try StandbyOverride(cluster).plan("why") } == .refused)
        try takeOver("s")
        #expect(attempt { try snapshot("after") } == .fenced)
        #expect(try StandbyOverride(cluster).plan("why").summary.losses.count == 1)
        let record = try StandbyOverride(cluster).run("promoted by mistake")
        #expect(record.epoch == 3 && record.words == "promoted by mistake")
        try snapshot("after")
        try sites.backup("after")
        #expect(try folder.newest() == record && cluster.catalogue().history.contains { $0.command.contains("promoted by mistake") })
    }
}
