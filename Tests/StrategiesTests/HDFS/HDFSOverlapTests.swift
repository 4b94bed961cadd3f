import Clusters
import HostIO
import Model
import TestSupport
import Testing
import WebHDFS

/// A storage in HDFS that lies in a store, or holds it, under another name of the same NameNode.
@Suite(.timeLimit(.minutes(5))) struct HDFSOverlapTests {
    @Test(arguments: ["lake/deep/holdfast", "lake", ""]) func `another name of the NameNode hides nothing`(_ storage: String) throws {
        let place = try TemporaryDirectory.inMemory()
        let cluster = try HDFSCluster(in: place.path)
        let named = cluster.address.replacing("127.0.0.1", with: "localhost")
        try cluster.small.writeFile(
            "holdfast.yaml", storage: storage.isEmpty ? named : "\(named)/\(storage)", stores: [cluster.lake(cluster.address)])
        let failure = #expect(throws: Failure.self) { try cluster.load().initialize() }
        #expect(failure?.code == .refused && failure?.message.contains("are one HDFS") == true, "\(failure?.message ?? "")")
        #expect(try cluster.client.entries(of: cluster.at("lake")).isEmpty)
    }

    @Test func `a place beside it is none of it`() throws {
        let place = try TemporaryDirectory.inMemory()
        let cluster = try HDFSCluster(in: place.path)
        let named = cluster.address.replacing("127.0.0.1", with: "localhost")
        try cluster.small.writeFile("holdfast.yaml", storage: "\(named)/lakes", stores: [cluster.lake(cluster.address)])
        _ = try cluster.load().initialize()
    }
}
