import Glibc
import HostIO
import TestSupport
import Testing

/// Two clusters that share a target, and a target that is gone, on the command line.
@Suite(.timeLimit(.minutes(5))) struct SharedTargetCommandTests {
    private let acme: SampleCluster
    private let shop: SampleCluster

    init() throws {
        acme = try SampleCluster()
        shop = try SampleCluster(in: acme.folder, at: "b", .init(name: "shop", password: "../a/password"))
        for cluster in [acme, shop] {
            try cluster.succeed("cluster", "init")
            try cluster.succeed("target", "add", "nas", "../nas")
            try cluster.succeed("backup", "create", "--name", "x1")
        }
    }

    @Test func `each lists its own, counts the others', and shows them when asked`() throws {
        let list = try acme.succeed("backup", "ls", "--json").json()
        let own = try #require(list["backups"] as? [[String: Any]])
        #expect(own.map { $0["cluster"] as? String } == ["acme"] && own.first?["clusterID"] is String)
        let others = try #require(list["otherClusters"] as? [[String: Any]])
        #expect(others.map { $0["cluster"] as? String } == ["shop"] && others.first?["backups"] as? Int == 1)
        #expect(try acme.succeed("backup", "ls").out.contains("1 more of other clusters (shop 1)"))
        let all = try #require(try acme.succeed("backup", "ls", "--all-clusters", "--json").json()["backups"] as? [[String: Any]])
        #expect(Set(all.compactMap { $0["cluster"] as? String }) == ["acme", "shop"])
        let foreign = try #require(all.first { $0["cluster"] as? String == "shop" }?["id"] as? String)
        #expect(try acme.succeed("backup", "ls", "--all-clusters").out.contains(foreign.prefix(8)))
        #expect(try acme.succeed("backup", "verify", foreign).out.contains("of cluster shop"))
        let plan = try acme.succeed("backup", "delete", foreign, "--dry-run")
        #expect(plan.out.contains("of the cluster shop"), "\(plan)")
        #expect(try shop.fail("refused", 6, "backup", "delete", "x1", "--yes").contains("--confirm shop"))
        #expect(try shop.fail("refused", 6, "backup", "delete", "x1", "--confirm", "acme").contains("--confirm shop"))
        #expect(try shop.succeed("backup", "delete", "x1", "--dry-run").out.contains("no good backup of accounts"))
        try shop.succeed("backup", "delete", "x1", "--confirm", "shop")
        #expect(try acme.backups() == ["x1"] && shop.backups() == [])
        #expect(try shop.fail("not-found", 4, "backup", "delete", "x1", "--yes").contains("acme"))
    }

    @Test func `one dead target does not hide the backups of the others`() throws {
        try acme.succeed("target", "add", "spare", "spare")
        try acme.remove("spare")
        let result = try acme.run("backup", "ls", "--json")
        #expect(result.status == 14, "\(result)")
        let list = try result.json()
        #expect((list["backups"] as? [[String: Any]])?.count == 1)
        let dead = try #require(list["unreachable"] as? [[String: Any]])
        #expect(dead.map { $0["target"] as? String } == ["spare"] && dead.first?["code"] as? String == "storage")
        #expect(try acme.run("backup", "ls").err.contains("target spare is not listed"))
        #expect(try acme.fail("storage", 10, "backup", "ls", "--target", "spare").contains("spare"))
        #expect(rename(acme.folder.file("nas"), acme.folder.file("away")) == 0)
        #expect(try acme.run("backup", "ls").status == 10)
    }
}
