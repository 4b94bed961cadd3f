import Backups
import Clusters
import HostIO
import Model
import Snapshots
import StoreContract
import TestSupport
import Testing
import WebHDFS

/// A backup of one HDFS restored into another one.
@Suite(.timeLimit(.minutes(5))) struct HDFSMoveTests {
    @Test func `an HDFS with fewer DataNodes and larger blocks takes all of it, and what had to differ is said`() throws {
        let place = try TemporaryDirectory.inMemory()
        let old = try HDFSCluster(in: place.path)
        var random = SeededRandom(named: "another HDFS")
        try old.fill(30)
        try old.put("large", bytes: random.bytes(5_000_000))
        try old.client.setReplication(of: old.at("lake/large"), 2)
        let bytes = random.bytes(3_000_000)
        _ = try bytes.withUnsafeBytes {
            try old.client.publish(old.at("lake/small-blocks"), HDFSFileOptions(blockSize: 1 << 20), parts: [$0])
        }
        try old.client.setAttribute(of: old.at("lake/year1"), HDFSAttribute(name: "user.note", value: [1, 2, 3]))
        _ = try old.initialized()
        try old.backUp("moving")
        let drill = try Backups(old.load()).drill(DrillRequest(backup: "moving", target: "nas"), job: JobControl()).report
        let lake = try #require(drill.stores.first { $0.kind == .hdfs })
        #expect(drill.verdict == .unproven && lake.verdict == .unproven && lake.bytes > 5_000_000, "\(drill.problems)\(drill.gaps)")
        #expect(lake.gaps.contains { $0.contains("no HDFS to restore into") } && lake.proofs.contains { $0.contains("as recorded") })

        let server = try HDFSServer(
            dataNodes: 1, settings: ["dfs.namenode.fs-limits.min-block-size=4194304", "dfs.blocksize=8388608"])
        let folder = try #require(HDFSPath("/new"))
        let client = try HDFSCluster.client(server, folder)
        try old.small.writeFile(
            "new.yaml", cluster: "new", release: "2.0", place: "elsewhere", state: "state-new", storage: "\(client.address)/holdfast",
            stores: ["accounts", "uploads", old.lake(client.address.description)])
        let job = JobControl()
        let restore = ClusterRestore(into: try old.load("new.yaml"), from: old.small.target)
        let outcome = try restore.run(restore.prepare("moving", without: [], job: job), job: job)
        let notes = job.drainNotes()
        #expect(notes.contains { $0.contains("had more replicas than there are DataNodes; they have 1 now") }, "\(notes)")
        #expect(notes.contains { $0.contains("1 file had blocks of a size that this HDFS refuses") }, "\(notes)")
        #expect(outcome.stores.allSatisfy { $0.check.differences == 0 && $0.changes.issues == 0 })
        let moved = try #require(HDFSPath("/new/lake"))
        #expect(try HDFSCluster.tree(client, moved) == old.tree())
        let blocks = try client.status(of: #require(HDFSPath("/new/lake/small-blocks")))
        #expect(blocks?.blockSize == 8 << 20 && blocks?.replication == 1)
        #expect(try client.attributes(of: #require(HDFSPath("/new/lake/year1"))).map(\.name) == ["user.note"])
        #expect(try client.status(of: moved)?.isSnapshottable == true)
        // It is a cluster like any other.
        let snapshots = Snapshots(try old.load("new.yaml"))
        _ = try snapshots.create(SnapshotRequest("first"), job: JobControl())
        #expect(try snapshots.validate("first", job: JobControl()).isSound)
    }

    @Test func `an HDFS without the room is refused before anything is written`() throws {
        let place = try TemporaryDirectory.inMemory()
        let old = try HDFSCluster(in: place.path)
        var random = SeededRandom(named: "no room")
        for index in 0..<8 { try old.put("large\(index)", bytes: random.bytes(8_000_000)) }
        _ = try old.initialized()
        try old.backUp("moving")
        let server = try HDFSServer(dataNodes: 1, settings: [HDFSServer.room(48 << 20), "dfs.blocksize=1048576"])
        let client = try HDFSCluster.client(server, try #require(HDFSPath("/new")))
        try old.small.writeFile(
            "new.yaml", cluster: "new", place: "elsewhere", state: "state-new", storage: "storage-new",
            stores: ["accounts", "uploads", old.lake(client.address.description)])
        let restore = ClusterRestore(into: try old.load("new.yaml"), from: old.small.target)
        #expect { _ = try restore.prepare("moving", without: [], job: JobControl()) } throws: { error in
            let failure = Failure(describing: error)
            return failure.code == .space && failure.message.contains("hdfs://")
        }
        #expect(try client.status(of: #require(HDFSPath("/new"))) == nil)
    }
}
