import Glibc
import HostIO
import Model
import TestSupport
import Testing

/// kill -9 of the real program, and of the server, at chosen steps of a snapshot, a backup and a restore.
@Suite(.enabled(if: PostgresServer.isInstalled)) struct PostgresKillTests {
    private let home: TemporaryDirectory
    private let server: PostgresServer

    init() throws {
        home = try TemporaryDirectory()
        server = try PostgresServer()
        try server.sql(
            """
            CREATE TABLE account AS SELECT i AS id, md5(i::text) AS text, 100 AS balance FROM generate_series(1, 60000) i;
            CREATE INDEX ON account (id)
            """)
        // Each names the moment at which the program that runs it is to die, once.
        let place = home
        let dies = { (moment: String) in "if [ -e \(place.file(moment)) ]; then rm \(place.file(moment)); kill -9 $PPID; exit 1; fi" }
        let stop = "\(dies("before-stop")); \(server.service.stop) && { \(dies("after-stop")); }"
        let crash = "rm \(home.file("crash")) 2>/dev/null && \(server.service.stop.replacing("fast", with: "immediate")); true"
        let start = "\(dies("before-start")); \(server.service.start) && { \(dies("after-start")); \(crash); }"
        let text = """
            cluster: acme
            release: "1"
            state: state
            storage: storage
            password-file: password
            targets: [{name: nas, path: nas}]
            quiesce: {begin: "while [ -e \(home.file("hold")) ]; do sleep 0.02; done", end: "true", timeout: 60s}
            stores:
              - name: catalog
                kind: postgres
                role: metadata
                connection: "\(server.connection)"
                data-directory: \(server.data)
                service: {stop: "\(stop)", start: "\(start)", timeout: 60s}
            """
        try AtomicFile.write(Array(text.utf8), to: home.file("acme.yaml"))
    }

    private func run(_ arguments: String...) throws -> HoldfastProgram.Result {
        try HoldfastProgram.run(arguments + ["-c", home.file("acme.yaml")], in: home.path)
    }

    private func succeed(_ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation) throws {
        let result = try HoldfastProgram.run(arguments + ["-c", home.file("acme.yaml")], in: home.path)
        try #require(result.status == 0, "\(arguments): \(result.out)\(result.err)", sourceLocation: sourceLocation)
    }

    /// Runs the program and, when `moment` has come, strikes; gives what it said, or nil when it was killed. It stands still from the moment to the
    /// strike, however busy the machine is. A snapshot waits at its cut until then, so that the moment comes; a restore needs one of its own.
    private func run(
        _ arguments: [String], when moment: () throws -> Bool, strike: (Int32) throws -> Void
    ) throws -> HoldfastProgram.Result? {
        if arguments[1] != "restore" { try AtomicFile.write([], to: home.file("hold")) }
        return try running(arguments) { number in
            let isStruck = try strikeAt(moment, number, strike)
            try removeTree(home.file("hold"))
            kill(number, SIGCONT)
            #expect(isStruck, "it ended before")
        }
    }

    /// Runs the program and `body` beside it, with the number of the process; gives what it said, or nil when it was killed.
    private func running(_ arguments: [String], _ body: (Int32) throws -> Void) throws -> HoldfastProgram.Result? {
        let pid = home.file("pid")
        try? removeTree(pid)
        let command = "\(HoldfastProgram.path) \(arguments.joined(separator: " ")) -c \(home.file("acme.yaml"))"
        let line = "echo $$ > \(pid).new; mv \(pid).new \(pid); exec \(command)"
        let thread = try WorkerThread(named: "program") { [home] in
            let outcome = try ChildProcess(["/bin/sh", "-c", line], workingDirectory: home.path, timeout: .seconds(120)).run()
            let status: Int32 = if case .exited(let status) = outcome.ending { status } else { -1 }
            try AtomicFile.write(Array("\(status)\n\(outcome.outputText)\(outcome.errorText)".utf8), to: home.file("said"))
        }
        while try statusOfPath(pid) == nil { sched_yield() }
        let number = try #require(Int32(String(decoding: try AtomicFile.read(pid), as: UTF8.self).prefix { $0.isNumber }))
        try body(number)
        try thread.join()
        let said = String(decoding: try AtomicFile.read(home.file("said")), as: UTF8.self)
        let status = try #require(said.split(separator: "\n").first.flatMap { Int32($0) })
        return status < 0 ? nil : HoldfastProgram.Result(status: status, out: said, err: "")
    }

    /// False when the process ended before the moment came.
    private func strikeAt(_ moment: () throws -> Bool, _ number: Int32, _ strike: (Int32) throws -> Void) throws -> Bool {
        while kill(number, 0) == 0 {
            guard try moment() else {
                sched_yield()
                continue
            }
            kill(number, SIGSTOP)
            while try threads(of: number).contains(where: { $0 != "T" && $0 != "Z" }) { sched_yield() }
            if try moment() {
                try strike(number)
                return true
            }
            kill(number, SIGCONT)
        }
        return false
    }

    /// The states of its threads (proc(5), `stat`).
    private func threads(of number: Int32) throws -> [String] {
        let tasks = try? Descriptor.openDirectory("/proc/\(number)/task").entries()
        return (tasks ?? []).compactMap { task in
            let words = try? AtomicFile.read("/proc/\(number)/task/\(FileName.text(task.name))/stat", limit: 4096)
            let rest = words.flatMap { String(decoding: $0, as: UTF8.self).split(separator: ")").last }
            return rest?.split(separator: " ").first.map(String.init)
        }
    }

    private func killed(_ arguments: String..., when moment: () throws -> Bool, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let result = try run(arguments, when: moment) { kill($0, SIGKILL) }
        #expect(result == nil, "\(result?.out ?? "")", sourceLocation: sourceLocation)
    }

    private func snapshots() throws -> [String] {
        let list = try run("snapshot", "ls", "--json").json()["snapshots"] as? [[String: Any]]
        return try #require(list).compactMap { $0["name"] as? String }
    }

    private func content() throws -> String {
        try server.sql("SELECT count(*), sum(balance), md5(string_agg(id || text || balance, ',' ORDER BY id)) FROM account")
    }

    private func slots() throws -> String { try server.sql("SELECT count(*) FROM pg_replication_slots") }

    /// Of servers that work below the state directory.
    private func scratchServers() throws -> [Int32] {
        try Descriptor.openDirectory("/proc").entries().compactMap { Int32(FileName.text($0.name)) }.filter {
            works($0, in: home.file("state/scratch"))
        }
    }

    /// Whether it is there, or sees something from there as its own (proc(5), `mountinfo`).
    private func works(_ number: Int32, in folder: String) -> Bool {
        let place = try? Descriptor.openDirectory("/proc/\(number)").readSymlink(Array("cwd".utf8))
        if let place, FileName.text(place).hasPrefix(folder) { return true }
        guard folder.hasPrefix(home.path) else { return false }
        let mounts = try? AtomicFile.read("/proc/\(number)/mountinfo", limit: 1 << 20)
        let own = Path.lastComponent(home.path) + folder.dropFirst(home.path.count) + "/"
        return mounts.map { String(decoding: $0, as: UTF8.self).contains(own) } ?? false
    }

    @Test(.timeLimit(.minutes(5))) func `whoever dies at whatever step, production is the old or the new one, and the next command works`()
        throws
    {
        try succeed("cluster", "init")
        try succeed("snapshot", "create", "first")
        let first = try content()
        try server.sql("UPDATE account SET balance = id WHERE id % 500 = 7; DELETE FROM account WHERE id = 12345")
        let second = try content()

        // A snapshot: the program, then the server, while the backup of the server is under way.
        try killed("snapshot", "create", "lost") { try slots() != "0\n" }
        while try slots() != "0\n" { sched_yield() }
        let failed = try run(["snapshot", "create", "lost"], when: { try slots() != "0\n" }, strike: { _ in try server.kill() })
        #expect(failed?.status == FailureCode.store.exitStatus, "\(String(describing: failed))")
        try server.start()
        #expect(try snapshots() == ["first"])
        #expect(try content() == second)
        try succeed("snapshot", "create", "second")

        // A backup, while a server works on the copy of its image.
        try killed("backup", "create", "--snapshot", "second", "--target", "nas", "--name", "b") {
            try !scratchServers().isEmpty
        }
        while try !scratchServers().isEmpty { sched_yield() }
        try succeed("backup", "create", "--snapshot", "second", "--target", "nas", "--name", "b")
        #expect(try Descriptor.openDirectory(home.file("state/scratch")).isEmptyDirectory())

        // A restore, step by step.
        for moment in ["after-stop", "before-start"] {
            try AtomicFile.write([], to: home.file(moment))
            let outcome = try running(["snapshot", "restore", "first", "--yes"]) { _ in }
            #expect(outcome == nil, "\(moment): \(outcome?.out ?? "")")
            try restarted(moment)
            let now = try content()
            #expect(now == (moment.hasSuffix("stop") ? second : first), "\(moment)")
            try endAndUndo(first, second)
        }
        // In the middle of the files: no server starts on them.
        try killed("snapshot", "restore", "first", "--yes") { try statusOfPath(server.data + "/PG_VERSION") == nil }
        #expect(throws: (any Error).self) { try server.start() }
        try endAndUndo(first, second)
        // The server itself, when it has just been started.
        try AtomicFile.write([], to: home.file("crash"))
        #expect(try run("snapshot", "restore", "first", "--yes").status == FailureCode.store.exitStatus)
        try server.start()
        try endAndUndo(first, second)
        try succeed("snapshot", "create", "third")
        #expect(try snapshots().filter { !$0.hasPrefix("safety") } == ["first", "second", "third"])
        try server.program("pg_amcheck", ["--all", "--install-missing", "--heapallindexed"])
    }

    private func restarted(_ moment: String) throws {
        if !server.isRunning { try server.start() }
        while try server.sql("SELECT pg_is_in_recovery()") != "f\n" { sched_yield() }
    }

    /// The same command goes on, and what was before can be had again.
    private func endAndUndo(_ first: String, _ second: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        try succeed("snapshot", "restore", "first", "--yes", sourceLocation: sourceLocation)
        #expect(try content() == first, sourceLocation: sourceLocation)
        try succeed("snapshot", "undo", "--yes", sourceLocation: sourceLocation)
        #expect(try content() == second, sourceLocation: sourceLocation)
    }

    // MARK: The server's processes, one by one

    private struct ServerProcess {
        var number: Int32
        /// As `ps` shows it.
        var title: String

        var isMain: Bool { !title.hasPrefix("postgres: ") && title.contains("postgres") && title.contains("-D") }
        /// That of a program which dumps.
        var isDump: Bool { title.hasPrefix("postgres: ") && title.contains("[local] COPY") }
    }

    /// Those that work in `folder` or below it.
    private func processes(in folder: String) throws -> [ServerProcess] {
        try Descriptor.openDirectory("/proc").entries().compactMap { Int32(FileName.text($0.name)) }.compactMap { number in
            guard works(number, in: folder), let words = try? AtomicFile.read("/proc/\(number)/cmdline", limit: 1 << 16) else { return nil }
            return ServerProcess(number: number, title: String(decoding: words.map { $0 == 0 ? 0x20 : $0 }, as: UTF8.self))
        }
    }

    /// Of the backup that a snapshot has begun.
    private func sessionOfBackup() throws -> Int32? {
        let text = try? server.sql("SELECT active_pid FROM pg_replication_slots WHERE active")
        return text.flatMap { Int32($0.prefix { $0.isNumber }) }
    }

    private func expectTrouble(_ result: HoldfastProgram.Result?, _ what: String, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(result?.status == FailureCode.store.exitStatus, "\(what): \(result?.out ?? "killed")", sourceLocation: sourceLocation)
        #expect(result?.out.contains("catalog") == true, "\(what) names the store: \(result?.out ?? "")", sourceLocation: sourceLocation)
    }

    private func backups() throws -> [String] {
        let list = try run("backup", "ls", "--target", "nas", "--json").json()["backups"] as? [[String: Any]]
        return try #require(list).compactMap { $0["name"] as? String }
    }

    @Test(.timeLimit(.minutes(3)))
    func `a server or a session of it that is killed ends a snapshot or backup with a clear error, and leaves nothing behind`()
        throws
    {
        // A quarter of a second of copying at least.
        try server.sql("CREATE TABLE filler AS SELECT i, md5(i::text) || md5((i + 1)::text) AS text FROM generate_series(1, 700000) i")
        try succeed("cluster", "init")

        // Production, in the middle of a snapshot: one session, which takes all others with it, then the server's first process.
        var struck: Int32 = 0
        let noted = { () throws -> Bool in
            guard let number = try sessionOfBackup() else { return false }
            struck = number
            return true
        }
        expectTrouble(try run(["snapshot", "create", "a"], when: noted) { _ in kill(struck, SIGKILL) }, "a session")
        while (try? server.sql("SELECT pg_is_in_recovery()")) != "f\n" { sched_yield() }
        #expect(try slots() == "0\n")
        let main = try #require(try processes(in: server.data).first(where: \.isMain)).number
        expectTrouble(try run(["snapshot", "create", "a"], when: noted) { _ in kill(main, SIGKILL) }, "the server")
        while try !processes(in: server.data).isEmpty { sched_yield() }
        #expect(try run("snapshot", "create", "a").status == FailureCode.store.exitStatus, "no server")
        // The last of its processes may still hold its memory.
        while (try? server.start()) == nil { sched_yield() }
        #expect(try slots() == "0\n" && snapshots().isEmpty)
        try succeed("snapshot", "create", "a")

        // The server that a backup works with: a session that dumps, then the first process.
        let scratch = home.file("state/scratch")
        let backup = ["backup", "create", "--snapshot", "a", "--target", "nas", "--name", "b"]
        let dumps = { () throws -> Bool in
            guard let process = try processes(in: scratch).first(where: \.isDump) else { return false }
            struck = process.number
            return true
        }
        expectTrouble(try run(backup, when: dumps) { _ in kill(struck, SIGKILL) }, "a session of it")
        expectTrouble(
            try run(backup, when: dumps) { _ in
                for process in try processes(in: scratch) where process.isMain { kill(process.number, SIGKILL) }
            },
            "the server of a backup")
        while try !processes(in: scratch).isEmpty { sched_yield() }
        #expect(try Descriptor.openDirectory(scratch).isEmptyDirectory())
        #expect(try backups().isEmpty && snapshots() == ["a"])
        try succeed("backup", "create", "--snapshot", "a", "--target", "nas", "--name", "b")
        #expect(try backups() == ["b"])
        try succeed("backup", "verify", "b", "--target", "nas")
    }

    // MARK: Elsewhere

    @Test(.timeLimit(.minutes(3))) func `a backup of 15 is brought up by the command on 15, 17 and 18`() throws {
        try server.sql("CREATE ROLE clerk LOGIN")
        try server.sql("CREATE DATABASE shop OWNER clerk")
        try server.sql(
            "CREATE SEQUENCE ticket START 77; CREATE TABLE item AS SELECT i, now() AS at FROM generate_series(1, 500) i; GRANT SELECT ON item TO clerk",
            in: "shop")
        let wanted = try content()
        let items =
            "SELECT count(*), md5(string_agg(i || ' ' || extract(epoch FROM at), ',' ORDER BY i)), has_table_privilege('clerk', 'item', 'SELECT') FROM item"
        let shop = try server.sql(items, in: "shop")
        try succeed("cluster", "init")
        try succeed("backup", "create", "--target", "nas", "--name", "b")
        for release in [PostgresServer.Release.debian15, .seventeen, .eighteen] {
            try bringUp(on: release, account: wanted, items: (items, shop))
        }
    }

    private func bringUp(on release: PostgresServer.Release, account wanted: String, items: (question: String, answer: String)) throws {
        let other = try PostgresServer(release)
        let text = """
            cluster: acme
            release: "1"
            state: other-\(release.rawValue)
            storage: other-storage-\(release.rawValue)
            password-file: password
            stores: [{name: catalog, kind: postgres, role: metadata, connection: "\(other.connection)"}]
            """
        try AtomicFile.write(Array(text.utf8), to: home.file("other.yaml"))
        let arguments = ["cluster", "restore", "b", "--from", home.file("nas"), "--yes", "-c", home.file("other.yaml"), "--json"]
        let result = try HoldfastProgram.run(arguments, in: home.path)
        try #require(result.status == 0, "\(result.out)\(result.err)")
        #expect(result.out.contains("\"differences\":0"), "\(result.lines.last ?? "")")
        #expect(try other.sql("SHOW server_version").hasPrefix("\(release.rawValue)."))
        let question = "SELECT count(*), sum(balance), md5(string_agg(id || text || balance, ',' ORDER BY id)) FROM account"
        #expect(try other.sql(question) == wanted)
        #expect(try other.sql(items.question, in: "shop") == items.answer)
        #expect(
            try other.sql("SELECT nextval('ticket'), pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'shop'", in: "shop")
                == "77|clerk\n")
        #expect(try HoldfastProgram.run(arguments, in: home.path).status == FailureCode.refused.exitStatus, "it exists by now")
    }
}
