import Glibc
import HostIO
import Model
import SQLiteStore
import StoreContract
import Testing

@Suite struct SQLiteRestoreTests {
    @Test(
        "a damaged database is planned, restored in place, equal afterwards, and then there is nothing left to do",
        arguments: SQLiteFixture.Mode.allCases)
    func roundTrip(mode: SQLiteFixture.Mode) throws {
        let fixture = try SQLiteFixture(mode)
        let image = try fixture.image()
        #expect(try fixture.plan(image).isEmpty)
        let application = try fixture.connect()
        #expect(try application.integer("SELECT count(*) FROM account") == 500)
        try application.execute(
            "DELETE FROM account WHERE id > 100; DROP VIEW rich; CREATE TABLE extra (x); UPDATE log SET line = ''; PRAGMA user_version = 8")
        let inode = try statusOfPath(fixture.path)?.inode
        let before = try AtomicFile.read(fixture.path)
        let plan = try fixture.plan(image)
        #expect(try AtomicFile.read(fixture.path) == before, "a plan touches nothing")
        #expect(plan.created == 1 && plan.deleted == 1 && plan.replaced >= 2 && !plan.intoEmpty)
        #expect(plan.examples.contains("delete table extra") && plan.examples.contains("create view rich"))
        #expect(plan.examples.contains("replace table account"))
        #expect(plan.newestChange != nil && plan.bytesToWrite > 0)
        try fixture.restore(image)
        #expect(try application.integer("SELECT count(*) FROM account") == 500, "the application's own connection goes on")
        #expect(try application.integer("SELECT count(*) FROM rich") == 0)
        #expect(try application.integer("PRAGMA user_version") == 7)
        #expect(try application.text("PRAGMA journal_mode") == mode.rawValue)
        #expect(try statusOfPath(fixture.path)?.inode == inode)
        #expect(try fixture.check(image) == StoreCheck())
        let again = try fixture.plan(image)
        #expect(again.isEmpty && again.bytesToWrite == 0 && again.unchanged > 0)
        #expect(try fixture.restore(image).bytesWritten == 0)
    }

    @Test(
        "a restore makes a missing database with its owner and mode, in directories that are made too",
        arguments: SQLiteFixture.Mode.allCases)
    func intoNothing(mode: SQLiteFixture.Mode) throws {
        let fixture = try SQLiteFixture(mode)
        #expect(chmod(fixture.path, 0o604) == 0)
        let image = try fixture.image()
        // What a crash can leave: a log that belongs to a database that is gone.
        let connection = try fixture.connect()
        try connection.execute("PRAGMA journal_mode = WAL; INSERT INTO log VALUES ('lost')")
        try Descriptor.openDirectory(Path.parent(fixture.path)).remove(Array("accounts.db".utf8))
        #expect(try fixture.names().contains("accounts.db-wal"))
        let plan = try fixture.plan(image)
        #expect(plan.intoEmpty && !plan.isEmpty)
        try fixture.restore(image)
        connection.close()
        #expect(try fixture.count("account") == 500)
        #expect(try fixture.count("log") == 0)
        #expect(try statusOfPath(fixture.path)?.permissions == 0o604)
        #expect(try fixture.check(image) == StoreCheck())
        try removeTree(Path.parent(fixture.path))
        try fixture.restore(image)
        #expect(try fixture.names() == ["accounts.db"])
        #expect(try fixture.check(image) == StoreCheck())
    }

    @Test(
        "a file that is no database is replaced, and the plan says so",
        arguments: [[UInt8](repeating: 0x41, count: 9000), Array("SQLite format 3\0".utf8)])
    func garbage(content: [UInt8]) throws {
        let fixture = try SQLiteFixture(.wal)
        let image = try fixture.image()
        try AtomicFile.write(content, to: fixture.path)
        let plan = try fixture.plan(image)
        #expect(plan.replaced == 1 && plan.examples.first?.contains("cannot read") == true)
        try fixture.restore(image)
        #expect(try fixture.check(image) == StoreCheck())
        #expect(try fixture.count("account") == 500)
    }

    @Test("a truncated database and an empty file are filled", arguments: [0, 20_000])
    func truncated(size: Int64) throws {
        let fixture = try SQLiteFixture(.delete)
        let image = try fixture.image()
        try Descriptor.open(fixture.path, .readWrite).truncate(to: size)
        #expect(try !fixture.plan(image).isEmpty)
        try fixture.restore(image)
        #expect(try fixture.check(image) == StoreCheck())
    }

    @Test("an image of another page size or journal mode is restored into the running database", arguments: SQLiteFixture.Mode.allCases)
    func otherPageSize(mode: SQLiteFixture.Mode) throws {
        let small = try SQLiteFixture(.delete, rows: 700, pageSize: 1024)
        let image = try small.image()
        let fixture = try SQLiteFixture(mode, rows: 20)
        let reader = try fixture.connect()
        #expect(try reader.integer("SELECT count(*) FROM account") == 20)
        try fixture.restore(image)
        #expect(try reader.integer("SELECT count(*) FROM account") == 700)
        #expect(try reader.text("PRAGMA integrity_check") == "ok")
        #expect(try fixture.check(image).differences == 0)
        #expect(try fixture.plan(image).isEmpty)
    }

    @Test("only the mode differs: the content is left alone")
    func metadataOnly() throws {
        let fixture = try SQLiteFixture(.wal)
        let image = try fixture.image()
        #expect(chmod(fixture.path, 0o600) == 0)
        let plan = try fixture.plan(image)
        #expect(plan.metadataOnly == 1 && plan.replaced == 0 && plan.bytesToWrite == 0)
        #expect(try fixture.restore(image).bytesWritten == 0)
        #expect(try statusOfPath(fixture.path)?.permissions == 0o644)
    }

    @Test("damage inside the database is found by the check")
    func damage() throws {
        let fixture = try SQLiteFixture(.delete)
        let image = try fixture.image()
        try [UInt8](repeating: 0xFF, count: 4096).withUnsafeBytes { bytes in
            try Descriptor.open(fixture.path, .readWrite).write(bytes, at: 8 * 4096)
        }
        let error = try #require(throws: (any Error).self) { try fixture.check(image) }
        #expect(Failure(describing: error).code == .store)
        try fixture.restore(image)
        #expect(try fixture.check(image) == StoreCheck())
    }
}
