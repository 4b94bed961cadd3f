import HostIO
import Model
import SQLiteStore
import StoreContract
import TestSupport
import Testing

/// The fixture as the contract suite wants it.
struct SQLiteUnderTest: StoreUnderTest {
    let fixture: SQLiteFixture
    let mode: SQLiteFixture.Mode

    init(_ mode: SQLiteFixture.Mode) throws {
        fixture = try SQLiteFixture(nil)
        self.mode = mode
    }

    var adapter: any StoreAdapter { fixture.store }
    var nativeImageFolder: String? { fixture.home.file("images") }
    var scratchParent: String { fixture.home.file("scratch") }

    func fill() throws {
        let connection = try fixture.connect(creating: true)
        try connection.execute("PRAGMA journal_mode = \(mode.rawValue)")
        try SQLiteFixture.fill(connection, rows: 300)
    }

    func damage(_ round: Int) throws {
        try fixture.connect().execute(
            """
            DELETE FROM account WHERE id % 3 = \(round % 3);
            CREATE TABLE stray_\(round) (x); INSERT INTO stray_\(round) VALUES (randomblob(5000)); PRAGMA user_version = \(100 + round);
            """)
        switch round % 3 {
        case 0: try fixture.connect().execute("UPDATE fact_sales SET note = 'damaged' WHERE id % 17 = 0")
        case 1: try fixture.connect().execute("DROP TABLE fact_sales; VACUUM")
        default: try fixture.connect().execute("DROP VIEW rich; CREATE INDEX stray ON account (balance)")
        }
    }

    func content() throws -> [String] {
        guard try statusOfPath(fixture.path) != nil else { return [] }
        let connection = try fixture.connect()
        var lines = [
            "user_version \(try connection.integer("PRAGMA user_version") ?? -1)", "mode \(try statusOfPath(fixture.path)?.mode ?? 0)",
        ]
        var tables: [String] = []
        try connection.query("SELECT type, name, coalesce(sql, '') FROM sqlite_schema ORDER BY type, name") { row in
            lines.append("\(row.text(0) ?? "") \(row.text(1) ?? "") \(row.text(2) ?? "")")
            if row.text(0) == "table" { tables.append(row.text(1) ?? "") }
        }
        for table in tables {
            lines.append(
                "\(table) \(try connection.integer("SELECT count(*) FROM \(table)") ?? -1) rows \(try connection.text("SELECT group_concat(quote(rowid)) FROM \(table)") ?? "")"
            )
        }
        if tables.contains("fact_sales") { lines.append(try connection.text("SELECT group_concat(note) FROM fact_sales") ?? "") }
        return lines
    }

    func surroundings() throws -> [String] { try fixture.names() }

    func remove() throws { try removeTree(Path.parent(fixture.path)) }
}

@Suite struct SQLiteContractTests {
    @Test(arguments: StoreAdapterContract.clauses) func aDatabaseInWALModeKeepsTheContract(clause: StoreAdapterContract.Clause) throws {
        try clause.check(SQLiteUnderTest(.wal))
    }

    @Test(arguments: StoreAdapterContract.clauses) func aDatabaseInRollbackModeKeepsTheContract(clause: StoreAdapterContract.Clause) throws
    {
        try clause.check(SQLiteUnderTest(.delete))
    }
}
