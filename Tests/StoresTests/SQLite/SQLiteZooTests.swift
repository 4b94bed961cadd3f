import Archiving
import HostIO
import Model
import SQLiteStore
import StoreContract
import TestSupport
import Testing

/// Databases of every kind, through everything that Holdfast does with one, compared by SQLite's own shell.
@Suite(.enabled(if: isInstalled("sqlite3", package: "sqlite3")), .timeLimit(.minutes(3))) struct SQLiteZooTests {
    struct Animal: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var sql: String
        var setting = ""
        var name = "zoo.db"
    }

    private static let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
    private static let plain = """
        CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT, b BLOB); CREATE INDEX t_v ON t(v);
        \(rows) INSERT INTO t SELECT i, 'grüße ' || i, randomblob(i * 7 % 900) FROM n; CREATE TABLE bulk_log(x); INSERT INTO bulk_log SELECT v FROM t;
        """
    private static let objects = """
        CREATE TABLE k(a TEXT, b INT, PRIMARY KEY(b, a)) WITHOUT ROWID; INSERT INTO k SELECT v, id FROM t;
        CREATE TABLE g(a INT, b INT GENERATED ALWAYS AS (a * 2) STORED, c TEXT GENERATED ALWAYS AS (a || 'x') VIRTUAL, CHECK (a > 0));
        INSERT INTO g(a) SELECT id FROM t; CREATE INDEX g_c ON g(c) WHERE b > 20; CREATE INDEX g_e ON g(abs(a) DESC);
        CREATE TABLE s(i INT, r REAL, t TEXT, b BLOB, a ANY) STRICT; INSERT INTO s VALUES (1, 1.5, 'x', x'00ff', 'any'), (NULL, NULL, NULL, NULL, 9e999);
        CREATE TABLE q(id INTEGER PRIMARY KEY AUTOINCREMENT, p INT REFERENCES t ON DELETE CASCADE); INSERT INTO q(p) SELECT id FROM t;
        DELETE FROM q WHERE id > 250;
        CREATE VIEW w AS SELECT v, count(*) OVER () FROM t; CREATE TRIGGER r AFTER DELETE ON t BEGIN DELETE FROM k WHERE b = old.id; END;
        CREATE TRIGGER ri INSTEAD OF INSERT ON w BEGIN SELECT 1; END;
        ANALYZE;
        """
    private static let virtual = """
        CREATE VIRTUAL TABLE f USING fts5(body, prefix='2 3', tokenize='porter'); INSERT INTO f SELECT v || ' running foxes' FROM t;
        CREATE VIRTUAL TABLE e USING fts5(body, content='t', content_rowid='id'); CREATE VIRTUAL TABLE f4 USING fts4(a, b);
        INSERT INTO f4 VALUES ('one two', 'three');
        CREATE VIRTUAL TABLE box USING rtree(id, x0, x1, +note); INSERT INTO box SELECT id, id, id + 1.5, v FROM t;
        """
    private static let names = """
        CREATE TABLE "a ""quoted"" 'name'"("col""umn" TEXT, "%s\\n" INT); INSERT INTO "a ""quoted"" 'name'" VALUES ('x', 1);
        CREATE TABLE "line\nfeed"("🦊 fox" TEXT DEFAULT 'a;b'); INSERT INTO "line\nfeed" VALUES ('y');
        CREATE TABLE "select"("from" INT); CREATE TABLE "\t"(a); CREATE INDEX "ix '1'" ON "select"("from"); CREATE VIEW "v%%" AS SELECT 1;
        """

    static let animals: [Animal] =
        [
            Animal(testDescription: "every object", sql: plain + objects),
            Animal(testDescription: "virtual tables", sql: plain + virtual),
            Animal(testDescription: "names", sql: plain + names, name: "it's a \"zoo\" % 🦊\nof.db"),
            Animal(
                testDescription: "auto_vacuum full", sql: plain + "DELETE FROM t WHERE id % 3 = 0;", setting: "PRAGMA auto_vacuum = FULL;"),
            Animal(
                testDescription: "auto_vacuum incremental", sql: plain + "DELETE FROM bulk_log;",
                setting: "PRAGMA auto_vacuum = INCREMENTAL;"),
            Animal(testDescription: "UTF-16le", sql: plain + objects, setting: "PRAGMA encoding = 'UTF-16le';"),
            Animal(testDescription: "UTF-16be", sql: plain + virtual, setting: "PRAGMA encoding = 'UTF-16be';"),
            Animal(
                testDescription: "marks", sql: plain + "PRAGMA user_version = -7; PRAGMA application_id = 1196444487;",
                setting: "PRAGMA journal_mode = WAL;"),
            Animal(testDescription: "free pages", sql: plain + "DROP TABLE t;", setting: "PRAGMA secure_delete = OFF;"),
            Animal(testDescription: "no table", sql: "PRAGMA user_version = 3;"),
        ]
        + [512, 1024, 8192, 32_768, 65_536].map {
            Animal(
                testDescription: "pages of \($0)", sql: plain,
                setting: "PRAGMA page_size = \($0); \($0 > 5000 ? "PRAGMA journal_mode = WAL;" : "")")
        }

    private func shell(_ path: String, _ input: String) throws -> String {
        let outcome = try ChildProcess(["sqlite3", "-batch", "-bail", path], input: Array(input.utf8), outputLimit: 1 << 24).run()
        guard outcome.succeeded else { throw ToolFailed(arguments: ["sqlite3", path], outcome: outcome) }
        return outcome.outputText
    }

    private static let pragmas = """
        PRAGMA page_size; PRAGMA encoding; PRAGMA auto_vacuum; PRAGMA user_version; PRAGMA application_id; PRAGMA journal_mode; PRAGMA integrity_check;
        PRAGMA foreign_key_check;
        """

    /// What the shell shows of a database: all of its SQL, and what it says of itself.
    private func oracle(_ path: String) throws -> String { try shell(path, ".dump\n" + Self.pragmas) }

    private func rehearsal(_ image: StoreImage, of record: StoreRecord, _ store: SQLiteStore, _ home: TemporaryDirectory) throws
        -> RehearsalFindings
    {
        let rehearsed = try store.rehearse(
            image, of: record, scratch: try ScratchDirectory(in: home.file("drill")), job: JobControl())
        return rehearsed.findings
    }

    @Test(arguments: animals) func `what comes back is what was there`(animal: Animal) throws {
        let home = try TemporaryDirectory()
        let path = Path.join(try home.folder("db"), animal.name)
        _ = try shell(path, animal.setting + animal.sql)
        let before = try oracle(path)
        let declaration = StoreDeclaration(name: "zoo", kind: .sqlite, role: .metadata, path: path, bulkTables: ["bulk_*"])
        let store = SQLiteStore(declaration, host: .forTests())
        let scratch = try ScratchDirectory(in: home.file("scratch"))
        let capture = try store.capture(CaptureRequest(imageID: "i", nativeImageFolder: nil, scratch: scratch.path))
        let repository = try ImageRepository()
        let captured = try store.image(of: capture, job: JobControl())
        #expect(captured.doubts.isEmpty)
        let image = StoreImage.archived(try repository.archive(captured).tree)
        store.release(capture, outcome: .committed)
        #expect(try oracle(path) == before)

        // Elsewhere, byte for byte by pages and by what the shell shows.
        var moved = declaration
        moved.path = Path.join(try home.folder("elsewhere"), animal.name)
        let other = SQLiteStore(moved, host: .forTests())
        _ = try other.apply(
            try other.planRestore(of: image, scratch: scratch, job: JobControl()), of: image, scratch: scratch, job: JobControl())
        #expect(try oracle(moved.path) == before)
        #expect(try other.check(against: image, scratch: scratch, job: JobControl()).differences == 0)

        // In place, after all of it was emptied by the shell.
        try #require(try store.planRestore(of: image, scratch: scratch, job: JobControl()).isEmpty)
        _ = try shell(
            path, "CREATE TABLE intruder(a); INSERT INTO intruder VALUES (1); DROP TABLE IF EXISTS bulk_log; PRAGMA user_version = 99;")
        _ = try store.apply(
            try store.planRestore(of: image, scratch: scratch, job: JobControl()), of: image, scratch: scratch, job: JobControl())
        #expect(try oracle(path) == before)
        #expect(try store.check(against: image, scratch: scratch, job: JobControl()).differences == 0)
    }

    @Test(arguments: animals) func `a smaller backup has every object, and no row of what it leaves out`(animal: Animal) throws {
        let home = try TemporaryDirectory()
        let path = Path.join(try home.folder("db"), animal.name)
        _ = try shell(path, animal.setting + animal.sql)
        let declaration = StoreDeclaration(name: "zoo", kind: .sqlite, role: .metadata, path: path, bulkTables: ["bulk_*"])
        let store = SQLiteStore(declaration, host: .forTests())
        let scratch = try ScratchDirectory(in: home.file("scratch"))
        let capture = try store.capture(CaptureRequest(imageID: "i", nativeImageFolder: nil, scratch: scratch.path))
        let repository = try ImageRepository()
        let image = StoreImage.archived(try repository.archive(try store.image(of: capture, job: JobControl())).tree)
        store.release(capture, outcome: .committed)
        let ordinary =
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
        for extent in [StoreExtent.withoutBulkRows, .structure] {
            guard
                case .rebuilt(let source, let shape, _, _, let doubts) = try store.reduce(
                    image, to: extent, scratch: scratch, job: JobControl())
            else { throw Failure(.internal, "not rebuilt") }
            #expect(doubts.isEmpty)
            let reduced = StoreImage.archived(try repository.archive(CapturedImage(source: source, shape: shape)).tree)
            var moved = declaration
            moved.path = Path.join(try home.folder("smaller-\(extent)"), animal.name)
            let other = SQLiteStore(moved, host: .forTests())
            _ = try other.apply(
                try other.planRestore(of: reduced, scratch: scratch, job: JobControl()), of: reduced, scratch: scratch, job: JobControl())
            #expect(try structure(moved.path) == structure(path))
            for table in try names(ordinary, moved.path) {
                let isEmptied = extent == .structure || table.hasPrefix("bulk_")
                let quoted = table.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
                let all = "SELECT * FROM \"\(quoted)\" ORDER BY 1, 2;"
                let sorted = try rows(all, quoted, path)
                let found = try rows(all, quoted, moved.path)
                #expect(found == (isEmptied ? "" : sorted), "\(extent) \(table)")
            }
        }
    }

    /// A rebuilt database lists its objects in another order.
    private func structure(_ path: String) throws -> [Substring] {
        try shell(path, ".schema --nosys").split(separator: "\n").sorted() + shell(path, Self.pragmas).split(separator: "\n")
    }

    /// By the first two columns where there are two.
    private func rows(_ all: String, _ table: String, _ path: String) throws -> String {
        if let rows = try? shell(path, all) { return rows }
        return try shell(path, "SELECT * FROM \"\(table)\" ORDER BY 1;")
    }

    private func names(_ sql: String, _ path: String) throws -> [String] {
        var names: [String] = []
        try SQLiteConnection(path: path).query(sql) { row in names.append(row.text(0) ?? "") }
        return names
    }

    @Test func `an empty file is an empty database, and what looks encrypted is refused by name and left as it is`() throws {
        let empty = try SQLiteFixture(nil)
        try AtomicFile.write([], to: empty.path)
        #expect(try empty.store.open().facts["schema-objects"] == "0")
        let image = try empty.image()
        try empty.connect().execute("CREATE TABLE t(a)")
        _ = try empty.restore(image)
        #expect(try shell(empty.path, ".dump").contains("CREATE") == false)
        let secret = try SQLiteFixture(nil)
        var random = SeededRandom(seed: 7)
        let bytes = (0..<8192).map { _ in UInt8.random(in: 0...255, using: &random) }
        try AtomicFile.write(bytes, to: secret.path)
        let failure = Failure(describing: try #require(throws: (any Error).self) { try secret.store.open() })
        #expect(failure.code == .store && failure.hint?.contains("encrypted") == true)
        #expect(try AtomicFile.read(secret.path) == bytes)
        #expect(try secret.names() == ["accounts.db"])
    }

    @Test func `a damaged database does not end a smaller backup: it is kept whole and said to be damaged`() throws {
        for extent in [StoreExtent.withoutBulkRows, .structure] {
            let fixture = try SQLiteFixture(.delete, bulk: ["fact_*"])
            let file = try Descriptor.open(fixture.path, .readWrite)
            for page in 4..<40 {
                try [UInt8](repeating: 0xFF, count: 4096).withUnsafeBytes { try file.write($0, at: Int64(page) * 4096) }
            }
            let before = try AtomicFile.read(fixture.path)
            let image = try fixture.image()
            let reduced = try fixture.store.reduce(image, to: extent, scratch: fixture.scratch, job: JobControl())
            guard case .rebuilt(let source, _, let reload, _, let doubts) = reduced else { throw Failure(.internal, "not rebuilt") }
            #expect(doubts.map(\.kind) == [.damaged] && reload.isEmpty)
            let folder = try #require(source as? LocalDirectory)
            #expect(try AtomicFile.read(Path.join(folder.path, "accounts.db")).count == before.count)
        }
    }
}
