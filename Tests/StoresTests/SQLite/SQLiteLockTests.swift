import HostIO
import Model
import SQLiteStore
import StoreContract
import TestSupport
import Testing

/// Databases that another program holds.
@Suite(.enabled(if: isInstalled("python3", package: "python3")), .timeLimit(.minutes(2))) struct SQLiteLockTests {
    /// Ways to hold a database so that nobody can read it, or nobody can write it.
    enum Holding: String, CaseIterable {
        case exclusive = "BEGIN EXCLUSIVE"
        case immediate = "BEGIN IMMEDIATE"
        case forEver = "PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; DELETE FROM log; COMMIT"

        var program: String {
            """
            import sqlite3, sys
            c = sqlite3.connect(sys.argv[1], isolation_level=None)
            for statement in '\(rawValue)'.split(';'): c.execute(statement).fetchall()
            """
        }
    }

    private func store(_ fixture: SQLiteFixture) -> SQLiteStore { SQLiteStore(fixture.store.declaration, host: .forTests(), patience: 60) }

    private func expectNamed(_ holder: HoldingProgram, _ body: () throws -> Void) throws {
        let failure = Failure(describing: try #require(throws: (any Error).self) { try body() })
        #expect(failure.code == .store)
        #expect(failure.summary.contains("python3 (process \(holder.process))"), "\(failure)")
        #expect(failure.hint?.contains("python3 (process \(holder.process))") == true, "\(failure)")
    }

    @Test(
        arguments: [
            (SQLiteFixture.Mode.delete, Holding.exclusive), (.delete, .forEver), (.wal, .forEver),
        ])
    func `who keeps a database from being read is named`(mode: SQLiteFixture.Mode, holding: Holding) throws {
        let fixture = try SQLiteFixture(mode)
        let holder = try HoldingProgram(holding.program, [fixture.path])
        defer { holder.end() }
        let names = try fixture.names()
        let store = store(fixture)
        try expectNamed(holder) { _ = try store.open() }
        try expectNamed(holder) {
            _ = try store.capture(CaptureRequest(imageID: "i", nativeImageFolder: nil, scratch: fixture.scratch.path))
        }
        #expect(try fixture.names() == names)
        holder.end()
        #expect(try store.open().facts["user-version"] == "7")
    }

    @Test(arguments: SQLiteFixture.Mode.allCases, [Holding.immediate])
    func `who keeps a database from being restored is named, and nothing of it changes`(
        mode: SQLiteFixture.Mode, holding: Holding
    ) throws {
        let fixture = try SQLiteFixture(mode)
        let image = try fixture.image()
        try fixture.connect().execute("DELETE FROM account")
        let holder = try HoldingProgram(holding.program, [fixture.path])
        defer { holder.end() }
        let store = store(fixture)
        let plan = try store.planRestore(of: image, scratch: fixture.scratch, job: JobControl())
        try expectNamed(holder) { _ = try store.apply(plan, of: image, scratch: fixture.scratch, job: JobControl()) }
        holder.end()
        #expect(try fixture.count("account") == 0)
        _ = try store.apply(plan, of: image, scratch: fixture.scratch, job: JobControl())
        #expect(try fixture.count("account") == 500)
    }

    @Test func `a reader that keeps a restore waiting in rollback mode is named`() throws {
        let fixture = try SQLiteFixture(.delete)
        let image = try fixture.image()
        try fixture.connect().execute("DELETE FROM account")
        let reading = """
            import sqlite3, sys
            c = sqlite3.connect(sys.argv[1], isolation_level=None)
            c.execute('BEGIN'); c.execute('SELECT count(*) FROM log').fetchall()
            """
        let holder = try HoldingProgram(reading, [fixture.path])
        defer { holder.end() }
        let store = store(fixture)
        let plan = try store.planRestore(of: image, scratch: fixture.scratch, job: JobControl())
        try expectNamed(holder) { _ = try store.apply(plan, of: image, scratch: fixture.scratch, job: JobControl()) }
        #expect(try fixture.names() == ["accounts.db"])
    }

    @Test func `a program that only has a database open, or reads it beside a log, keeps nobody waiting`() throws {
        let fixture = try SQLiteFixture(.wal)
        let reading = """
            import sqlite3, sys
            c = sqlite3.connect(sys.argv[1], isolation_level=None)
            c.execute('BEGIN'); c.execute('SELECT count(*) FROM log').fetchall()
            """
        let holder = try HoldingProgram(reading, [fixture.path])
        defer { holder.end() }
        let image = try fixture.image()
        try fixture.connect().execute("DELETE FROM account")
        #expect(try fixture.restore(image).entriesChanged > 0)
        #expect(try fixture.count("account") == 500)
    }
}
