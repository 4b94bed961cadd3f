import Backups
import Clusters
import Foundation
import HostIO
import Model
import Snapshots
import Standby
import TestSupport
import Testing

/// Somebody may write in the target who has no password: nothing that they put beside the repository is obeyed, and all of it is told.
@Suite(.timeLimit(.minutes(5))) struct HostileTargetTests {
    private let place: TemporaryDirectory
    private let clock = ManualClock(Timestamp(seconds: 1_795_305_600))
    private let sites: StandbySites

    init() throws {
        place = try TemporaryDirectory.inMemory()
        let hook = "env | grep ^HOLDFAST_ | sort >> \(place.path)/hook"
        sites = try StandbySites(
            in: place.path, host: .forTests(clock: clock), settings: "lease: 60s, on-fenced: \"\(hook)\", on-promote: \"true\"")
        try sites.backup("first")
    }

    private var cluster: Cluster { get throws { try sites.primary } }
    private var folder: EpochFolder { get throws { try cluster.epochs(in: sites.nas) } }
    private var epochs: String { get throws { "\(sites.nas)/holdfast/epochs/\(try cluster.catalogue().clusterID)" } }

    private func forge(_ json: String, as name: String) throws {
        let path = "\(try epochs)/\(name)"
        try makeDirectories(Path.parent(path))
        try AtomicFile.write(Array(json.utf8), to: path)
    }

    private func forgeEpoch(_ epoch: String, as name: String, owner: String = String(repeating: "a", count: 32), host: String = "evil")
        throws
    {
        try forge(
            "{\"format\": 1, \"epoch\": \(epoch), \"cluster\": \"\(try cluster.catalogue().clusterID)\", \"owner\": \"\(owner)\", \"host\": \"\(host)\", \"writer\": \"w\", \"raised\": \"2026-11-29T00:00:00Z\", \"reason\": \"promotion\", \"token\": \"t\"}",
            as: name)
    }

    private func wish(_ member: String) -> String {
        let until = clock.now().adding(seconds: 600).text
        return
            "{\"format\": 1, \"member\": \"\(member)\", \"host\": \"evil\", \"since\": \"\(until)\", \"request\": {\"token\": \"t\", \"asked\": \"\(until)\", \"until\": \"\(until)\"}}"
    }

    private func told(_ words: String) throws -> Bool {
        try cluster.lookAtEpochs()
        return try cluster.health().concerns.contains {
            $0.key.hasPrefix("standby-records") && $0.severity == .critical && $0.message.contains(words)
        }
    }

    private func snapshot(_ name: String) throws { _ = try Snapshots(cluster).create(try SnapshotRequest(name), job: JobControl()) }

    private var hookRan: Bool { get throws { try statusOfPath("\(place.path)/hook") != nil } }

    private func expectUntouched() throws {
        #expect(try Handover(cluster).answer(job: JobControl()).isEmpty)
        #expect(try !hookRan && cluster.standing().role == .active && folder.newest() == nil)
        try snapshot("after")
        try sites.backup("after")
    }

    @Test(arguments: ["../../../../../victim", "/tmp/victim", "", "00000000000000000000000000000000", String(repeating: "b", count: 32)])
    func `a forged notice with a wish runs no hook, raises no epoch and writes nowhere`(member: String) throws {
        try AtomicFile.write([7], to: "\(place.path)/victim")
        try forge(wish(member), as: "standbys/\(String(repeating: "b", count: 32))")
        try forge(wish(member), as: "standbys/X")
        #expect(try told("not signed") && told("none of Holdfast's"))
        try expectUntouched()
        #expect(try AtomicFile.read("\(place.path)/victim") == [7])
    }

    @Test(arguments: ["1", "2", "9007199254740991", "9007199254740992", "18446744073709551615", "-1", "1.5", "1e400"])
    func `a forged epoch of any number neither fences nor ends anything`(number: String) throws {
        for name in ["1", number] { try forgeEpoch(number, as: name) }
        #expect(try told("counts for nothing"))
        try expectUntouched()
        #expect(#expect(throws: Failure.self) { try StandbyOverride(cluster).plan("why") }?.code == .refused)
        // A real standby comes: the forged numbers are passed over, and it is told.
        try folder.register(StandbyNotice(member: "s".asInstallation, host: "s", since: clock.now(), serial: 1))
        try cluster.lookAtEpochs()
        let newest = try #require(try folder.newest())
        #expect(try newest.owner == cluster.standing().member && newest.epoch > 1 && newest.epoch < 5)
        try removeTree(epochs)
        try snapshot("without")
        #expect(try cluster.standing().role == .active)
    }

    @Test func `a link in the place of the folder is told, not followed`() throws {
        let outside = try place.folder("outside")
        try makeDirectories("\(sites.nas)/holdfast/epochs")
        try Descriptor.openDirectory("\(sites.nas)/holdfast/epochs").makeSymlink(
            Array(cluster.catalogue().clusterID.utf8), to: Array(outside.utf8))
        #expect(try told("no plain directory"))
        try snapshot("after")
        #expect(try Descriptor.openDirectory(outside).isEmptyDirectory() && cluster.standing().role == .active)
    }

    /// The primary of a standby has a lease; it is over after a minute in which the target cannot be read.
    private func expectNoSuspension() throws {
        for _ in 0..<2 {
            clock.advance(by: .seconds(61))
            #expect(try !cluster.lookAtEpochs().contains { if case .suspended = $0 { true } else { false } })
        }
        #expect(try cluster.standing().suspension == nil && cluster.standing().role == .active)
    }

    @Test func `rubbish in the place of the records, or their removal, ends no lease and is told`() throws {
        let standby = "s".asInstallation
        try folder.register(StandbyNotice(member: standby, host: "s", since: clock.now(), serial: 1))
        try cluster.lookAtEpochs()
        #expect(try folder.newest()?.epoch == 1)
        for number in 2..<1_050 { try AtomicFile.write(Array("{}".utf8), to: "\(try epochs)/\(number)") }
        #expect(try told("not signed") && told("1,046 more records"))
        try expectNoSuspension()
        // One that takes over gets the number after them.
        #expect(try folder.free(after: 1) == 1_050)
        try Descriptor.openDirectory("\(sites.nas)/holdfast").rename(Array("epochs".utf8), to: Array("elsewhere".utf8))
        #expect(try told("is gone from there"))
        try expectNoSuspension()
        #expect(try folder.newest()?.epoch == 2)
        try removeTree("\(sites.nas)/holdfast/epochs")
        try Descriptor.openDirectory("\(sites.nas)/holdfast").makeSymlink(Array("epochs".utf8), to: Array("../../elsewhere".utf8))
        #expect(try told("no plain directory"))
        try expectNoSuspension()
        try snapshot("after")
    }

    @Test(arguments: HostileEntry.allCases) func `whatever is put in the place of a notice keeps nobody waiting`(entry: HostileEntry) throws
    {
        try makeDirectories("\(try epochs)/standbys")
        try entry.place(at: "\(try epochs)/standbys/\(String(repeating: "c", count: 32))")
        try entry.place(at: "\(try epochs)/1")
        #expect(try told("counts for nothing"))
        try expectUntouched()
    }

    @Test func `a fencing of before records were signed, by an absurd number, can be overridden`() throws {
        try cluster.changeStanding { standing in
            let record = EpochRecord(
                epoch: .max, cluster: "c", owner: "x", host: "evil", writer: "w", raised: clock.now(), reason: .promotion, token: "t")
            standing.yield(to: record, in: sites.nas, at: clock.now(), hook: "")
        }
        #expect(try StandbyOverride(cluster).plan("why").summary.lines.contains { $0.value.contains("epoch 1 ") })
        #expect(try StandbyOverride(cluster).run("why").epoch == 1)
        try snapshot("after")
    }

    private func removeRecords() throws {
        for name in 1..<10 { try removeTree("\(try epochs)/\(name)") }
    }

    @Test func `an old record that is put back does not fence, and the number goes on from the last one that was seen`() throws {
        let standby = "s".asInstallation
        try folder.register(StandbyNotice(member: standby, host: "s", since: clock.now(), serial: 1))
        try snapshot("one")
        #expect(try folder.raise(cluster.record(after: 1, in: folder, owner: standby, ownerHost: "s", .promotion)) == nil)
        let kept = try AtomicFile.read("\(try epochs)/2")
        try cluster.lookAtEpochs()
        #expect(try StandbyOverride(cluster).run("back").epoch == 3)
        for notice in [true, false] {
            if !notice { try removeTree("\(try epochs)/standbys") }
            try cluster.lookAtEpochs()
            try removeRecords()
            try AtomicFile.write(kept, to: "\(try epochs)/2")
            #expect(try told("put back to an older state"))
            try snapshot("again-\(notice)")
            #expect(try cluster.standing().role == .active)
            try removeRecords()
            try cluster.lookAtEpochs()
        }
        // Everything is gone and a standby comes anew.
        try folder.register(StandbyNotice(member: standby, host: "s", since: clock.now(), serial: 2))
        try cluster.lookAtEpochs()
        #expect(try #require(try folder.newest()).epoch > 3)
    }

    @Test func `an old notice that is put back is told, and a wish that was answered is not answered again`() throws {
        let standby = "s".asInstallation
        let now = clock.now()
        try sites.writePrimary("on-fenced: \"echo >> \(place.path)/hook; false\", on-promote: \"true\"")
        func notice(_ serial: UInt64, _ token: String?) -> StandbyNotice {
            let request = token.map { HandoverRequest(token: $0, asked: now, until: now.adding(seconds: 600)) }
            return StandbyNotice(member: standby, host: "s", since: now, serial: serial, request: request)
        }
        try folder.register(notice(5, "t1"))
        let kept = try AtomicFile.read("\(try epochs)/standbys/\(standby)")
        try cluster.lookAtEpochs()
        #expect(try Handover(cluster).answer(job: JobControl()).count == 2 && hookRan)
        try removeTree("\(place.path)/hook")
        try AtomicFile.write(kept, to: "\(try epochs)/standbys/\(standby)")
        #expect(try Handover(cluster).answer(job: JobControl()).isEmpty && !hookRan)
        try folder.register(notice(6, nil))
        try cluster.lookAtEpochs()
        try folder.register(notice(4, "t0"))
        #expect(try Handover(cluster).answer(job: JobControl()).isEmpty && !hookRan)
        #expect(try told("an older one"))
        try folder.register(notice(7, "t2"))
        #expect(try Handover(cluster).answer(job: JobControl()).count == 2 && hookRan)
    }

    @Test func `what is no name of a host does not reach a hook`() throws {
        try folder.register(StandbyNotice(member: "s".asInstallation, host: "s", since: clock.now(), serial: 1))
        try cluster.lookAtEpochs()
        let record = try cluster.record(
            after: 1, in: folder, owner: "s".asInstallation, ownerHost: "-oProxyCommand=$(id)\u{1B}]0;", .promotion)
        #expect(try folder.raise(record) == nil)
        try cluster.lookAtEpochs()
        let seen = String(decoding: try AtomicFile.read("\(place.path)/hook"), as: UTF8.self)
        #expect(seen.contains("HOLDFAST_EPOCH=2") && !seen.contains("OWNER"), "\(seen)")
    }

    @Test func `a forged notice of the active one is not taken over by a standby, nor an old one`() throws {
        try sites.writeStandby("b")
        try sites.start("b")
        let nightly = try PolicyChange(every: "1d", keep: "1@1d").backupPolicy(named: "nightly", target: "nas")
        _ = try Backups(cluster).createPolicy(nightly)
        let before = try AtomicFile.readIfPresent("\(try epochs)/active")
        try sites.backup("second")
        let signed = try AtomicFile.read("\(try epochs)/active")
        _ = try sites.standby("b").sync(job: JobControl())
        for forged in [Array(String(decoding: signed, as: UTF8.self).replacing("nightly", with: "forged ").utf8), before].compactMap({ $0 })
        {
            try AtomicFile.write(forged, to: "\(try epochs)/active")
            clock.advance(by: .seconds(1))
            try sites.backup("b-\(forged.count)-\(clock.now().seconds)")
            try AtomicFile.write(forged, to: "\(try epochs)/active")
            _ = try sites.standby("b").sync(job: JobControl())
            #expect(try sites.standby("b").record().notice?.policies.backups.map(\.policy.name) == ["nightly"])
        }
        try AtomicFile.write(
            Array(String(decoding: signed, as: UTF8.self).replacing("nightly", with: "forged ").utf8), to: "\(try epochs)/active")
        #expect(try sites.standby("b").status().doubts.count == 1)
        // Another policy is told; then the notice of before comes back.
        _ = try Backups(cluster).createPolicy(try PolicyChange(every: "7d", keep: "1@7d").backupPolicy(named: "weekly", target: "nas"))
        for round in ["third", "fourth"] {
            try sites.backup(round)
            if round == "fourth" { try AtomicFile.write(signed, to: "\(try epochs)/active") }
            _ = try sites.standby("b").sync(job: JobControl())
            #expect(try sites.standby("b").record().notice?.policies.backups.map(\.policy.name) == ["nightly", "weekly"])
            let told = try sites.standby("b").status().doubts.contains { $0.contains("older one than was there") }
            #expect(told == (round == "fourth"))
            #expect(try sites.site("b").health().concerns.contains { $0.message.contains("older one than was there") } == told)
        }
    }

    @Test func `records of before they were signed suspend backups until a person accepts them once`() throws {
        try sites.writeStandby("b")
        try sites.start("b")
        try sites.backup("second")
        let member = try cluster.standing().member
        // As an older Holdfast left it.
        try forgeEpoch("1", as: "1", owner: member, host: "old")
        let path = "\(place.path)/state/standing.json"
        let old = String(decoding: try AtomicFile.read(path), as: UTF8.self).replacing("\"isSigned\" : true", with: "\"isOwed\" : false")
        try AtomicFile.write(Array(old.utf8), to: path)
        for name in try FileTree.files(below: "\(try epochs)/standbys") { try forge("{\"format\": 1}", as: "standbys/\(name)") }
        #expect(try told("not signed"))
        clock.advance(by: .seconds(61))
        try cluster.lookAtEpochs()
        #expect(try cluster.standing().suspension?.reason.contains("not signed") == true)
        try snapshot("meanwhile")
        #expect(#expect(throws: Failure.self) { try sites.backup("third") }?.code == .fenced)
        let override = StandbyOverride(try cluster, acceptsUnsigned: true)
        #expect(try override.plan("upgrade").summary.lines.contains { $0.value.contains("epoch 1 is of old") })
        #expect(try override.run("upgrade").epoch == 2)
        try sites.backup("third")
        #expect(try sites.standby("b").sync(job: JobControl()).point.name.text == "third")
        try cluster.lookAtEpochs()
        let look = try folder.look()
        #expect(look.newest?.epoch == 2 && look.standbys.count == 1 && look.doubts.isEmpty)
        #expect(try cluster.standing().doubts == nil && sites.promote("b").promotion.epoch == 3)
    }
}
