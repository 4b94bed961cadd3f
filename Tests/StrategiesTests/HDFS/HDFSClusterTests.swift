import Backups
import Clusters
import HostIO
import Model
import RepositoryEngine
import Snapshots
import StoreContract
import TestSupport
import Testing
import WebHDFS

/// All strategies with a lake in a real HDFS, and the cluster's storage there too.
@Suite(.timeLimit(.minutes(10))) struct HDFSClusterTests {
    private let place: TemporaryDirectory
    private let cluster: HDFSCluster

    init() throws {
        place = try TemporaryDirectory.inMemory()
        cluster = try HDFSCluster(in: place.path)
        try cluster.fill(60)
        _ = try cluster.initialized()
    }

    @Test func `a snapshot lies in HDFS with all that it needs, and a restore of it brings everything back`() throws {
        let before = try cluster.tree()
        let taken = try cluster.snapshot("base").entry.manifest
        #expect(taken.store(named: "lake")?.image == .native && taken.store(named: "lake")?.entries == 66)
        #expect(taken.store(named: "uploads")?.image == .archived)
        #expect(try cluster.images().count == 1)
        #expect(try statusOfPath(cluster.small.storage) == nil)
        try cluster.put("year0/part-0", "changed")
        try cluster.client.remove(cluster.at("lake/year1"), .tree)
        try cluster.client.rename(cluster.at("lake/year2"), to: cluster.at("lake/moved"))
        try cluster.small.write("changed", to: "uploads/sub/file1")
        try cluster.small.execute("DELETE FROM account")
        let outcome = try cluster.restore("base")
        #expect(outcome.stores.allSatisfy { $0.check.differences == 0 })
        #expect(try cluster.tree() == before)
        #expect(try cluster.small.text("uploads/sub/file1") == "upload 1")
        #expect(try cluster.small.rows() == 2)
        let snapshots = Snapshots(try cluster.load())
        _ = try snapshots.restore(snapshots.prepareUndo(job: JobControl()), job: JobControl())
        #expect(try cluster.tree().contains { $0.hasPrefix("moved/part-20 ") })
        #expect(try snapshots.validate("base", job: JobControl()).isSound)
    }

    @Test func `the second backup asks HDFS for what has changed and for nothing else`() throws {
        try cluster.backUp("first")
        for index in 0..<3 { try cluster.put("year3/part-3\(index)", "changed \(index)") }
        try cluster.put("year9/new", "new")
        try cluster.client.rename(cluster.at("lake/year4"), to: cluster.at("lake/year44"))
        try cluster.client.remove(cluster.at("lake/year5/part-50"))
        let folder = "\(cluster.folder)/lake/.snapshot/holdfast-"
        let listings = try cluster.server.audit("cmd=listStatus", folder).count
        let opens = try cluster.server.audit("cmd=open", folder).count
        let outcome = try cluster.backUp("second")
        let record = try #require(outcome.entry.manifest.store(named: "lake"))
        #expect(record.fullWalk == nil && record.entries == 67)
        // The root, and the directories in which something is new or gone.
        #expect(try cluster.server.audit("cmd=listStatus", folder).count - listings == 4)
        // Each is asked for twice: by Holdfast, and by the DataNode that it is sent to.
        #expect(try cluster.server.audit("cmd=open", folder).count - opens == 8)
        try expectRestorable("second")
        try cluster.small.expectResticAgrees(cluster.small.target, "after two backups")
    }

    @Test func `HDFS keeps the one snapshot that the next backup is compared with, whatever becomes of its own`() throws {
        try cluster.snapshot("s1")
        try cluster.backUp("first", of: "s1")
        try cluster.snapshot("s2")
        _ = try Snapshots(cluster.load()).delete(["s1"], job: JobControl())
        #expect(try cluster.images().count == 2)
        try cluster.put("year0/part-0", "changed")
        let second = try cluster.backUp("second", of: "s2")
        #expect(second.entry.manifest.store(named: "lake")?.fullWalk == nil)
        // That of s1 has gone with the backup that took its place.
        #expect(try cluster.images().count == 1)
        try expectRestorable("first", differing: true)
    }

    @Test(arguments: [BackupMode.full, .dataless])
    func `where the chain is broken, all is walked and said to be`(_ mode: BackupMode) throws {
        try cluster.backUp("first", mode: mode)
        let image = try #require(try cluster.images().first)
        try cluster.client.deleteSnapshot(of: cluster.at("lake"), named: image)
        try cluster.put("year0/part-0", "changed")
        let job = JobControl()
        let outcome = try Backups(cluster.load()).create(BackupRequest(name: "second", target: "nas", mode: mode), job: job)
        let reason = try #require(outcome.entry.manifest.store(named: "lake")?.fullWalk)
        #expect(reason.contains(image))
        #expect(job.drainNotes().contains { $0.contains("lake: all of it is walked: \(reason)") })
        #expect(try Backups(cluster.load()).find("second", in: "nas").manifest.store(named: "lake")?.fullWalk == reason)
        let third = try cluster.backUp("third", mode: mode)
        #expect(third.entry.manifest.store(named: "lake")?.fullWalk == nil)
        if mode == .full { try expectRestorable("third") }
    }

    @Test func `a snapshot that is older than the last backup, or that very one, is backed up as it was`() throws {
        try cluster.snapshot("s1")
        let first = try cluster.tree()
        try cluster.put("year0/part-0", "changed")
        try cluster.client.rename(cluster.at("lake/year1"), to: cluster.at("lake/moved"))
        try cluster.backUp("newer")
        let older = try cluster.backUp("older", of: "s1")
        #expect(older.entry.manifest.store(named: "lake")?.fullWalk?.contains("newer, shows a later state") == true)
        let again = try cluster.backUp("again", of: "s1")
        #expect(again.entry.manifest.store(named: "lake")?.fullWalk == nil)
        for name in ["older", "again"] {
            let (client, path) = try restored(name)
            #expect(try HDFSCluster.tree(client, path) == first)
        }
        try expectRestorable("newer")
    }

    @Test func `a dataless backup has the directories as they are now`() throws {
        try cluster.backUp("first", mode: .dataless)
        try cluster.client.makeDirectories(cluster.at("lake/year3/deep"))
        try cluster.client.remove(cluster.at("lake/year5"), .tree)
        let record = try #require(try cluster.backUp("second", mode: .dataless).entry.manifest.store(named: "lake"))
        #expect(record.fullWalk == nil && record.bytes == 0 && record.entries == 6 && record.reload.first?.count == 50)
        let target = try restored("second")
        #expect(
            try HDFSCluster.tree(target.0, target.1).map { $0.prefix { $0 != " " } } == [
                "year0", "year1", "year2", "year3", "year3/deep", "year4",
            ])
    }

    @Test func `a cluster that is deleted leaves nothing of its own in HDFS, and can be restored from a backup`() throws {
        try cluster.backUp("first")
        let before = try cluster.tree()
        let doomed = try cluster.load()
        #expect(try doomed.planDeletion().snapshots == 1)
        try doomed.delete(job: JobControl())
        #expect(try cluster.tree("").map { $0.prefix { $0 != " " } } == ["holdfast", "lake"])
        let restore = ClusterRestore(into: try cluster.load(), from: cluster.small.target)
        let prepared = try restore.prepare("first", without: [], job: JobControl())
        #expect(prepared.plan.checks.contains { $0.contains("free at hdfs://") })
        _ = try restore.run(prepared, job: JobControl())
        #expect(try cluster.tree() == before)
        try cluster.snapshot("again")
    }

    /// The lake of a backup in a directory of its own.
    private func restored(_ name: String) throws -> (HDFSClient, HDFSPath) {
        let folder = cluster.server.folder("restored")
        let client = try HDFSCluster.client(cluster.server, try #require(HDFSPath(folder)))
        let lake = cluster.lake(client.address.description)
        try cluster.small.writeFile(
            "\(name).yaml", cluster: "other", place: "elsewhere-\(name)", state: "state-\(name)", storage: "\(client.address)/holdfast",
            stores: ["accounts", "uploads", lake])
        let restore = ClusterRestore(into: try cluster.load("\(name).yaml"), from: cluster.small.target)
        _ = try restore.run(restore.prepare(name, without: [], job: JobControl()), job: JobControl())
        return (client, try #require(HDFSPath("\(folder)/lake")))
    }

    /// In another place it is what the lake is now.
    private func expectRestorable(_ name: String, differing: Bool = false) throws {
        let (client, path) = try restored(name)
        #expect(try (HDFSCluster.tree(client, path) == cluster.tree()) != differing)
    }
}
