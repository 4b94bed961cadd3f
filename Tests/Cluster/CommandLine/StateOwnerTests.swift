import Glibc
import HostIO
import TestSupport
import Testing

private let isRoot = geteuid() == 0

/// Commands by root in a cluster that belongs to another user.
@Suite(.enabled(if: isRoot), .timeLimit(.minutes(5))) struct StateOwnerTests {
    private static let user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]

    /// The cluster file is root's, all that it names the user's.
    private func ready() throws -> SampleCluster {
        let cluster = try SampleCluster(
            in: TemporaryDirectory(),
            .init(
                password: "own/password", storage: "own/storage", state: "own/state", stores: ["uploads", "lake"],
                more: "targets: [{name: nas, path: own/nas}]"))
        try makeDirectories(cluster.root + "/own")
        #expect(chmod(cluster.root, 0o755) == 0 && chmod(cluster.file, 0o644) == 0)
        var folder = Path.parent(cluster.root)
        while folder.count > 1 {
            if let mode = try statusOfPath(folder)?.permissions { #expect(chmod(folder, mode | 0o111) == 0) }
            folder = Path.parent(folder)
        }
        try run(["chown", "-R", "65534:65534"] + ["own", "uploads", "lake"].map { cluster.root + "/" + $0 })
        for command in [["cluster", "init"], ["snapshot", "create", "s1"]] { try works(command, cluster) }
        return cluster
    }

    @discardableResult
    private func run(_ arguments: [String], in folder: String? = nil) throws -> String {
        let outcome = try ChildProcess(arguments, workingDirectory: folder).run()
        guard outcome.succeeded else { throw ToolFailed(arguments: arguments, outcome: outcome) }
        return outcome.outputText
    }

    private func works(_ command: [String], _ cluster: SampleCluster, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let result = try cluster.run(command, wrapper: Self.user)
        #expect(result.status == 0, "\(command): \(result.out)\(result.err)", sourceLocation: sourceLocation)
    }

    @Test func `whatever root does there, everything stays the user's, and the user goes on`() throws {
        let cluster = try ready()
        for command in [
            ["snapshot", "create", "s2"], ["backup", "create", "--name", "b1"], ["backup", "drill", "b1"],
            ["backup", "policy", "create", "nightly", "--target", "nas", "--every", "1d", "--keep", "2@1d"],
            ["snapshot", "restore", "s1", "--yes"],
            ["target", "add", "second", "own/second"], ["backup", "create", "--target", "second", "--name", "c1"], ["serve", "--once"],
            ["target", "prune", "nas", "--grace", "0s", "--yes"], ["target", "analyze", "nas"],
        ] {
            let result = try cluster.run(command)
            #expect([0, 14].contains(result.status), "\(command): \(result.out)\(result.err)")
        }
        #expect(try run(["find", "own", "!", "-user", "65534"], in: cluster.root).isEmpty)
        #expect(try run(["find", "own", "!", "-group", "65534"], in: cluster.root).isEmpty)
        for command in [
            ["snapshot", "create", "s3"], ["backup", "create", "--target", "nas", "--name", "b2"],
            ["backup", "drill", "b1", "--target", "nas"],
            ["backup", "verify", "c1", "--target", "second", "--read-data"], ["snapshot", "delete", "s2", "--yes"],
            ["target", "prune", "nas", "--grace", "0s", "--yes"], ["jobs"], ["serve", "--once"],
        ] { try works(command, cluster) }
    }

    @Test func `what the user puts in the place of a lock is neither written to nor given away`() throws {
        let cluster = try ready()
        let victim = cluster.root + "-victim"
        let text = Array("root's own".utf8)
        for put in [["ln", "-s", victim], ["ln", victim]] {
            for name in ["lock", "backup.lock", "drill.lock"] {
                try AtomicFile.write(text, to: victim)
                let place = cluster.root + "/own/state/" + name
                try removeTree(place)
                try run(put + [place])
                let command = name == "drill.lock" ? ["backup", "drill", "latest"] : ["backup", "create", "--target", "nas"]
                #expect(try cluster.run(command).status != 0)
                #expect(try AtomicFile.read(victim) == text)
                #expect(try statusOfPath(victim)?.uid == 0)
                try removeTree(place)
            }
        }
        try works(["backup", "create", "--name", "b"], cluster)
    }

    @Test func `a directory of jobs that is a link elsewhere is not followed, and nothing is kept from being done`() throws {
        let cluster = try ready()
        let elsewhere = try cluster.folder.folder("elsewhere")
        try removeTree(cluster.root + "/own/state/jobs")
        try run(["ln", "-s", elsewhere, cluster.root + "/own/state/jobs"])
        try cluster.succeed("snapshot", "create", "s2")
        #expect(try Descriptor.openDirectory(elsewhere).isEmptyDirectory())
    }

    @Test func `state, scratch and files in it that are links elsewhere are not followed`() throws {
        let cluster = try ready()
        let elsewhere = try cluster.folder.folder("elsewhere")
        let state = cluster.root + "/own/state"
        try removeTree(state + "/scratch")
        try run(["ln", "-s", elsewhere, state + "/scratch"])
        #expect(try cluster.fail("refused", 6, "backup", "create", "--name", "b1").contains("symbolic link"))
        try removeTree(state + "/scratch")
        try run(["mv", state, state + "-real"])
        try run(["ln", "-s", state + "-real", state])
        let words = try cluster.fail("refused", 6, "snapshot", "create", "s2")
        #expect(words.contains("is a symbolic link") && words.contains("readlink -f"), "\(words)")
        try removeTree(state)
        try run(["mv", state + "-real", state])
        try run(["mv", state + "/catalogue.json", state + "/kept"])
        try run(["mkfifo", state + "/catalogue.json"])
        #expect(try cluster.run("cluster", "status").status != 0)
        try removeTree(state + "/catalogue.json")
        try run(["mv", state + "/kept", state + "/catalogue.json"])
        try cluster.succeed("snapshot", "create", "s3")
        #expect(try Descriptor.openDirectory(elsewhere).isEmptyDirectory())
    }
}
