import Backups
import Clusters
import HostIO
import Model
import Snapshots
import TestSupport
import Testing
import WebHDFS

/// Files of a real HDFS whose blocks a DataNode has lost, and stores that hold nothing.
@Suite(.serialized, .timeLimit(.minutes(10))) struct HDFSLostBlockTests {
    private let place: TemporaryDirectory
    private let server: HDFSServer
    private let cluster: HDFSCluster

    init() throws {
        place = try TemporaryDirectory.inMemory()
        server = try HDFSServer(dataNodes: 1)
        cluster = try HDFSCluster(in: place.path, server)
    }

    /// As a disk does that loses files: nobody tells the NameNode.
    private func loseBlocks(of name: String) throws {
        let blocks = try #require(try cluster.client.blocks(of: cluster.at("lake/\(name)")))
        #expect(!blocks.isEmpty)
        for block in blocks {
            for pattern in ["blk_\(block.id)", "blk_\(block.id)_*"] {
                let outcome = try ChildProcess(["find", server.directory, "-name", pattern, "-delete", "-print"]).run()
                #expect(outcome.succeeded && !outcome.outputText.isEmpty, "\(outcome)")
            }
        }
    }

    private func lake(_ manifest: Manifest) throws -> StoreRecord { try #require(manifest.store(named: "lake")) }

    @Test func `a file with a lost block is named, in a bounded time, in every backup, and none of them is good`() throws {
        for name in ["a", "b", "c", "d"] { try cluster.put(name, "content of \(name)") }
        _ = try cluster.initialized()
        try cluster.snapshot("s1")
        for name in ["b", "c"] { try loseBlocks(of: name) }
        for (backup, fresh) in [("b1", "e"), ("b2", "f")] {
            let clock = SystemClock()
            let start = clock.monotonicNanoseconds()
            let manifest = try cluster.backUp(backup).entry.manifest
            let seconds = Double(clock.monotonicNanoseconds() &- start) / 1e9
            #expect(seconds < 45, "\(seconds) s for \(backup)")
            let record = try lake(manifest)
            #expect(record.unreadable == 2 && !manifest.isGood, "\(record.completeness.words)")
            let words = manifest.shortcomings.joined(separator: " ")
            #expect(words.contains("lake: 2 entries could not be read (") && words.contains("b: "), "\(words)")
            try cluster.put(fresh, fresh)
        }
        #expect(try cluster.load().catalogue().policies.backups.isEmpty)
    }

    @Test func `a lake that is empty is made where it is restored to, and where a restore finds it gone`() throws {
        _ = try cluster.initialized()
        try cluster.snapshot("s1")
        try cluster.backUp("b1")
        let folder = cluster.server.folder("restored")
        let client = try HDFSCluster.client(server, try #require(HDFSPath(folder)))
        try cluster.small.writeFile(
            "other.yaml", cluster: "other", place: "elsewhere", state: "state-other", storage: "storage-other",
            stores: ["accounts", "uploads", cluster.lake(client.address.description)])
        let restore = ClusterRestore(into: try cluster.load("other.yaml"), from: cluster.small.target)
        let outcome = try restore.run(restore.prepare("b1", without: [], job: JobControl()), job: JobControl())
        let areEqual = outcome.stores.allSatisfy(\.isEqual)
        #expect(areEqual)
        #expect(try client.status(of: #require(HDFSPath("\(folder)/lake")))?.kind == .directory)
    }
}
