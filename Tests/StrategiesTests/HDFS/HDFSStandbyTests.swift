import Backups
import Clusters
import HostIO
import Model
import Snapshots
import Standby
import StoreContract
import TestSupport
import Testing
import WebHDFS

/// A standby whose lake and whose points lie in another folder of HDFS.
@Suite(.timeLimit(.minutes(5))) struct HDFSStandbyTests {
    @Test func `a standby follows a lake in HDFS by what changed, and serves it when it is promoted`() throws {
        let place = try TemporaryDirectory.inMemory()
        let primary = try HDFSCluster(in: place.path)
        var random = SeededRandom(named: "standby of a lake")
        try primary.fill(30)
        try primary.put("large", bytes: random.bytes(2_000_000))
        _ = try primary.initialized()
        try primary.backUp("first")
        let folder = try #require(HDFSPath(primary.server.folder("standby")))
        let client = try HDFSCluster.client(primary.server, folder)
        try primary.small.writeFile(
            "b.yaml", place: "b", state: "b-state", storage: "\(client.address)/holdfast",
            stores: ["accounts", "uploads", primary.lake(client.address.description)])
        let standby = OfflineStandby(try primary.load("b.yaml"))
        let started = try standby.start(standby.prepareStart(from: primary.small.target, of: "acme"), job: JobControl()).sync
        let lake = try #require(folder.appending(relative: "lake"))
        #expect(try HDFSCluster.tree(client, lake) == primary.tree() && started.stores.allSatisfy(\.isEqual))

        try primary.put("year1/part-11", "another row\n")
        try primary.put("late", "12345678")
        _ = try primary.client.remove(primary.at("lake/year2/part-25"))
        try primary.backUp("second")
        let kept = try client.status(of: #require(lake.appending(relative: "large")))
        let synced = try standby.sync(job: JobControl())
        #expect(try HDFSCluster.tree(client, lake) == primary.tree())
        #expect(synced.stores.first { $0.name == "lake" }?.changes.bytesWritten == 20, "\(synced.stores)")
        #expect(try client.status(of: #require(lake.appending(relative: "large")))?.fileID == kept?.fileID)
        #expect(synced.bytesFetched < started.bytesFetched / 10, "\(synced.bytesFetched) of \(started.bytesFetched)")

        let promoted = try standby.promote(standby.preparePromotion(PromotionRequest()), job: JobControl())
        #expect(promoted.point.name.text == "second" && promoted.stores.map(\.name) == ["uploads"], "what is as it was is not written")
        let cluster = try primary.load("b.yaml")
        #expect(try cluster.standing().role == .active && HDFSCluster.tree(client, lake) == primary.tree())
        let target = try #require(try cluster.targets().first).name
        let backup = try Backups(cluster).create(BackupRequest(target: target), job: JobControl())
        #expect(backup.entry.manifest.store(named: "lake")?.issues == 0)
    }
}
