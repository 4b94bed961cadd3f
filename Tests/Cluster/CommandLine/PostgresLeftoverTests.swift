import Glibc
import HostIO
import Model
import TestSupport
import Testing

/// Whatever becomes of a snapshot, a backup or a restore, nothing of it stays in the server.
@Suite(.enabled(if: PostgresServer.isInstalled), .timeLimit(.minutes(5))) struct PostgresLeftoverTests {
    private let home: TemporaryDirectory
    private let server: PostgresServer

    init() throws {
        home = try TemporaryDirectory()
        server = try PostgresServer(settings: ["max_prepared_transactions = 5"])
        try server.sql("CREATE DATABASE acme")
        // Slow as long as there is a role `slow`.
        try server.sql(
            """
            CREATE FUNCTION slowly(i int, seconds float) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
              IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'slow') THEN PERFORM pg_catalog.pg_sleep(seconds); END IF; RETURN i; END $$;
            CREATE TABLE account (id int, name text); INSERT INTO account SELECT i, 'name ' || i FROM generate_series(1, 100) i;
            CREATE INDEX account_slowly ON account (slowly(id, 60)) WHERE id < 2;
            CREATE TABLE checked (id int CHECK (slowly(id, 0.02) > 0)); INSERT INTO checked SELECT generate_series(1, 100);
            """, in: "acme")
    }

    private func write(_ form: String) throws {
        let files =
            form == "files"
            ? "data-directory: \(server.data)\n    service: {stop: \"\(server.service.stop)\", start: \"\(server.service.start)\"}" : ""
        let text = """
            cluster: acme
            release: "1"
            state: state
            storage: storage
            password-file: password
            targets: [{name: nas, path: nas}]
            quiesce: {begin: "test ! -e \(home.file("fail"))", end: "true"}
            stores:
              - name: catalog
                kind: postgres
                role: metadata
                connection: "\(server.connection)"
                \(files)
            """
        try AtomicFile.write(Array(text.utf8), to: home.file("acme.yaml"))
    }

    private func run(_ words: String) throws -> HoldfastProgram.Result {
        try HoldfastProgram.run(words.split(separator: " ").map(String.init) + ["-c", home.file("acme.yaml")], in: home.path)
    }

    /// What is in the server that was not there before.
    private func leftovers() throws -> [String] {
        let shared = try server.sql(
            """
            SELECT 'session ' || application_name || ' ' || query FROM pg_stat_activity WHERE application_name ~ '^(holdfast|pg_dump|pg_restore|pg_dumpall|vacuumdb)'
            UNION ALL SELECT 'lock ' || mode FROM pg_locks WHERE locktype = 'advisory'
            UNION ALL SELECT 'slot ' || slot_name FROM pg_replication_slots
            UNION ALL SELECT 'prepared ' || gid FROM pg_prepared_xacts
            UNION ALL SELECT 'backup ' || pid FROM pg_stat_progress_basebackup
            UNION ALL SELECT 'database ' || datname FROM pg_database WHERE datname ~ 'holdfast|_before_'
            """)
        let schemas = try server.sql("SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname ~ 'holdfast'", in: "acme")
        let label = try statusOfPath(Path.join(server.data, "backup_label")) == nil ? [] : ["backup_label"]
        return (shared + schemas).split(separator: "\n").map(String.init) + label
    }

    /// At once, or, of a process that was killed, in bounded time.
    private func expectNothing(_ what: String, within limit: Duration = .zero, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let clock = ContinuousClock()
        let end = clock.now.advanced(by: limit)
        var found = try leftovers()
        while !found.isEmpty, clock.now < end { found = try leftovers() }
        #expect(found.isEmpty, "\(what): \(found)", sourceLocation: sourceLocation)
    }

    @Test(arguments: ["files", "dumps"]) func `after success and after failure`(_ form: String) throws {
        try write(form)
        for (words, status) in [
            ("cluster init", 0), ("snapshot create first", 0), ("backup create --target nas --name b", 0),
            ("backup drill b --target nas", nil),
            ("snapshot restore first --store catalog --database acme --as beside --yes", 0),
            ("snapshot restore first --store catalog --database acme --table account --as account_beside --yes", 0),
            ("snapshot restore first --store catalog --database acme --table nothing --yes", nil),
            ("snapshot restore first --store catalog --database acme --as postgres --yes", nil), ("snapshot restore first --yes", 0),
        ] as [(String, Int32?)] {
            let result = try run(words)
            if let status { #expect(result.status == status, "\(words): \(result.out)\(result.err)") }
            try expectNothing("\(form): \(words)")
        }
        try AtomicFile.write([], to: home.file("fail"))
        #expect(try run("snapshot create second").status != 0)
        try expectNothing("\(form): a cut that failed")
    }

    @Test func `after kill -9 of a snapshot whose pg_dump waits, as long as what it waits for lasts`() throws {
        try write("dumps")
        #expect(try run("cluster init").status == 0)
        let holder = try WorkerThread(named: "holder") { [server] in
            _ = try? server.program("psql", ["-d", "acme", "-c", "BEGIN; LOCK TABLE account; SELECT pg_sleep(100)"])
        }
        while try server.sql("SELECT 1 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND relation <> 0").isEmpty {
            sched_yield()
        }
        try kill("snapshot create first", when: "application_name = 'pg_dump' AND wait_event_type = 'Lock'")
        try expectNothing("a lock that lasts", within: .seconds(20))
        try server.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(100)%' AND pid <> pg_backend_pid()")
        try holder.join()
    }

    @Test func `after kill -9 of restores: what they had begun goes with the next command`() throws {
        try write("dumps")
        #expect(try run("cluster init").status == 0)
        #expect(try run("snapshot create first").status == 0)
        try server.sql("CREATE ROLE slow")
        try kill(
            "snapshot restore first --store catalog --database acme --table checked --as checked_beside --yes",
            when: "query LIKE 'COPY holdfast_%'")
        #expect(try leftovers().contains { $0.hasPrefix("schema holdfast_") })
        try server.sql("DROP ROLE slow")
        #expect(try run("snapshot create second").status == 0)
        try expectNothing("a table", within: .seconds(20))

        try server.sql("CREATE ROLE slow")
        try server.sql("DELETE FROM account WHERE id > 1", in: "acme")
        try kill("snapshot restore first --yes", when: "query LIKE 'CREATE INDEX account_slowly%'")
        let sessions = { try leftovers().filter { $0.hasPrefix("session") } }
        let (clock, start) = (ContinuousClock(), ContinuousClock().now)
        while try !sessions().isEmpty, clock.now < start.advanced(by: .seconds(20)) { sched_yield() }
        #expect(try sessions().isEmpty)
        try server.sql("DROP ROLE slow")
        let again = try run("snapshot restore first --yes")
        #expect(again.status == 0, "\(again.out)\(again.err)")
        #expect(try server.sql("SELECT count(*) FROM account", in: "acme") == "100\n")
        try expectNothing("all of a server")
    }

    /// Kills the program when a session of the server is like that.
    private func kill(_ words: String, when moment: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let pid = home.file("pid")
        try? removeTree(pid)
        let line = "echo $$ > \(pid).new; mv \(pid).new \(pid); exec \(HoldfastProgram.path) \(words) -c \(home.file("acme.yaml"))"
        let thread = try WorkerThread(named: "program") { [home] in
            _ = try ChildProcess(["/bin/sh", "-c", line], workingDirectory: home.path, timeout: .seconds(120)).run()
        }
        while try statusOfPath(pid) == nil { sched_yield() }
        let number = try #require(Int32(String(decoding: try AtomicFile.read(pid), as: UTF8.self).prefix { $0.isNumber }))
        while Glibc.kill(number, 0) == 0,
            try server.sql("SELECT 1 FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND \(moment)").isEmpty
        {
            sched_yield()
        }
        #expect(Glibc.kill(number, SIGKILL) == 0, "it ended before", sourceLocation: sourceLocation)
        try thread.join()
    }
}
