import Backups
import Clusters
import HostIO
import Model
import ObjectStorage
import RepositoryEngine
import ResticFormat
import Snapshots
import TestSupport
import Testing

/// Dies at every change of a storage in turn, before and after it took effect, during a snapshot, a backup, deletions and a prune; then looks with
/// clean eyes: all that was listed before and not deleted is there and sound, and the same work can be done again.
@Suite struct CrashEnumerationTests {
    /// s1, s2 in the storage and b1, b2 in the target; then things change.
    private func prepare(_ root: String) throws {
        let small = try SmallCluster(in: root)
        let cluster = try small.load()
        _ = try cluster.initialize()
        _ = try Snapshots(cluster).create(SnapshotRequest("s1"), job: JobControl())
        try small.write("changed", to: "uploads/sub/file1")
        _ = try Snapshots(cluster).create(SnapshotRequest("s2"), job: JobControl())
        _ = try Backups(cluster).create(BackupRequest(name: "b1", snapshot: "s1", target: "nas"), job: JobControl())
        _ = try Backups(cluster).create(BackupRequest(name: "b2", snapshot: "s2", target: "nas"), job: JobControl())
        try small.write("changed again", to: "uploads/sub/file2")
        try small.execute("INSERT INTO account VALUES (3, 'edsger')")
    }

    /// Everything that changes a repository, once. Each part may have been done before.
    private func work(_ cluster: Cluster) throws {
        let job = JobControl()
        let snapshots = Snapshots(cluster)
        let backups = Backups(cluster)
        if try !snapshots.list().snapshots.contains(where: { $0.name.text == "s3" }) {
            _ = try snapshots.create(SnapshotRequest("s3"), job: job)
        }
        if try !backups.list(in: "nas").entries.contains(where: { $0.manifest.name.text == "b3" }) {
            _ = try backups.create(BackupRequest(name: "b3", snapshot: "s3", target: "nas", mode: .lightweight), job: job)
        }
        if try backups.list(in: "nas").entries.contains(where: { $0.manifest.name.text == "b1" }) { try backups.delete(["b1"], in: "nas") }
        _ = try backups.prune("nas", PruneOptions(grace: 0, tolerableWaste: 0), job: job)
        if try snapshots.list().snapshots.contains(where: { $0.name.text == "s1" }) { _ = try snapshots.delete(["s1"], job: job) }
    }

    private func copy(_ from: String, to: String) throws {
        let outcome = try ChildProcess(["cp", "-a", from, to]).run()
        #expect(outcome.succeeded)
    }

    /// Changes that the undisturbed work makes in each of the two places.
    private func countChanges(_ base: String, _ place: TemporaryDirectory) throws -> [String: Int] {
        let root = place.file("count")
        try copy(base, to: root)
        let small = SmallCluster(at: root)
        try work(try small.load())
        defer { try? removeTree(root) }
        return ["storage": small.storages.at(small.storage).changeCount, "nas": small.storages.at(small.target).changeCount]
    }

    @Test(.timeLimit(.minutes(10)), arguments: ["storage", "nas"]) func whatWasListedSurvivesADeathAtAnyChangeOfAStorage(_ folder: String)
        throws
    {
        let place = try TemporaryDirectory.inMemory()
        let base = place.file("base")
        try makeDirectories(base)
        try prepare(base)
        let changes = try countChanges(base, place)[folder] ?? 0
        #expect(changes > 10)
        for ordinal in drawn(Array(1...max(1, changes)), oneIn: 3, "deaths in \(folder)") {
            for effectTaken in [false, true] {
                let root = place.file("run")
                try copy(base, to: root)
                defer { try? removeTree(root) }
                try die(in: root, folder, at: ordinal, effectTaken: effectTaken)
                try examine(root, "\(folder) \(ordinal)\(effectTaken ? " after" : "")", withRestic: ordinal % 7 == 0)
            }
        }
        print("died at \(isLongRun ? "each" : "a third") of \(changes) changes of \(folder), before and after")
    }

    private func die(in root: String, _ folder: String, at ordinal: Int, effectTaken: Bool) throws {
        let small = SmallCluster(at: root)
        let storage = small.storages.at("\(root)/\(folder)")
        storage.crash(atChange: ordinal, effectTaken: effectTaken)
        // The locks that it leaves behind are those of a process that is no more.
        var host = Host.current()
        host.processID = Int32.max
        do {
            try work(try small.load(host: host))
            // A removal of a lock that is let go may fail unnoticed; anything else is told.
            #expect(!storage.hasCrashed || storage.log.last { $0.isChange }?.object.hasPrefix("locks/") == true)
        } catch {
            let failure = Failure(describing: error)
            #expect(failure.code != .internal, "\(failure)")
        }
    }

    private func examine(_ root: String, _ moment: String, withRestic: Bool) throws {
        let small = SmallCluster(at: root)
        let cluster = try small.load()
        for path in [small.storage, small.target] {
            let repository = try cluster.open(path)
            expectSound(repository, moment)
            if withRestic, Restic.isInstalled { try small.expectResticAgrees(path, moment) }
        }
        let snapshots = try Snapshots(cluster).list()
        #expect(snapshots.damaged.isEmpty, "\(moment): \(snapshots.damaged)")
        #expect(Set(snapshots.snapshots.map(\.name.text)).isSuperset(of: ["s2"]), "\(moment)")
        #expect(try Set(Backups(cluster).list(in: "nas").entries.map(\.manifest.name.text)).isSuperset(of: ["b2"]), "\(moment)")
        try work(cluster)
        #expect(try Set(Snapshots(cluster).list().snapshots.map(\.name.text)) == ["s2", "s3"], "\(moment)")
        #expect(try Set(Backups(cluster).list(in: "nas").entries.map(\.manifest.name.text)) == ["b2", "b3"], "\(moment)")
        for path in [small.storage, small.target] { expectSound(try cluster.open(path), "\(moment), done again") }
    }
}
