import Model
import TestSupport
import Testing

/// The whole of a cluster file, for tests to change.
let wholeClusterFile = """
    cluster: acme
    release: "6.2.1"
    state: state
    storage: /srv/holdfast/../holdfast/acme
    password-file: ./secret
    stores:
      - {name: accounts, kind: sqlite, role: metadata, path: /srv/acme/accounts.db, bulk-tables: ["events_*", raw]}
      - name: uploads
        kind: directory
        role: content
        path: data/uploads/
    quiesce: {begin: /etc/holdfast/pause, end: /etc/holdfast/resume, timeout: 500ms}
    targets:
      - {name: nas, path: /mnt/nas/acme}

    """

@Suite struct ClusterFileTests {
    @Test func `a whole file is read`() throws {
        let file = try ClusterFile(parsing: wholeClusterFile, at: "/etc/holdfast/acme.yaml")
        #expect(file.name == "acme")
        #expect(file.release == "6.2.1")
        #expect(file.state == "/etc/holdfast/state")
        #expect(file.storage == "/srv/holdfast/acme")
        #expect(file.password == .file("/etc/holdfast/secret"))
        #expect(
            file.stores == [
                StoreDeclaration(
                    name: "accounts", kind: .sqlite, role: .metadata, path: "/srv/acme/accounts.db", bulkTables: ["events_*", "raw"]),
                StoreDeclaration(name: "uploads", kind: .directory, role: .content, path: "/etc/holdfast/data/uploads"),
            ])
        #expect(file.quiesce == QuiesceHooks(begin: "/etc/holdfast/pause", end: "/etc/holdfast/resume", timeoutMilliseconds: 500))
        #expect(file.targets == [TargetDeclaration(name: "nas", path: "/mnt/nas/acme")])
        #expect(file.place(of: "stores.uploads") == "/etc/holdfast/acme.yaml:8")
        #expect(file.place(of: "storage") == "/etc/holdfast/acme.yaml:4")
    }

    @Test func `quiesce and targets may be left out and a command may give the password`() throws {
        let text = """
            cluster: a
            release: v1
            state: /s
            storage: /s/snapshots
            password-command: pass show acme
            stores: [{name: x, kind: directory, role: data, path: /x}]
            """
        let file = try ClusterFile(parsing: text, at: "/f.yaml")
        #expect(file.quiesce == nil)
        #expect(file.targets.isEmpty)
        #expect(file.password == .command("pass show acme"))
    }

    @Test func `a lake, the storage and who asks for them can be in HDFS`() throws {
        let text = """
            cluster: a
            release: v1
            state: /s
            storage: hdfs://nn1,nn2/holdfast/acme
            password-file: secret
            hdfs: {user: etl, ca-file: ca.pem}
            stores:
              - {name: lake, kind: hdfs, role: data, url: "hdfs://nn1:9870/lake"}
              - {name: uploads, kind: directory, role: content, path: /lake}
            """
        let file = try ClusterFile(parsing: text, at: "/etc/f.yaml")
        #expect(file.storage == "hdfs://nn1:9870,nn2:9870/holdfast/acme")
        #expect(file.hdfs == HDFSAccess(user: "etl", authorityFile: "/etc/ca.pem"))
        #expect(file.store(named: "lake") == StoreDeclaration(name: "lake", kind: .hdfs, role: .data, path: "hdfs://nn1:9870/lake"))
        #expect(file.nativeImageFolder(of: "uploads") == nil)
    }

    @Test func `a PostgreSQL server on this host and one on another are read`() throws {
        let text = """
            cluster: a
            release: v1
            state: /s
            storage: /s/snapshots
            password-file: secret
            stores:
              - name: catalog
                kind: postgres
                role: metadata
                connection: "host=/run/postgresql dbname=acme"
                data-directory: pg/main
                databases: [acme, web]
                bulk-tables: ["public.fact_*"]
                service: {stop: "pg_ctlcluster 15 main stop", start: "pg_ctlcluster 15 main start", status: "true", timeout: 30s}
                programs: /opt/pg/bin
              - {name: far, kind: postgres, role: data, connection: "postgresql://backup@db2:5433/x?sslmode=require"}
            """
        let file = try ClusterFile(parsing: text, at: "/etc/f.yaml")
        let near = try #require(file.store(named: "catalog"))
        #expect(near.path == "/etc/pg/main" && near.bulkTables == ["public.fact_*"])
        let service = ServiceCommands(
            stop: "pg_ctlcluster 15 main stop", start: "pg_ctlcluster 15 main start", status: "true", timeoutMilliseconds: 30_000)
        #expect(
            near.postgres
                == PostgresAccess(
                    connection: "host=/run/postgresql dbname=acme", dataDirectory: "/etc/pg/main", databases: ["acme", "web"],
                    service: service, programs: "/opt/pg/bin"))
        let far = try #require(file.store(named: "far"))
        #expect(far.path == "postgresql://backup@db2:5433/x?sslmode=require" && far.postgres?.dataDirectory == nil)
    }

    @Test func `the places of tablespaces are absolute paths, each once`() throws {
        func parse(_ tablespaces: String) throws -> ClusterFile {
            try ClusterFile(
                parsing: """
                    cluster: a
                    release: v1
                    state: /var/lib/holdfast/a
                    storage: /var/lib/holdfast/s
                    password-file: /etc/pw
                    stores:
                      - {name: db, kind: postgres, role: metadata, connection: "host=/run", data-directory: /pg, tablespaces: \(tablespaces)}
                    """, at: "/etc/f.yaml")
        }
        #expect(
            try parse("{/srv/old/fast/: /srv/new/fast, /srv/b: /srv/c}").store(named: "db")?.postgres?.tablespaces
                == ["/srv/old/fast": "/srv/new/fast", "/srv/b": "/srv/c"])
        for wrong in ["[/srv/a]", "{/srv/a: fast}", "{fast: /srv/a}", "{/srv/a: /}", "{/srv/a: /srv/c, /srv/b: /srv/c/}", "{/srv/a: 5}"] {
            let failure = #expect(throws: Failure.self) { try parse(wrong) }
            #expect(failure?.message.contains("tablespaces") == true, "\(wrong): \(String(describing: failure))")
        }
    }

    @Test(arguments: [
        "host=x password=secret", "password = secret", "user='a b' password='x y'", "postgres://u:pw@h/db", "postgresql://h/db?password=x",
        "host=h sslpassword=x", "user=a\\ password password=x",
    ])
    func `a password in a connection string is refused, and not repeated`(_ connection: String) {
        let text = wholeClusterFile.replacing(
            "kind: sqlite, role: metadata, path: /srv/acme/accounts.db",
            with: "kind: postgres, role: metadata, connection: \"\(connection.replacing("\\", with: "\\\\"))\"")
        let failure = #expect(throws: Failure.self) { try ClusterFile(parsing: text, at: "/x.yaml") }
        #expect(failure?.message.contains("/x.yaml:7: connection holds a password") == true, "\(String(describing: failure))")
        #expect(failure?.hint?.contains("passfile") == true)
    }

    @Test(arguments: [
        "host=h user=password", "postgresql://user@h:5432/db", "dbname='x password=y'", "host=/run/postgresql passfile=/etc/pgpass",
    ])
    func `a connection string without a password holds none`(_ connection: String) {
        #expect(!PostgresAccess.holdsPassword(connection))
    }

    @Test(arguments: ["hdfs://nn1/holdfast", "hdfs://nn2,nn1:9870/", "webhdfs://nn1/holdfast/acme/lake"])
    func `one HDFS is one, whichever of its NameNodes is named`(_ lake: String) {
        let text = """
            cluster: a
            release: v1
            state: /s
            storage: hdfs://nn1,nn2/holdfast/acme
            password-file: secret
            stores: [{name: lake, kind: hdfs, role: data, url: "\(lake)"}]
            """
        let failure = #expect(throws: Failure.self) { try ClusterFile(parsing: text, at: "/etc/f.yaml") }
        #expect(failure?.message.contains("lies inside") == true, "\(failure?.message ?? "")")
    }

    struct Mistake: Sendable, CustomTestStringConvertible {
        var find: String
        var replace: String
        var line: Int
        var message: String
        var remedy: String

        init(_ find: String, _ replace: String, _ line: Int, _ message: String, _ remedy: String = "") {
            self.find = find
            self.replace = replace
            self.line = line
            self.message = message
            self.remedy = remedy
        }

        var testDescription: String { replace }
    }

    static let mistakes = [
        Mistake("storage:", "storag:", 4, "unknown key \"storag\"", "did you mean storage?"),
        Mistake("cluster: acme", "cluster: acme\nnodes: []", 2, "nodes is not supported by this release"),
        Mistake("\"6.2.1\"", "6.10", 2, "release is a number, not text", "release: \"6.10\""),
        Mistake("\"6.2.1\"", "2026-01-01", 2, "release is a date, not text", "in quotes"),
        Mistake("\"6.2.1\"", "yes", 2, "release is a truth value", "in quotes"),
        Mistake("\"6.2.1\"", "", 2, "release is empty"),
        Mistake("\"6.2.1\"", "[6]", 2, "release is a list, not text"),
        Mistake("release: \"6.2.1\"\n", "", 1, "the file lacks release", "release: \"6.2.1\""),
        Mistake("cluster: acme", "cluster: a b", 1, "the cluster's name \"a b\"", "letters, digits"),
        Mistake("/srv/holdfast/../holdfast/acme", "hdfs://nn:9870", 4, "storage is the root of an HDFS", "hdfs://nn:9870/holdfast"),
        Mistake("/srv/holdfast/../holdfast/acme", "hdfs:///x", 4, "storage: "),
        Mistake("data/uploads/", "hdfs://nn:9870/x", 11, "is a URL"),
        Mistake("kind: directory", "kind: hdfs", 11, "path means nothing for a store of kind hdfs", "hdfs://namenode:9870/lake"),
        Mistake("path: data/uploads/", "url: hdfs://nn/x", 11, "url means nothing for a store of kind directory"),
        Mistake("release:", "hdfs: {user: a, token-file: b}\nrelease:", 2, "both user and token-file"),
        Mistake("release:", "hdfs: {usr: a}\nrelease:", 2, "unknown key \"usr\"", "did you mean user?"),
        Mistake("/srv/holdfast/../holdfast/acme", "s3://bucket", 4, "is a URL"),
        Mistake("/srv/holdfast/../holdfast/acme", "s3:host/bucket", 4, "begins like an address (s3:)", "./s3:host/bucket"),
        Mistake("data/uploads/", "root@host:/srv", 11, "begins like an address (root@host:)", "./root@host:/srv"),
        Mistake("/srv/holdfast/../holdfast/acme", "~/x", 4, "\"~\" means nothing here"),
        Mistake("/srv/holdfast/../holdfast/acme", "/srv/acme/accounts.db", 7, "have the same path"),
        Mistake("/srv/holdfast/../holdfast/acme", "data/uploads/snapshots", 8, "lies inside store uploads"),
        Mistake("/srv/holdfast/../holdfast/acme", "state", 4, "storage and state are the same"),
        Mistake("password-file: ./secret", "password-file: a\npassword-command: b", 6, "both password-file and password-command"),
        Mistake("password-file: ./secret\n", "", 1, "lacks password-file or password-command"),
        Mistake("kind: sqlite", "kind: postgres", 7, "a store lacks connection", "host=/run/postgresql"),
        Mistake("path: /srv/acme/accounts.db", "data-directory: /var/lib/pg", 7, "unknown key \"data-directory\" in a store"),
        Mistake("kind: sqlite", "kind: sqllite", 7, "unknown kind \"sqllite\"", "did you mean sqlite?"),
        Mistake("kind: sqlite", "kind: oracle", 7, "unknown kind \"oracle\"", "directory, sqlite"),
        Mistake("role: content", "role: contents", 10, "unknown role \"contents\"", "did you mean content?"),
        Mistake("role: content", "rolle: content", 10, "unknown key \"rolle\"", "did you mean role?"),
        Mistake("name: uploads", "name: accounts", 8, "a second store named accounts"),
        Mistake("name: uploads", "name: up/loads", 8, "the store name \"up/loads\""),
        Mistake("data/uploads/", "/srv/acme/accounts.db/x", 8, "lies inside store accounts"),
        Mistake("data/uploads/", "/srv", 8, "lies inside store uploads"),
        Mistake("data/uploads/", "/", 11, "whole file system"),
        Mistake(
            "kind: directory\n    role", "kind: directory\n    bulk-tables: [a]\n    role", 10,
            "bulk-tables means nothing for a store of kind directory"),
        Mistake("[\"events_*\", raw]", "raw", 7, "bulk-tables is text, not a list"),
        Mistake("timeout: 500ms", "timeout: soon", 12, "timeout is \"soon\", not a length of time", "5s"),
        Mistake("timeout: 500ms", "timeout: 5", 12, "timeout is \"5\"", "5s"),
        Mistake("end: /etc/holdfast/resume, ", "", 12, "quiesce lacks end"),
        Mistake("/mnt/nas/acme", "/srv/holdfast/acme/backups", 14, "lies inside storage"),
        Mistake("- {name: nas, path: /mnt/nas/acme}", "- {name: nas, path: /m}\n  - {name: nas, path: /n}", 15, "repeats the name or path"),
        Mistake("- {name: nas, path: /mnt/nas/acme}", "- nas", 14, "a target is text, not a mapping"),
        Mistake("cluster: acme", "cluster: acme\ncluster: b", 1, "stands there twice"),
        Mistake("cluster: acme", "cluster: \"a\\0b\"", 1, "control character"),
        Mistake("    kind: directory", "\tkind: directory", 9, "not valid YAML", "indentation"),
        Mistake("[\"events_*\", raw]", "[\"events_*\", raw", 7, "not valid YAML", "brackets"),
        Mistake("cluster: acme", "cluster: *nobody", 1, "not valid YAML"),
    ]

    @Test(arguments: mistakes) func `each mistake names its line and the remedy`(_ mistake: Mistake) {
        #expect(wholeClusterFile.contains(mistake.find))
        let text = wholeClusterFile.replacing(mistake.find, with: mistake.replace, maxReplacements: 1)
        let failure = #expect(throws: Failure.self) { try ClusterFile(parsing: text, at: "/etc/holdfast/acme.yaml") }
        guard let failure else { return }
        #expect(failure.code == .clusterFile)
        let told = failure.summary + " " + (failure.hint ?? "")
        #expect(told.contains("/etc/holdfast/acme.yaml:\(mistake.line): "), "\(told)")
        #expect(told.contains(mistake.message), "\(told)")
        #expect(told.contains(mistake.remedy), "\(told)")
    }

    @Test(arguments: [
        "", "\n# nothing\n", "just text", "- a\n- b", "---\n...\n---\n", "{", "cluster: [\n", "\u{FEFF}", "%YAML 9.9\n---\na: b",
        "a: b\n---\nc: d",
    ])
    func `what is not a cluster file is refused`(_ text: String) {
        let failure = #expect(throws: Failure.self) { try ClusterFile(parsing: text, at: "/x.yaml") }
        #expect(failure?.code == .clusterFile)
        #expect(failure?.message.contains("/x.yaml") == true)
    }

    @Test func `all mistakes are told at once, by line`() {
        let text = "cluster: acme\nreleas: 6\nstores:\n  - {name: a, kind: dir, role: data, path: /a}\n"
        let failure = #expect(throws: Failure.self) { try ClusterFile(parsing: text, at: "/x.yaml") }
        let lines = failure?.message.split(separator: "\n").map(String.init) ?? []
        #expect(lines.first == "/x.yaml has 6 errors:")
        #expect(lines.contains { $0.contains("/x.yaml:2: unknown key \"releas\"") && $0.contains("did you mean release?") })
        #expect(lines.contains { $0.contains("/x.yaml:4: unknown kind \"dir\"") })
    }

    @Test(.timeLimit(.minutes(2))) func `no mutation of a file traps`() {
        var random = SeededRandom(named: "cluster file mutations")
        let original = Array(wholeClusterFile.utf8)
        for _ in 0..<3000 {
            var bytes = original
            for _ in 0...Int.random(in: 0..<4, using: &random) { mutate(&bytes, using: &random) }
            _ = try? ClusterFile(parsing: String(decoding: bytes, as: UTF8.self), at: "/x.yaml")
        }
    }

    @Test func `deep nesting is refused`() {
        for text in [
            String(repeating: "[", count: 100_000), String(repeating: "{a: ", count: 100_000), String(repeating: "- ", count: 100_000),
        ] {
            #expect(throws: Failure.self) { try ClusterFile(parsing: text, at: "/x.yaml") }
        }
    }

    private func mutate(_ bytes: inout [UInt8], using random: inout SeededRandom) {
        let tokens = [
            "&a ", "*a", "? ", ": ", "- ", "[", "]", "{", "}", "\"", "'", "\n", "\t", "|", ">", "!!int ", "!x ", "%", "#", "\0", "<<: ",
            "---\n", "é", "\u{FEFF}", "~", "null", "0x1", "\\u0000",
        ]
        let place = Int.random(in: 0...bytes.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes.insert(contentsOf: Array((tokens.randomElement(using: &random) ?? "").utf8), at: place)
        case 1: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 0..<20, using: &random)))
        case 2 where place < bytes.count: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
        case 3: bytes.insert(contentsOf: bytes[(place / 2)..<place].prefix(80), at: Int.random(in: 0...bytes.count, using: &random))
        default: bytes.removeLast(min(bytes.count, Int.random(in: 0..<100, using: &random)))
        }
    }
}
