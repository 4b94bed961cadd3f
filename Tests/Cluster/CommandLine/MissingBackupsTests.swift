import HostIO
import ObjectStorage
import RepositoryEngine
import TestSupport
import Testing

/// Lists say by themselves that something is missing, or there again, that nobody here has touched.
@Suite(.timeLimit(.minutes(3))) struct MissingBackupsTests {
    private let cluster: SampleCluster

    init() throws {
        cluster = try SampleCluster(.init(stores: ["uploads"]))
        try cluster.succeed("cluster", "init")
        try cluster.succeed("target", "add", "nas", "nas")
        try cluster.succeed("snapshot", "create", "s1")
        for name in ["b1", "b2"] { try cluster.succeed("backup", "create", "--target", "nas", "--name", name) }
    }

    private func id(_ name: String, in key: String, _ command: String...) throws -> String {
        let list = try #require(try cluster.run(command + ["--json"]).json()[key] as? [[String: Any]])
        return try #require(list.first { $0["name"] as? String == name }?["id"] as? String)
    }

    private func copy(_ from: String, _ to: String) throws {
        try cluster.remove(to)
        let outcome = try ChildProcess(["cp", "-a", "\(cluster.root)/\(from)", "\(cluster.root)/\(to)"]).run()
        #expect(outcome.succeeded, "\(outcome.errorText)")
    }

    @Test func `a backup and a snapshot that somebody took away are named by the lists`() throws {
        try cluster.remove("nas/snapshots/\(id("b2", in: "backups", "backup", "ls"))")
        for arguments in [["backup", "ls"], ["backup", "ls", "--target", "nas"]] {
            let list = try cluster.run(arguments)
            #expect(list.status == 14 && list.out.contains("b1"), "\(list.out)\(list.err)")
            #expect(list.err.contains("b2") && list.err.contains("holdfast target accept nas"), "\(list.err)")
        }
        let doubted = try #require(try cluster.run("backup", "ls", "--json").json()["doubted"] as? [[String: Any]])
        let doubt = try #require(doubted.first?["doubt"] as? [String: Any])
        #expect(doubted.first?["target"] as? String == "nas")
        #expect((doubt["gone"] as? [[String: Any]])?.map { $0["name"] as? String } == ["b2"])
        try cluster.remove("storage/snapshots/\(id("s1", in: "snapshots", "snapshot", "ls"))")
        let snapshots = try cluster.run("snapshot", "ls")
        #expect(snapshots.status == 14 && snapshots.err.contains("s1"), "\(snapshots.err)")
        for arguments in [["target", "accept", "nas", "--yes"], ["target", "accept", "--storage", "--yes"]] {
            #expect(try cluster.run(arguments).status == 0)
        }
        for arguments in [["backup", "ls"], ["snapshot", "ls"]] { #expect(try cluster.run(arguments).status == 0) }
    }

    @Test func `an older copy of the whole target is told although all backups are in it`() throws {
        try copy("nas", "copy")
        try cluster.succeed("backup", "delete", "b1", "--target", "nas", "--yes")
        try cluster.succeed("target", "prune", "nas", "--grace", "0s", "--yes")
        #expect(try cluster.run("backup", "ls").status == 0)
        try copy("copy", "nas")
        let list = try cluster.run("backup", "ls")
        #expect(list.status == 14 && list.err.contains("there again") && list.err.contains("b1"), "\(list.err)")
        #expect(try cluster.run("target", "ls").status != 0)
        #expect(try cluster.run("status").out.contains("there again"))
        #expect(try cluster.fail("refused", 6, "target", "prune", "nas", "--yes").contains("b1"))
        try cluster.succeed("target", "accept", "nas", "--yes")
        #expect(try cluster.run("backup", "ls").status == 0)
        try cluster.succeed("target", "prune", "nas", "--grace", "0s", "--yes")
    }

    @Test func `a config that is another one than before is told`() throws {
        let config = "\(cluster.root)/nas/config"
        let bytes = try AtomicFile.read(config)
        let password = try AtomicFile.read("\(cluster.root)/password")
        let hostile = try HostileRepository(
            DirectoryStorage("\(cluster.root)/nas"),
            password: Password(String(decoding: password, as: UTF8.self).filter { !$0.isWhitespace }))
        try hostile.replaceConfig(by: hostile.plain(ObjectName(known: "config")))
        #expect(try AtomicFile.read(config) != bytes)
        let list = try cluster.run("backup", "ls")
        #expect(list.status == 14 && list.err.contains("its config is another one"), "\(list.err)")
        #expect(try cluster.run("status").out.contains("config"))
        try cluster.succeed("target", "accept", "nas", "--yes")
        #expect(try cluster.run("backup", "ls").status == 0)
    }
}
