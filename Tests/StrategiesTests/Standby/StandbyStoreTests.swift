import Backups
import Clusters
import HostIO
import Model
import Snapshots
import Standby
import TestSupport
import Testing

/// Stores of a standby that hold nothing, that fail, or that hold less than the newest backup did.
@Suite(.timeLimit(.minutes(5))) struct StandbyStoreTests {
    private let place: TemporaryDirectory
    private let sites: StandbySites

    init() throws {
        place = try TemporaryDirectory.inMemory()
        sites = try StandbySites(in: place.path)
        try sites.writeStandby("b")
    }

    @Test func `a store that is empty is made, kept in sync and promoted`() throws {
        try removeTree("\(place.path)/srv/uploads")
        try makeDirectories("\(place.path)/srv/uploads")
        try sites.backup("first")
        let started = try sites.start("b").sync
        let areEqual = started.stores.allSatisfy(\.isEqual)
        #expect(areEqual)
        #expect(try statusOfPath("\(place.path)/b/uploads")?.kind == .directory)
        try sites.small.write("late", to: "lake/late")
        try sites.backup("second")
        let promoted = try sites.promote("b")
        #expect(promoted.point.name.text == "second" && promoted.stores.allSatisfy(\.isEqual))
        #expect(try sites.content("b") == sites.content("srv"))
    }

    @Test func `a store that fails does not keep the others back, and the same command goes on`() throws {
        try sites.backup("first")
        try sites.start("b")
        try sites.small.write("late", to: "lake/late")
        try sites.small.write("late", to: "uploads/late")
        try sites.backup("second")
        // No directory can be made where a file is.
        try removeTree("\(place.path)/b/uploads")
        try AtomicFile.write([1], to: "\(place.path)/b/uploads")
        let failure = #expect(throws: Failure.self) { try sites.promote("b") }
        #expect(failure?.summary.contains("uploads") == true, "\(String(describing: failure))")
        #expect(try sites.small.text("lake/late", place: "b") == "late", "the others are at the new point")
        try removeTree("\(place.path)/b/uploads")
        let promoted = try sites.promote("b")
        #expect(promoted.point.name.text == "second")
        #expect(try sites.content("b") == sites.content("srv"))
    }

    @Test func `the first images after a promotion are compared with what was promoted, not with the old place`() throws {
        try sites.backup("first")
        try sites.start("b")
        for number in 0..<40 { try sites.small.write("more", to: "uploads/more\(number)") }
        try sites.backup("second")
        _ = try sites.standby("b").sync(job: JobControl())
        try sites.promote("b") { $0.at = "first" }
        let cluster = try sites.site("b")
        let taken = try Snapshots(cluster).create(SnapshotRequest(name: SnapshotName("s1")), job: JobControl()).entry.manifest
        #expect(taken.isGood, "\(taken.shortcomings)")
        let target = try #require(try cluster.targets().first).name
        let backup = try Backups(cluster).create(BackupRequest(name: "third", target: target), job: JobControl()).entry.manifest
        #expect(backup.isGood, "\(backup.shortcomings)")
        let baseline = try #require(try cluster.catalogue().baseline(of: "uploads"))
        #expect(baseline.source.contains("promotion"))
    }
}
