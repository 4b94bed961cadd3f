import Glibc
import HostIO
import Model
import TestSupport
import Testing

/// What others could change is not obeyed, and the refusal says what mends it.
@Suite(.timeLimit(.minutes(5))) struct TrustTests {
    private let cluster: SampleCluster

    init() throws {
        cluster = try SampleCluster()
        try cluster.succeed("cluster", "init")
    }

    /// Makes it so, expects the refusal with `remedy`, and runs that.
    private func expectMended(_ path: String, _ mode: mode_t, _ code: String, _ status: Int32, _ remedy: String) throws {
        #expect(chmod(path, mode) == 0)
        let words = try cluster.fail(code, status, "snapshot", "create", "s")
        #expect(words.contains(remedy), "\(words)")
        #expect(try ChildProcess.shell(remedy).run().succeeded)
        try cluster.succeed("cluster", "status")
    }

    @Test func `a cluster file, a password and a state that others may write are refused`() throws {
        let root = cluster.root
        try expectMended(cluster.file, 0o666, "cluster-file", 3, "chmod o-w \(cluster.file)")
        try expectMended(root, 0o777, "cluster-file", 3, "chmod o-w \(root)")
        try expectMended(root + "/password", 0o602, "password", 7, "chmod 600 \(root)/password")
        try expectMended(root + "/state", 0o707, "refused", 6, "chmod o-w \(root)/state")
        try expectMended(root + "/state", 0o1777, "refused", 6, "chmod o-w \(root)/state")
    }

    @Test func `a hook that others may write is refused`() throws {
        let hook = cluster.root + "/hook"
        try AtomicFile.write(Array("#!/bin/sh\n".utf8), to: hook, mode: 0o755)
        for more in [
            "quiesce: {begin: \"\(hook) now\", end: \"true\"}", "alerts: {command: \"sh \(hook)\"}",
            "standby: {on-fenced: \"true; \(hook)\"}",
            "alerts: {mail: root, sendmail: \(hook)}", "checks: [{name: c, command: \"\(hook)\"}]",
        ] {
            try cluster.write(.init(more: more))
            try expectMended(hook, 0o757, "refused", 6, "chmod o-w \(hook)")
        }
    }

    @Test(.enabled(if: geteuid() == 0)) func `what belongs to another user is not root's to obey`() throws {
        for (path, code, status) in [(cluster.file, "cluster-file", 3), (cluster.root, "cluster-file", 3)] as [(String, String, Int32)] {
            #expect(chown(path, 65534, 0) == 0)
            let words = try cluster.fail(code, status, "snapshot", "create", "s")
            #expect(words.contains("chown root \(path)") && words.contains("runuser -u nobody"), "\(words)")
            #expect(chown(path, 0, 0) == 0)
        }
    }

    @Test func `root takes the cluster file of the working directory only when it is named`() throws {
        let copy = cluster.root + "/holdfast.yaml"
        try AtomicFile.write(try AtomicFile.read(cluster.file), to: copy)
        let result = try HoldfastProgram.run(["cluster", "status"], in: cluster.root)
        if geteuid() == 0 {
            #expect(result.status == 3 && result.err.contains("-c \(copy)"), "\(result)")
        } else {
            #expect(result.status == 0, "\(result)")
        }
        let named = try HoldfastProgram.run(["cluster", "status"], in: "/", wrapper: ["env", "HOLDFAST_CLUSTER_FILE=\(copy)"])
        #expect(named.status == 0, "\(named)")
        #expect(try HoldfastProgram.run(["cluster", "status", "-c", "holdfast.yaml"], in: cluster.root).status == 0)
    }

    @Test func `slots and what is shown of them do not depend on the time zone`() throws {
        let began = SystemClock().now().seconds / 3600
        let zones = ["", "Europe/Rome", "America/New_York", "Asia/Kathmandu"]
        for zone in zones {
            let result = try cluster.run(["serve", "--once"], wrapper: ["env", "TZ=\(zone)"])
            #expect(result.status == 0, "\(result)")
        }
        #expect(try Int64(cluster.snapshots().count) == SystemClock().now().seconds / 3600 - began + 1, "one a slot, of an hour")
        let listings = try zones.map { try cluster.run(["snapshot", "ls", "--json"], wrapper: ["env", "TZ=\($0)"]).out }
        #expect(Set(listings).count == 1, "\(listings)")
    }
}
