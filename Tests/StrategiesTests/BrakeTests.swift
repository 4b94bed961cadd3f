import Backups
import Clusters
import Glibc
import HostIO
import Model
import ResticFormat
import Snapshots
import TestSupport
import Testing

/// Stores that are not what they were: less, somewhere else, half restored.
@Suite(.timeLimit(.minutes(5))) struct BrakeTests {
    private let place: TemporaryDirectory
    private let small: SmallCluster
    private let clock = ManualClock(Timestamp(seconds: 1_800_000_000))

    init() throws {
        place = try TemporaryDirectory.inMemory()
        small = try SmallCluster(in: place.path)
        for index in 0..<20 { try small.write("more \(index)", to: "uploads/sub/more\(index)") }
        _ = try small.load().initialize()
    }

    private func cluster() throws -> Cluster {
        var host = Host.current()
        host.clock = clock
        return try small.load(host: host)
    }

    private func snapshots() throws -> Snapshots { Snapshots(try cluster()) }

    @discardableResult
    private func take(_ name: String, _ timeToLive: TimeToLive = .never) throws -> Manifest {
        let outcome = try snapshots().create(SnapshotRequest(name, timeToLive: timeToLive), job: JobControl())
        clock.advance(by: .seconds(60))
        return outcome.entry.manifest
    }

    @discardableResult
    private func backUp(_ name: String, of snapshot: String? = nil, _ mode: BackupMode = .full) throws -> Manifest {
        let request = BackupRequest(name: name, snapshot: snapshot, target: "nas", mode: mode)
        let outcome = try Backups(cluster()).create(request, job: JobControl())
        clock.advance(by: .seconds(60))
        return outcome.entry.manifest
    }

    private func doubts(_ manifest: Manifest, _ store: String = "uploads") -> [StoreDoubt.Kind?] {
        (manifest.store(named: store)?.doubts ?? []).map(\.kind)
    }

    private func empty() throws { try removeTree("\(place.path)/srv/uploads/sub") }

    private func refill(_ count: Int = 26) throws {
        try makeDirectories("\(place.path)/srv/uploads/sub")
        for index in 0..<count { try small.write("again \(index)", to: "uploads/sub/again\(index)") }
    }

    @Test func `a store that is suddenly empty is not good, and neither are its backups, until somebody accepts it`() throws {
        #expect(try take("full").isGood)
        try backUp("full", of: "full")
        try empty()
        let emptied = try take("emptied")
        #expect(doubts(emptied) == [.emptied] && emptied.flawedStores == ["uploads"])
        #expect(doubts(try backUp("emptied", of: "emptied")) == [.emptied])
        let concerns = try cluster().health().concerns.filter { $0.key.hasPrefix("image ") }
        #expect(concerns.map(\.key) == ["image nas uploads", "image uploads"] && concerns.allSatisfy { $0.severity == .critical })
        #expect(doubts(try take("still")) == [.emptied], "a snapshot that is not good is nothing to compare with")
        #expect(try snapshots().accept("still").isGood)
        #expect(try cluster().health().concerns.filter { $0.key == "image uploads" }.isEmpty)
        #expect(try take("after").isGood)
        #expect(try backUp("after").isGood)
    }

    @Test func `half of it being gone is told, a bit less is not, and lightweight backups are compared with lightweight ones`() throws {
        try take("full")
        try backUp("light", of: "full", .lightweight)
        for index in 0..<10 { try removeTree("\(place.path)/srv/uploads/sub/more\(index)") }
        #expect(try take("less").isGood)
        for index in 10..<20 { try removeTree("\(place.path)/srv/uploads/sub/more\(index)") }
        for index in 0..<5 { try removeTree("\(place.path)/srv/uploads/sub/file\(index)") }
        #expect(doubts(try take("far-less")) == [.shrunk])
        #expect(try backUp("whole", of: "less").isGood, "there is no full backup to compare with")
        #expect(try backUp("light-again", of: "less", .lightweight).isGood)
    }

    @Test func `a restore explains what is less since`() throws {
        try empty()
        try take("empty")
        try refill()
        try take("full")
        try backUp("full")
        let back = try snapshots()
        let prepared = try back.prepareRestore("empty", stores: nil, releaseChange: .refused, job: JobControl())
        _ = try back.restore(prepared, job: JobControl())
        clock.advance(by: .seconds(60))
        #expect(try take("after").isGood)
        #expect(try backUp("after").isGood)
        try refill(30)
        try take("grown")
        try empty()
        #expect(doubts(try take("emptied")) == [.emptied])
    }

    @Test func `the last good snapshot outlives its time while later ones are not good`() throws {
        try take("good", .seconds(600))
        try empty()
        clock.advance(by: .seconds(3600))
        for name in ["a", "b"] {
            try take(name, .seconds(60))
            clock.advance(by: .seconds(3600))
        }
        #expect(try snapshots().list().snapshots.map(\.name.text) == ["good", "b"])
        #expect(try snapshots().planDeletion(["good"]).warnings.contains { $0.contains("last good one") })
        try refill()
        try take("whole")
        clock.advance(by: .seconds(60))
        try take("next")
        #expect(try snapshots().list().snapshots.map(\.name.text) == ["whole", "next"])
    }

    @Test func `a store that is half restored is never good, and cannot be accepted`() throws {
        try take("before")
        let id = try snapshots().find("before").entry.id.hex
        try cluster().updateCatalogue { catalogue in
            catalogue.restoring = try RestoreRecord(
                snapshotID: id, name: SnapshotName("before"), began: clock.now(), safetySnapshotID: nil, stores: ["uploads"])
        }
        let half = try take("half")
        #expect(doubts(half) == [.halfRestored] && doubts(half, "lake") == [] && !half.isFlawless)
        #expect(doubts(try backUp("half")) == [.halfRestored])
        let failure = #expect(throws: Failure.self) { try snapshots().accept("half") }
        #expect(failure?.code == .refused)
        let again = try snapshots()
        _ = try again.restore(
            again.prepareRestore("before", stores: nil, releaseChange: .refused, job: JobControl()), job: JobControl())
        #expect(try take("whole").isGood)
    }

    @Test(.enabled(if: isRoot)) func `a file system that is not mounted, or another one, is told, and a restore onto it asks`() throws {
        let uploads = "\(place.path)/srv/uploads"
        let image = try MountedFileSystem.loop(.ext4, megabytes: 20)
        #expect(try ChildProcess(["cp", "-a", "\(uploads)/.", image.path]).run().succeeded)
        #expect(try ChildProcess(["mount", "--bind", image.path, uploads]).run().succeeded)
        defer { _ = try? ChildProcess(["umount", "-l", uploads]).run() }
        let mounted = try take("mounted")
        #expect(doubts(mounted) == [.elsewhere] && mounted.store(named: "uploads")?.place?.hasPrefix("ext4 ") == true)
        _ = try snapshots().accept("mounted")
        #expect(try ChildProcess(["umount", uploads]).run().succeeded)
        #expect(doubts(try take("unmounted")) == [.elsewhere])
        let plan = try snapshots().prepareRestore("mounted", stores: ["uploads"], releaseChange: .refused, job: JobControl()).plan
        #expect(plan.moved.count == 1 && plan.summary.warnings.contains(plan.moved[0]))
        _ = try snapshots().accept("unmounted")
        #expect(try take("here").isGood)
        #expect(
            try snapshots().prepareRestore("mounted", stores: ["uploads"], releaseChange: .refused, job: JobControl()).plan.moved.isEmpty)
    }
}
