import Archiving
import HostIO
import Model
import SQLiteStore
import StoreContract
import Testing

@Suite struct SQLiteReduceTests {
    @Test("without bulk rows: the bulk tables are empty, everything else is as it was, and the list says what to reload")
    func bulk() throws {
        let fixture = try SQLiteFixture(.wal, rows: 1000, bulk: ["FACT_*"])
        let image = try fixture.image()
        let (reduced, reload) = try reduce(fixture, image, to: .withoutBulkRows)
        #expect(reload.map(\.what) == ["table fact_sales"] && reload.first?.count == 4000)
        #expect(try reduced.integer("SELECT count(*) FROM fact_sales") == 0)
        #expect(try reduced.integer("SELECT count(*) FROM account") == 1000)
        #expect(try reduced.integer("SELECT count(*) FROM log") == 0, "no trigger ran")
        try expectSameStructure(reduced, fixture)
    }

    @Test(
        "structure: no row is left anywhere, not in the free space and not in statistics; the journal mode stays",
        arguments: SQLiteFixture.Mode.allCases)
    func structure(mode: SQLiteFixture.Mode) throws {
        let fixture = try SQLiteFixture(mode)
        do {
            let connection = try fixture.connect()
            try connection.execute(
                """
                CREATE VIRTUAL TABLE words USING fts5(body); INSERT INTO words VALUES ('xylophone quintessence');
                CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1); INSERT INTO boxes VALUES (1, 0, 1);
                CREATE TABLE tagged (tag TEXT PRIMARY KEY) WITHOUT ROWID; INSERT INTO tagged VALUES ('zanzibar-secret');
                CREATE TABLE sequenced (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO sequenced VALUES (NULL);
                ANALYZE;
                """)
        }
        let image = try fixture.image()
        let (reduced, reload) = try reduce(fixture, image, to: .structure)
        #expect(
            reload.map(\.what).sorted() == ["account", "boxes", "fact_sales", "log", "sequenced", "tagged", "words"].map { "table \($0)" })
        for table in ["account", "fact_sales", "log", "tagged", "words", "boxes", "sequenced"] {
            #expect(try reduced.integer("SELECT count(*) FROM \(table)") == 0)
        }
        try expectSameStructure(reduced, fixture)
        #expect(try reduced.text("PRAGMA journal_mode") == mode.rawValue)
        try reduced.execute("INSERT INTO words VALUES ('works again')")
        #expect(try reduced.integer("SELECT count(*) FROM words WHERE words MATCH 'again'") == 1)
        let path = reduced.path
        reduced.close()
        let bytes = String(decoding: try AtomicFile.read(path), as: UTF8.self)
        #expect(!bytes.contains("zanzibar") && !bytes.contains("xylophone") && !bytes.contains("name 17"))
    }

    @Test("a reduced database can be restored and is then the store")
    func restored() throws {
        let fixture = try SQLiteFixture(.wal, bulk: ["fact_sales"])
        let image = try fixture.image()
        guard
            case .rebuilt(let source, _, _, _, _) = try fixture.store.reduce(
                image, to: .withoutBulkRows, scratch: fixture.scratch, job: JobControl())
        else { return }
        try fixture.store.destroy(job: JobControl())
        try fixture.restore(.native(source))
        #expect(try fixture.count("fact_sales") == 0)
        #expect(try fixture.count("account") == 500)
        #expect(try fixture.check(.native(source)) == StoreCheck())
    }

    private func reduce(_ fixture: SQLiteFixture, _ image: StoreImage, to extent: StoreExtent) throws -> (SQLiteConnection, [ReloadItem]) {
        let reduced = try fixture.store.reduce(image, to: extent, scratch: fixture.scratch, job: JobControl())
        guard case .rebuilt(let source, let shape, let reload, _, _) = reduced, let folder = source as? LocalDirectory else {
            throw Failure(.internal, "not a rebuilt database")
        }
        #expect(shape == .fixed(bytes: 65_536))
        #expect(try Descriptor.openDirectory(folder.path).entries().map { FileName.text($0.name) } == ["accounts.db"])
        return (try SQLiteConnection(path: Path.join(folder.path, "accounts.db")), reload)
    }

    private func expectSameStructure(_ reduced: SQLiteConnection, _ fixture: SQLiteFixture) throws {
        let live = try fixture.connect()
        let list =
            "SELECT group_concat(line, char(10)) FROM (SELECT type || name || coalesce(sql, '') AS line FROM sqlite_schema ORDER BY line)"
        #expect(try reduced.text(list) == live.text(list))
        #expect(try reduced.integer("PRAGMA user_version") == 7)
        #expect(try reduced.text("PRAGMA integrity_check") == "ok")
    }
}
