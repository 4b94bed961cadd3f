import HostIO
import TestSupport
import Testing

@Suite struct MainJobTests {
    @Test(.timeLimit(.minutes(10)))
    func `a cluster is snapshotted, damaged, restored, backed up, deleted, and restored elsewhere under another release`() throws {
        let cluster = try SampleCluster()
        try cluster.succeed("cluster", "init")
        try cluster.succeed("snapshot", "create", "good", "--reason", "before the damage")
        let good = try cluster.content()

        try cluster.remove("uploads/deep")
        try cluster.put(Array("new".utf8), at: "uploads/new.txt")
        try cluster.sql("DELETE FROM accounts WHERE id % 2 = 0; DROP TABLE fact_sales;")
        let damaged = try cluster.content()
        let restored = try cluster.succeed("snapshot", "restore", "good", "--yes")
        #expect(restored.out.contains("undo: holdfast snapshot undo -c"))
        #expect(try cluster.content() == good)
        #expect(try cluster.succeed("snapshot", "restore", "good", "--yes").out.contains("nothing to do"))
        try cluster.succeed("snapshot", "undo", "--yes")
        #expect(try cluster.content() == damaged)
        try cluster.succeed("snapshot", "restore", "good", "--yes")

        try cluster.succeed("target", "add", "nas", "nas")
        for mode in ["full", "lightweight", "dataless"] {
            try cluster.succeed("backup", "create", "--target", "nas", "--mode", mode, "--name", "b-\(mode)", "--snapshot", "good")
            try cluster.succeed("backup", "verify", "b-\(mode)", "--target", "nas", "--read-data")
        }
        #expect(try cluster.backups() == ["b-full", "b-lightweight", "b-dataless"])
        try cluster.succeed("cluster", "delete", "--confirm", "acme")
        #expect(try FileTree.files(below: cluster.root + "/uploads").isEmpty)
        #expect(try statusOfPath(cluster.root + "/accounts.db") == nil)

        let other = try SampleCluster(
            in: cluster.folder, at: "b", filled: false, .init(release: "7.0", password: "../a/password"))
        try other.succeed("cluster", "restore", "b-full", "--from", cluster.root + "/nas", "--yes")
        #expect(try other.content() == good)
        try other.succeed("snapshot", "create", "first")
        try checkReduced(cluster, good)
    }

    /// The two smaller modes hold what their roles say.
    private func checkReduced(_ cluster: SampleCluster, _ good: [String: String]) throws {
        let light = try SampleCluster(in: cluster.folder, at: "light", filled: false, .init(password: "../a/password"))
        let report = try light.succeed("cluster", "restore", "b-lightweight", "--from", cluster.root + "/nas", "--yes")
        #expect(report.out.contains("table fact_sales (3,000 rows"))
        #expect(try light.content()["uploads"] == good["uploads"])
        #expect(try light.sql("SELECT (SELECT count(*) FROM accounts), (SELECT count(*) FROM fact_sales)") == "500|0\n")
        #expect(try FileTree.files(below: light.root + "/lake").isEmpty)
        let none = try SampleCluster(in: cluster.folder, at: "none", filled: false, .init(password: "../a/password"))
        try none.succeed("cluster", "restore", "b-dataless", "--from", cluster.root + "/nas", "--yes")
        #expect(try FileTree.files(below: none.root + "/uploads").isEmpty)
        #expect(try statusOfPath(none.root + "/uploads/deep/er")?.kind == .directory)
        #expect(try none.sql("SELECT count(*) FROM accounts") == "500\n")
    }

