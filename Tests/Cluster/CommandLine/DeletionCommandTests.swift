import HostIO
import TestSupport
import Testing

/// What deletes or forgets a cluster without anybody at a terminal.
@Suite(.timeLimit(.minutes(5))) struct DeletionCommandTests {
    private let cluster: SampleCluster
    private let before: [String: String]

    init() throws {
        cluster = try SampleCluster()
        try cluster.succeed("cluster", "init")
        try cluster.succeed("snapshot", "create", "one")
        before = try cluster.content()
    }

    @Test(arguments: [["--yes"], [], ["--confirm", "acm"], ["--confirm", ""], ["--confirm", "ACME", "--yes"]])
    func `a cluster is not deleted unless its name is said`(_ arguments: [String]) throws {
        let result = try cluster.run(["cluster", "delete"] + arguments)
        #expect(result.status == 6 && result.err.contains("--confirm acme"), "\(result)")
        #expect(try cluster.content() == before && cluster.snapshots() == ["one"])
    }

    @Test(arguments: [["--confirm", "acme"], ["--confirm=acme", "--yes"]])
    func `a cluster is deleted when its name is said`(_ arguments: [String]) throws {
        let result = try cluster.run(["cluster", "delete"] + arguments)
        #expect(result.status == 0 && result.out.contains("cluster acme is deleted"), "\(result)")
        #expect(try FileTree.files(below: cluster.root + "/uploads").isEmpty)
    }

    @Test func `a cluster is forgotten with all that it has left as it is`() throws {
        #expect(try cluster.fail("refused", 6, "cluster", "forget").contains("--yes"))
        let dry = try cluster.succeed("cluster", "forget", "--dry-run")
        #expect(dry.out.contains("\(cluster.root)/storage") && dry.out.contains("stays as it is"), "\(dry)")
        #expect(try cluster.snapshots() == ["one"])
        let forgotten = try cluster.succeed("cluster", "forget", "--yes", "--json").json("forgotten")
        #expect(Set(forgotten.keys) == ["cluster", "id", "state", "storage", "targets"])
        #expect(try cluster.content() == before)
        #expect(try cluster.fail("refused", 6, "snapshot", "ls").contains("cluster init"))
        try cluster.succeed("cluster", "init")
        #expect(try cluster.snapshots() == ["one"])
    }
}
