import Archiving
import HostIO
import Model
import SQLiteStore
import StoreContract
import TestSupport

/// A small database in a folder of its own, its adapter, and a folder for what the adapter needs.
struct SQLiteFixture {
    enum Mode: String, CaseIterable { case wal, delete }

    let home: TemporaryDirectory
    let path: String
    let store: SQLiteStore
    let scratch: ScratchDirectory

    init(_ mode: Mode?, rows: Int = 500, role: StoreRole = .metadata, bulk: [String] = [], pageSize: Int = 4096) throws {
        home = try TemporaryDirectory()
        path = Path.join(try home.folder("db"), "accounts.db")
        scratch = try ScratchDirectory(in: home.file("scratch"))
        let declaration = StoreDeclaration(name: "accounts", kind: .sqlite, role: role, path: path, bulkTables: bulk)
        store = SQLiteStore(declaration, host: .forTests())
        guard let mode else { return }
        let connection = try connect(creating: true)
        try connection.execute("PRAGMA page_size = \(pageSize); PRAGMA journal_mode = \(mode.rawValue)")
        try Self.fill(connection, rows: rows)
    }

    static func fill(_ connection: SQLiteConnection, rows: Int) throws {
        try connection.execute(
            """
            BEGIN;
            CREATE TABLE account (id INTEGER PRIMARY KEY, name TEXT NOT NULL, balance INTEGER NOT NULL);
            CREATE INDEX account_name ON account (name);
            CREATE TABLE fact_sales (id INTEGER PRIMARY KEY, account INTEGER REFERENCES account, note TEXT);
            CREATE TABLE log (line TEXT);
            CREATE VIEW rich AS SELECT * FROM account WHERE balance > 500;
            CREATE TRIGGER gone AFTER DELETE ON account BEGIN INSERT INTO log VALUES ('deleted ' || old.id); END;
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(rows))
              INSERT INTO account SELECT i, 'name ' || i, i FROM n;
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(rows * 4))
              INSERT INTO fact_sales SELECT i, i % \(rows) + 1, hex(randomblob(40)) FROM n;
            PRAGMA user_version = 7;
            COMMIT;
            """)
    }

    func connect(creating: Bool = false) throws -> SQLiteConnection {
        try SQLiteConnection(path: path, access: creating ? .creating : .existing, patience: 20_000)
    }

    func count(_ table: String) throws -> Int64? { try connect().integer("SELECT count(*) FROM \(table)") }

    /// The names in the store's directory.
    func names() throws -> [String] {
        try Descriptor.openDirectory(Path.parent(path)).entries().map { FileName.text($0.name) }.sorted()
    }

    func capture(_ id: String = "image-1") throws -> Capture {
        let folder = Path.join(scratch.path, id)
        try makeDirectories(folder)
        return try store.capture(CaptureRequest(imageID: id, nativeImageFolder: nil, scratch: folder))
    }

    /// A kept image of the present state.
    func image(_ id: String = "image-1") throws -> StoreImage {
        let capture = try capture(id)
        defer { store.release(capture, outcome: .committed) }
        return .archived(try ImageRepository().archive(try store.image(of: capture, job: JobControl())).tree)
    }

    func plan(_ image: StoreImage) throws -> StoreRestorePlan { try store.planRestore(of: image, scratch: scratch, job: JobControl()) }

    @discardableResult
    func restore(_ image: StoreImage) throws -> StoreRestoreOutcome {
        try store.apply(try plan(image), of: image, scratch: scratch, job: JobControl())
    }

    func check(_ image: StoreImage) throws -> StoreCheck { try store.check(against: image, scratch: scratch, job: JobControl()) }
}