    @Test(.enabled(if: Restic.isInstalled), .timeLimit(.minutes(10)))
    func `restic alone checks and restores a backup, as the recovery sheet says`() throws {
        let cluster = try SampleCluster()
        try cluster.succeed("cluster", "init")
        try cluster.succeed("target", "add", "nas", "nas")
        try cluster.succeed("backup", "create", "--target", "nas", "--name", "b")
        let sheet = try cluster.succeed("cluster", "recovery-sheet").out
        #expect(sheet.contains("restic -r \(cluster.root)/nas --password-file \(cluster.root)/password restore"))
        let password = String(decoding: try AtomicFile.read(cluster.root + "/password").dropLast(), as: UTF8.self)
        #expect(!sheet.contains(password))
        let restic = try Restic(cluster.root + "/nas", password: password)
        try restic.check()
        let out = cluster.folder.file("out")
        try restic.run("restore", "latest", "--target", out)
        let same = try ChildProcess(["diff", "-r", "--no-dereference", out + "/stores/uploads", cluster.root + "/uploads"]).run()
        #expect(same.succeeded, "\(same.outputText)")
    }

    @Test(.timeLimit(.minutes(10))) func `one store is restored and the others stay`() throws {
        let cluster = try SampleCluster()
        try cluster.succeed("cluster", "init")
        try cluster.succeed("snapshot", "create", "good")
        let good = try cluster.content()
        try cluster.put([1, 2, 3], at: "uploads/a.txt")
        try cluster.put([4], at: "lake/2026/rows")
        try cluster.succeed("snapshot", "restore", "good", "--store", "uploads", "--yes")
        #expect(try cluster.content()["uploads"] == good["uploads"])
        #expect(try AtomicFile.read(cluster.root + "/lake/2026/rows") == [4])
    }

    @Test(.timeLimit(.minutes(10))) func `a dry run of anything changes nothing`() throws {
        let cluster = try SampleCluster()
        try cluster.succeed("cluster", "init")
        try cluster.succeed("snapshot", "create", "one")
        try cluster.succeed("target", "add", "nas", "nas")
        try cluster.succeed("backup", "create", "--snapshot", "one", "--name", "b")
        try cluster.put([1], at: "uploads/a.txt")
        let before = try cluster.content()
        for command in [
            ["snapshot", "restore", "one"], ["snapshot", "delete", "one"], ["backup", "delete", "b"], ["target", "prune"],
            ["cluster", "delete"],
        ] {
            let result = try cluster.run(command + ["--dry-run"])
            #expect(result.status == 0 && (result.out.contains("Plan: ") || result.out.contains("nothing to prune")), "\(result)")
        }
        #expect(try cluster.content() == before)
        #expect(try cluster.snapshots() == ["one"])
        #expect(try cluster.backups() == ["b"])
    }

    @Test(.timeLimit(.minutes(10))) func `a lost state directory comes back with its snapshots`() throws {
        let cluster = try SampleCluster()
        let first = try cluster.succeed("cluster", "init", "--json").json("cluster")
        try cluster.succeed("snapshot", "create", "one")
        try cluster.remove("state")
        let second = try cluster.succeed("cluster", "init", "--json").json("cluster")
        #expect(first["id"] as? String == second["id"] as? String)
        #expect(second["adoptedSnapshots"] as? Int == 1)
        try cluster.succeed("snapshot", "restore", "one", "--yes")
    }

    @Test(.timeLimit(.minutes(10))) func `pins and expiries are kept and shown`() throws {
        let cluster = try SampleCluster()
        try cluster.succeed("cluster", "init")
        try cluster.succeed("snapshot", "create", "one", "--ttl", "7d")
        #expect(try cluster.succeed("snapshot", "pin", "one", "--json").json("snapshot")["pinned"] as? Bool == true)
        #expect(try cluster.fail("refused", 6, "snapshot", "delete", "one", "--yes").contains("pinned"))
        #expect(try cluster.succeed("snapshot", "unpin", "one", "--json").json("snapshot")["pinned"] as? Bool == false)
        let forever = try cluster.succeed("snapshot", "extend", "one", "--by", "never", "--json").json("snapshot")
        #expect(forever["expires"] as? String == nil && forever.keys.contains("expires"))
        #expect(try cluster.succeed("snapshot", "extend", "one", "--by", "1d").out.contains("is kept until it is deleted"))
        try cluster.succeed("snapshot", "delete", "one", "--yes")
        #expect(try cluster.snapshots().isEmpty)
    }
}
