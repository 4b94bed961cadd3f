import Backups
import Clusters
import HostIO
import Model
import RepositoryEngine
import ResticFormat
import Snapshots
import TestSupport
import Testing

/// What a restore stands on and what leads back from it is not taken away by the restore itself, by time, or by others in the same storage.
@Suite(.timeLimit(.minutes(5))) struct WayBackTests {
    private let place: TemporaryDirectory
    private let small: SmallCluster
    private let clock = ManualClock(Timestamp(seconds: 1_800_000_000))

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

    private func names() throws -> [String] { try snapshots().list().snapshots.map(\.name.text) }

    private func prepare(_ name: String) throws -> PreparedRestore {
        try snapshots().prepareRestore(name, stores: nil, releaseChange: .refused, job: JobControl())
    }

    @Test func restoringASnapshotWhoseTimeIsOverKeepsIt() throws {
        _ = try snapshots().create(SnapshotRequest("old", timeToLive: .seconds(10)), job: JobControl())
        try small.write("changed", to: "uploads/sub/file1")
        clock.advance(by: .seconds(60))
        _ = try snapshots().restore(try prepare("old"), job: JobControl())
        #expect(try names().contains("old"))
        #expect(try small.text("uploads/sub/file1") == "upload 1")
        clock.advance(by: .seconds(60))
        _ = try snapshots().create(SnapshotRequest("next"), job: JobControl())
        #expect(try !names().contains("old"))
    }

    @Test func undoAfterARestoreThatWentOnGoesBackToBeforeItBegan() throws {
        _ = try snapshots().create(SnapshotRequest("base"), job: JobControl())
        try small.write("mine", to: "uploads/sub/file1")
        let prepared = try prepare("base")
        let first = try snapshots().restore(prepared, job: JobControl()).safety
        // As a restore leaves it that died after its last store but one.
        let cluster = try snapshots().cluster
        let safety = try #require(try cluster.catalogue().safety)
        try cluster.updateCatalogue { catalogue in
            catalogue.restoring = RestoreRecord(
                snapshotID: prepared.entry.id.hex, name: prepared.plan.snapshot, began: clock.now(), safetySnapshotID: safety.snapshotID,
                stores: prepared.plan.stores.map(\.store))
        }
        try small.write("half", to: "lake/facts.dat")
        clock.advance(by: .seconds(30 * 86_400))
        let again = try prepare("base")
        #expect(again.plan.warnings.contains { $0.contains("goes on") })
        let outcome = try snapshots().restore(again, job: JobControl())
        #expect(outcome.safety == first)
        #expect(try small.text("uploads/sub/file1") == "upload 1")
        #expect(try snapshots().cluster.catalogue().restoring == nil)
        _ = try snapshots().restore(try snapshots().prepareUndo(job: JobControl()), job: JobControl())
        #expect(try small.text("uploads/sub/file1") == "mine")
    }

    @Test func aSnapshotThatWasDeletedWhileItsPlanWasReadIsNotRestored() throws {
        _ = try snapshots().create(SnapshotRequest("base"), job: JobControl())
        try small.write("mine", to: "uploads/sub/file1")
        let prepared = try prepare("base")
        _ = try snapshots().delete(["base"], job: JobControl())
        #expect { _ = try snapshots().restore(prepared, job: JobControl()) } throws: { ($0 as? Failure)?.code == .notFound }
        #expect(try small.text("uploads/sub/file1") == "mine")
        #expect(try names().isEmpty)
    }

    @Test func aStorageInWhichOthersKeepSnapshotsIsNotDeletedWithTheCluster() throws {
        let cluster = try snapshots().cluster
        _ = try snapshots().create(SnapshotRequest("base"), job: JobControl())
        let own = try #require(try snapshots().list().snapshots.first)
        var foreign = own.entry.file
        foreign.tags = ["daily"]
        let id = try cluster.storage().save(foreign)
        #expect { _ = try cluster.planDeletion() } throws: { ($0 as? Failure)?.code == .refused }
        #expect { try cluster.delete(job: JobControl()) } throws: { ($0 as? Failure)?.code == .refused }
        #expect(try small.text("uploads/sub/file1") == "upload 1")
        try cluster.storage().removeSnapshot(id)
        try cluster.delete(job: JobControl())
        #expect(try small.text("uploads/sub/file1") == nil)
    }

    @Test func aDamagedDatabaseIsSavedAsItIsBeforeItIsRestored() throws {
        try small.execute(
            "WITH RECURSIVE c(x) AS (SELECT 10 UNION ALL SELECT x + 1 FROM c WHERE x < 9000) INSERT INTO account SELECT x, hex(x) FROM c")
        try small.execute("PRAGMA journal_mode=DELETE")
        _ = try snapshots().create(SnapshotRequest("base"), job: JobControl())
        let path = "\(place.path)/srv/accounts.db"
        var bytes = try AtomicFile.read(path)
        for offset in 4096..<min(20_000, bytes.count) { bytes[offset] = 0xFF }
        try AtomicFile.write(bytes, to: path)
        try small.write("mine", to: "uploads/sub/file1")
        let manifest = try snapshots().create(SnapshotRequest("no"), job: JobControl()).entry.manifest
        #expect(!manifest.isGood && manifest.store(named: "accounts")?.doubts?.map(\.kind) == [.damaged])
        _ = try snapshots().restore(try prepare("base"), job: JobControl())
        #expect(try small.rows() == 8993)
        #expect(try small.text("uploads/sub/file1") == "upload 1")
        #expect(try Set(snapshots().cluster.catalogue().safety?.stores ?? []) == ["accounts", "uploads", "lake"])
    }

    @Test func aDatabaseThatCannotBeReadIsRestoredThoughNoSafetySnapshotOfItIsPossible() throws {
        _ = try snapshots().create(SnapshotRequest("base"), job: JobControl())
        let path = "\(place.path)/srv/accounts.db"
        try removeTree(path)
        try makeDirectories(path)
        try small.write("mine", to: "uploads/sub/file1")
        #expect { _ = try snapshots().create(SnapshotRequest("no"), job: JobControl()) } throws: { Failure(describing: $0).code == .store }
        try removeTree(path)
        _ = try snapshots().restore(try prepare("base"), job: JobControl())
        #expect(try small.rows() == 2)
        #expect(try small.text("uploads/sub/file1") == "upload 1")
        #expect(try snapshots().cluster.catalogue().safety?.stores == ["uploads", "lake"])
    }

    @Test func aClusterIsNotDeletedWithAWrongPassword() throws {
        _ = try snapshots().create(SnapshotRequest("base"), job: JobControl())
        try AtomicFile.write(Array("wrong\n".utf8), to: "\(place.path)/password")
        #expect { _ = try snapshots().cluster.planDeletion() } throws: { Failure(describing: $0).code == .password }
        #expect { try snapshots().cluster.delete(job: JobControl()) } throws: { Failure(describing: $0).code == .password }
        #expect(try small.text("uploads/sub/file1") == "upload 1")
    }

    @Test func anInterruptedClusterRestoreGoesOnOnlyWhereItBegan() throws {
        _ = try snapshots().create(SnapshotRequest("base"), job: JobControl())
        _ = try Backups(try small.load()).create(BackupRequest(name: "b", snapshot: "base", target: "nas"), job: JobControl())
        try small.writeFile("new.yaml", place: "new", state: "new-state", storage: "new-storage")
        let first = ClusterRestore(into: try small.load("new.yaml"), from: small.target)
        let prepared = try first.prepare("b", without: [], job: JobControl())
        _ = try first.run(prepared, job: JobControl())
        // As it is left by a death in the middle.
        try first.cluster.updateCatalogue { catalogue in
            catalogue.restoring = RestoreRecord(
                snapshotID: prepared.entry.id.hex, name: prepared.entry.manifest.name, began: clock.now(), safetySnapshotID: nil,
                stores: ["accounts", "lake", "uploads"],
                places: first.cluster.file.stores.reduce(into: [:]) { $0[$1.name] = $1.path })
        }
        try AtomicFile.write(Array("half".utf8), to: "\(place.path)/new/lake/facts.dat")
        try makeDirectories("\(place.path)/elsewhere/lake")
        try AtomicFile.write(Array("precious".utf8), to: "\(place.path)/elsewhere/lake/precious")
        try small.writeFile("moved.yaml", place: "elsewhere", state: "new-state", storage: "new-storage")
        let moved = ClusterRestore(into: try small.load("moved.yaml"), from: small.target)
        #expect { _ = try moved.prepare("b", without: [], job: JobControl()) } throws: { ($0 as? Failure)?.code == .refused }
        let again = ClusterRestore(into: try small.load("new.yaml"), from: small.target)
        _ = try again.run(try again.prepare("b", without: [], job: JobControl()), job: JobControl())
        #expect(try small.text("lake/facts.dat", place: "new") == small.text("lake/facts.dat"))
        #expect(try again.cluster.catalogue().restoring == nil)
    }

    @Test func snapshotsThatAreTakenOverAreKeptUntilSomebodyHasLooked() throws {
        _ = try snapshots().create(SnapshotRequest("old", timeToLive: .seconds(10)), job: JobControl())
        _ = try snapshots().setPinned("old", .pin)
        clock.advance(by: .seconds(3600))
        try removeTree("\(place.path)/state")
        #expect(try snapshots().cluster.initialize().adoptedSnapshots == 1)
        _ = try snapshots().create(SnapshotRequest("next"), job: JobControl())
        #expect(try names() == ["old", "next"])
    }
}
