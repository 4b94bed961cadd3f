import HostIO
import TestSupport
import Testing

/// Restores that cannot make everything: what is told, and where.
@Suite(.timeLimit(.minutes(5)), .enabled(if: isRoot)) struct IncompleteRestoreTests {
    private func shell(_ command: String) throws -> String {
        let outcome = try ChildProcess.shell(command).run()
        guard outcome.succeeded else { throw ToolFailed(arguments: [command], outcome: outcome) }
        return outcome.outputText
    }

    @Test(.enabled(if: canMount("locked files")))
    func `what could not be restored is named in text, JSON, the job's log and the status, until it could`()
        throws
    {
        let disk = try MountedFileSystem.loop(.ext4, megabytes: 64)
        let cluster = try SampleCluster(in: try TemporaryDirectory(in: disk.path))
        let uploads = cluster.root + "/uploads"
        try cluster.succeed("cluster", "init")
        try cluster.succeed("snapshot", "create", "s1")
        try cluster.put([1], at: "uploads/a.txt")
        try cluster.put([2], at: "uploads/deep/b.bin")
        _ = try shell("chattr +i '\(uploads)/a.txt'")
        defer { _ = try? shell("chattr -i '\(uploads)/a.txt'") }
        let text = try cluster.run("snapshot", "restore", "s1", "--yes")
        #expect(text.status == 14, "\(text)")
        #expect(text.out.contains("a.txt: rename: it is immutable (lsattr)") && text.out.contains("holdfast jobs show "), "\(text.out)")
        let json = try cluster.run("snapshot", "restore", "s1", "--yes", "--json")
        #expect(json.status == 14)
        let restore = try json.json("restore")
        let stores = try #require(restore["stores"] as? [[String: Any]])
        let store = try #require(stores.first { $0["name"] as? String == "uploads" })
        let named = try #require(store["named"] as? [[String: Any]])
        #expect(named.map { $0["path"] as? String } == ["a.txt"] && store["issues"] as? Int == 1, "\(store)")
        let job = try #require(restore["job"] as? Int)
        #expect(try cluster.run("jobs", "show", "\(job)").out.contains("a.txt: rename: it is immutable"))
        let status = try cluster.run("cluster", "status")
        #expect(status.out.contains("the restore of uploads from s1") && status.out.contains("it is immutable"), "\(status.out)")
        #expect(try cluster.run("cluster", "status", "--json").out.contains("\"incompleteRestores\":[{"))
        _ = try shell("chattr -i '\(uploads)/a.txt'")
        try cluster.succeed("snapshot", "restore", "s1", "--yes")
        #expect(try !cluster.run("cluster", "status").out.contains("incomplete"))
        #expect(try cluster.run("cluster", "status", "--json").out.contains("\"incompleteRestores\":[]"))
    }

    /// One that other users may enter.
    private func openFolder() throws -> TemporaryDirectory {
        let folder = try TemporaryDirectory()
        _ = try shell("chmod 1777 '\(folder.path)'; chmod 711 '\(Path.parent(folder.path))' '\(Path.parent(Path.parent(folder.path)))'")
        return folder
    }

    /// Who owns a tree of directories that nobody may write, as module caches are.
    @Test func `without root, what lies in read-only directories comes back, and they are closed again`() throws {
        let folder = try openFolder()
        let cluster = try SampleCluster(in: folder, filled: false, .init(stores: ["uploads"]))
        let place = cluster.root
        _ = try shell(
            """
            cd '\(place)'; mkdir -p uploads/mod/ro/deep uploads/hid; echo 1 > uploads/mod/ro/f; echo 2 > uploads/mod/ro/deep/g
            ln uploads/mod/ro/f uploads/mod/ro/h; echo 3 > uploads/hid/i; chmod -R a-w uploads/mod/ro; chmod 0111 uploads/hid; chmod 0555 uploads
            chown -R 65534:65534 '\(place)'
            """)
        let wrapper = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", "HOME=\(place)"]
        func run(_ arguments: String...) throws -> HoldfastProgram.Result { try cluster.run(arguments, wrapper: wrapper) }
        _ = try shell("chmod 0755 '\(place)/uploads/hid'")
        #expect(try run("cluster", "init").status == 0)
        #expect(try run("target", "add", "nas", place + "/nas").status == 0)
        #expect(try run("snapshot", "create", "s1").status == 0)
        _ = try shell(
            "cd '\(place)/uploads'; echo damaged > mod/ro/f; rm mod/ro/h mod/ro/deep/g; mkdir -p mod/ro/more/x; touch mod/ro/more/x/y; chown -R 65534:65534 mod/ro/more; chmod -R a-w mod/ro/more"
        )
        let restored = try run("snapshot", "restore", "s1", "--yes")
        #expect(restored.status == 0, "\(restored.out)\(restored.err)")
        #expect(
            try shell("cd '\(place)/uploads'; cat mod/ro/f mod/ro/deep/g hid/i; stat -c '%a %h' mod/ro mod/ro/f mod/ro/deep .; ls mod/ro")
                == "1\n2\n3\n555 3\n444 2\n555 2\n555 4\ndeep\nf\nh\n")
        #expect(try run("backup", "create", "--target", "nas", "--name", "b1").status == 0)
        let drill = try run("backup", "drill", "b1", "--target", "nas")
        #expect(drill.status == 0, "\(drill.out)\(drill.err)")
        #expect(try shell("ls '\(place)/state/scratch'") == "")
        let deleted = try run("cluster", "delete", "--confirm", "acme")
        #expect(deleted.status == 0, "\(deleted.out)\(deleted.err)")
        #expect(try shell("find '\(place)/uploads'; stat -c %a '\(place)/uploads'") == "\(place)/uploads\n555\n")
    }

    @Test func `without root, owners that cannot be set are named and contents are right, without set-id bits for another`() throws {
        let folder = try openFolder()
        let cluster = try SampleCluster(in: folder, filled: false, .init(stores: ["uploads"]))
        let place = cluster.root
        _ = try shell(
            "cd '\(place)'; mkdir uploads nas; echo 1 > uploads/f; echo 2 > uploads/suid; chown 1:1 uploads/suid; chmod 4755 uploads/suid")
        try cluster.succeed("cluster", "init")
        try cluster.succeed("target", "add", "nas", place + "/nas")
        try cluster.succeed("backup", "create", "--target", "nas", "--name", "b1")
        _ = try shell("cd '\(place)'; rm -r uploads state storage; chown -R 65534:65534 '\(place)'")
        let wrapper = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", "HOME=\(place)"]
        let restored = try cluster.run(["cluster", "restore", "b1", "--from", place + "/nas", "--yes"], wrapper: wrapper)
        #expect(restored.status == 14, "\(restored.out)\(restored.err)")
        #expect(restored.out.contains("f: owner 0:0: Operation not permitted"), "\(restored.out)")
        #expect(restored.out.contains("suid: set-id bits: left out"), "\(restored.out)")
        #expect(try shell("cd '\(place)/uploads'; cat f suid; stat -c '%a %u' f suid") == "1\n2\n644 65534\n755 65534\n")
    }

    @Test func `what a snapshot could not read is not deleted by a restore of it, and the plan says that it stays`() throws {
        let folder = try openFolder()
        let cluster = try SampleCluster(in: folder, filled: false, .init(stores: ["uploads"]))
        let place = cluster.root
        _ = try shell(
            """
            cd '\(place)'; mkdir -p uploads/d; echo 1 > uploads/a; echo 2 > uploads/d/secret; echo 3 > uploads/d/open
            mkdir uploads/closed; echo 4 > uploads/closed/in; chown -R 65534:65534 '\(place)'
            chown root uploads/d/secret uploads/closed; chmod 600 uploads/d/secret; chmod 700 uploads/closed
            """)
        let wrapper = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", "HOME=\(place)"]
        #expect(try cluster.run(["cluster", "init"], wrapper: wrapper).status == 0)
        #expect(try cluster.run(["snapshot", "create", "s1"], wrapper: wrapper).status == 14)
        // By now it can be read, and is deleted by whoever takes a snapshot's word for all that there was.
        _ = try shell("cd '\(place)/uploads'; chown -R 65534:65534 .; echo new > d/new; echo changed > a")
        let plan = try cluster.run(["snapshot", "restore", "s1", "--dry-run"], wrapper: wrapper)
        #expect(plan.out.contains("2 that the image lacks stay"), "\(plan.out)\(plan.err)")
        let restored = try cluster.run(["snapshot", "restore", "s1", "--yes"], wrapper: wrapper)
        #expect(restored.status == 14, "\(restored.out)\(restored.err)")
        #expect(try shell("cd '\(place)/uploads'; cat a d/secret d/open closed/in; ls d") == "1\n2\n3\n4\nopen\nsecret\n")
    }

    @Test func `with --yes alone entries come back without rights that they give, and are named; the plan says which they are`() throws {
        let cluster = try SampleCluster(.init(stores: ["uploads"]))
        let place = cluster.root
        _ = try shell("cd '\(place)/uploads'; echo s > su; chmod 4755 su; mknod null c 1 3; chown 7:7 su; chmod 4755 su")
        try cluster.succeed("cluster", "init")
        try cluster.succeed("target", "add", "nas", place + "/nas")
        try cluster.succeed("snapshot", "create", "s1")
        try cluster.succeed("backup", "create", "--target", "nas", "--name", "b1")
        _ = try shell("cd '\(place)/uploads'; rm su null")
        let plan = try cluster.run("snapshot", "restore", "s1", "--dry-run")
        let warning = "uploads: 2 entries give rights to whoever uses them: null: character device 1:3, su: set-user-ID of 7"
        #expect(plan.out.contains(warning), "\(plan.out)")
        let plain = try cluster.run("snapshot", "restore", "s1", "--yes")
        #expect(plain.status == 14 && plain.out.contains("su: set-id bits: left out without --privileged"), "\(plain.out)\(plain.err)")
        #expect(try shell("cd '\(place)/uploads'; stat -c '%a %u' su; ls").hasPrefix("755 7\n"))
        try cluster.succeed("snapshot", "restore", "s1", "--yes", "--privileged")
        #expect(try shell("cd '\(place)/uploads'; stat -c '%a %u' su; test -c null && echo device") == "4755 7\ndevice\n")
        let other = try SampleCluster(in: cluster.folder, at: "b", filled: false, .init(password: place + "/password", stores: ["uploads"]))
        let arguments = ["cluster", "restore", "b1", "--from", place + "/nas"]
        #expect(try other.run(arguments + ["--dry-run"]).out.contains(warning))
        #expect(try other.run(arguments + ["--yes"]).status == 14)
        #expect(try shell("cd '\(other.root)/uploads'; stat -c %a su; test -e null || echo none") == "755\nnone\n")
    }

    @Test(.enabled(if: canMount("locked directories")))
    func `a store that cannot be restored is named, all others are, and the same command goes on`() throws {
        let cluster = try SampleCluster()
        try cluster.succeed("cluster", "init")
        try cluster.succeed("target", "add", "nas", cluster.root + "/nas")
        try cluster.succeed("backup", "create", "--target", "nas", "--name", "b1")
        let content = try cluster.content(besides: ["accounts"])
        for name in ["accounts.db", "uploads", "lake", "state", "storage"] { try cluster.remove(name) }
        _ = try shell(
            "cd '\(cluster.root)'; sed -i 's#path: accounts.db#path: blocked/accounts.db#' acme.yaml; mkdir blocked; chattr +i blocked")
        defer { _ = try? shell("chattr -i '\(cluster.root)/blocked'") }
        let restored = try cluster.run("cluster", "restore", "b1", "--from", cluster.root + "/nas", "--yes", "--json")
        #expect(restored.status == 9, "\(restored.out)\(restored.err)")
        let outcome = try restored.json("cluster")
        let failures = try #require(outcome["failures"] as? [[String: Any]])
        #expect(failures.map { $0["store"] as? String } == ["accounts"], "\(failures)")
        #expect(try cluster.content(besides: ["accounts"]) == content)
        _ = try shell("chattr -i '\(cluster.root)/blocked'")
        try cluster.succeed("cluster", "restore", "b1", "--from", cluster.root + "/nas", "--yes")
        #expect(try shell("sqlite3 '\(cluster.root)/blocked/accounts.db' 'select count(*) from accounts'") == "500\n")
    }

    @Test func `stores without entries are made again, in place and elsewhere, and keep no other back`() throws {
        let cluster = try SampleCluster(filled: false, .init(stores: ["uploads", "lake"]))
        _ = try shell("cd '\(cluster.root)'; mkdir -m 2750 uploads; mkdir lake; echo fact > lake/rows")
        try cluster.succeed("cluster", "init")
        try cluster.succeed("target", "add", "nas", cluster.root + "/nas")
        try cluster.succeed("snapshot", "create", "s1")
        try cluster.succeed("backup", "create", "--target", "nas", "--name", "full")
        try cluster.succeed("backup", "create", "--target", "nas", "--name", "bare", "--mode", "dataless")
        _ = try shell("cd '\(cluster.root)'; rmdir uploads; rm lake/rows")
        try cluster.succeed("snapshot", "restore", "s1", "--yes")
        #expect(try shell("cd '\(cluster.root)'; stat -c %a uploads; cat lake/rows") == "2750\nfact\n")
        for (backup, files) in [("full", "1\n"), ("bare", "0\n")] {
            _ = try shell("cd '\(cluster.root)'; rm -rf uploads lake state storage")
            try cluster.succeed("cluster", "restore", backup, "--from", cluster.root + "/nas", "--yes")
            #expect(try shell("cd '\(cluster.root)'; stat -c %a uploads; ls lake | wc -l") == "2750\n" + files)
        }
    }
}
