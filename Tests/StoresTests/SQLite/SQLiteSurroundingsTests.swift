import Glibc
import HostIO
import Model
@testable import SQLiteStore
import StoreContract
import TestSupport
import Testing

/// Databases that crashed programs have left, of other owners, in directories that may not be written.
@Suite(.timeLimit(.minutes(2))) struct SQLiteSurroundingsTests {
    private func kill(_ sql: [String], _ fixture: SQLiteFixture) throws {
        let program = """
            import sqlite3, sys
            c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute('PRAGMA cache_size = 5')
            for statement in \(sql): c.execute(statement)
            """
        try HoldingProgram(program, [fixture.path]).kill()
    }

    private func remove(_ suffix: String, _ fixture: SQLiteFixture) throws { try removeTree(fixture.path + suffix) }

    @Test func `the log of a program that was killed is read, and no index of ours stays beside it`() throws {
        let fixture = try SQLiteFixture(.wal)
        try kill(["INSERT INTO log VALUES ('in the log only')"], fixture)
        for (index, missing) in [[], ["-shm"]].enumerated() {
            for suffix in missing { try remove(suffix, fixture) }
            let names = try fixture.names()
            let main = try AtomicFile.read(fixture.path)
            #expect(names.contains("accounts.db-wal"))
            #expect(try fixture.store.open().facts["journal-mode"] == "wal")
            #expect(try !fixture.store.isEmpty())
            let image = try fixture.image("image-\(index)")
            #expect(try fixture.plan(image).isEmpty)
            #expect(try fixture.names() == names && AtomicFile.read(fixture.path) == main)
            try fixture.connect().execute("DELETE FROM account; DELETE FROM log")
            _ = try fixture.restore(image)
            #expect(try fixture.count("log") == 1)
            #expect(try fixture.count("account") == 500)
            try kill(["INSERT INTO log VALUES ('more')", "DELETE FROM log WHERE line = 'more'"], fixture)
        }
    }

    @Test func `a database that is claimed again while its log is copied without locks gives no image`() throws {
        let fixture = try SQLiteFixture(.wal)
        try kill(["INSERT INTO log VALUES ('x')"], fixture)
        try remove("-shm", fixture)
        let capture = try fixture.capture()
        defer { fixture.store.release(capture, outcome: .abandoned) }
        try fixture.connect().execute("INSERT INTO log VALUES ('y')")
        let error = try #require(throws: (any Error).self) { try fixture.store.image(of: capture, job: JobControl()) }
        #expect(Failure(describing: error).hint?.contains("again") == true)
    }

    @Test(.enabled(if: canMount("databases on read-only mounts")))
    func `a transaction that was broken off is taken back before anything is read, and on a read-only mount nothing is`() throws {
        let fixture = try SQLiteFixture(.delete)
        try kill(["BEGIN", "UPDATE fact_sales SET note = note || 'x'"], fixture)
        let names = try fixture.names()
        #expect(names == ["accounts.db", "accounts.db-journal"])
        let folder = Path.parent(fixture.path)
        do {
            try DirectoryFixture.run(["mount", "--bind", folder, folder])
            defer { try? DirectoryFixture.run(["umount", folder]) }
            try DirectoryFixture.run(["mount", "-o", "remount,ro,bind", folder])
            for look in [{ _ = try fixture.store.open() }, { _ = try fixture.image() }] as [() throws -> Void] {
                let failure = Failure(describing: try #require(throws: (any Error).self) { try look() })
                #expect(failure.code == .store && failure.cause?.contains("journal") == true, "\(failure)")
            }
            #expect(try fixture.names() == names)
        }
        let image = try fixture.image()
        #expect(try fixture.names() == ["accounts.db"])
        #expect(try fixture.plan(image).isEmpty)
        #expect(try fixture.connect().integer("SELECT count(*) FROM fact_sales WHERE note LIKE '%x'") == 0)
    }

    @Test(.enabled(if: geteuid() == 0), arguments: SQLiteFixture.Mode.allCases)
    func `what root opens belongs to the owner of the database, also while it is open`(mode: SQLiteFixture.Mode) throws {
        let fixture = try SQLiteFixture(mode)
        #expect(chown(fixture.path, 65534, 65534) == 0 && chown(Path.parent(fixture.path), 65534, 65534) == 0)
        let capture = try fixture.capture()
        for name in try fixture.names() {
            #expect(try Descriptor.openDirectory(Path.parent(fixture.path)).status(of: Array(name.utf8)).uid == 65534, "\(name)")
        }
        fixture.store.release(capture, outcome: .abandoned)
        #expect(try fixture.names() == ["accounts.db"])
    }

    @Test func `how a database is opened follows from what lies beside it and from what this user may do there`() {
        func manner(_ change: (inout DatabaseOpening) -> Void, _ purpose: DatabaseOpening.Purpose = .reading) -> DatabaseOpening.Manner {
            var opening = DatabaseOpening()
            change(&opening)
            return opening.manner(for: purpose, folder: "/srv", user: "me")
        }
        let foreign = DatabaseOpening.Manner.refused(.foreignFiles("/srv", "me"))
        let journal = DatabaseOpening.Manner.refused(.journal("/srv", "me"))
        #expect(manner { _ in } == .locked)
        #expect(manner { $0.leavesUsableFiles = false } == .locked)
        #expect(manner { $0.hasHotJournal = true } == .locked)
        #expect(manner { ($0.hasHotJournal, $0.mayWriteFolder) = (true, false) } == journal)
        #expect(manner { ($0.hasHotJournal, $0.mayWriteDatabase) = (true, false) } == journal)
        #expect(manner { $0.isWAL = true } == .locked)
        #expect(manner { ($0.isWAL, $0.hasLog) = (true, true) } == .unlocked)
        #expect(manner({ ($0.isWAL, $0.hasLog) = (true, true) }, .writing) == .locked)
        #expect(manner { ($0.isWAL, $0.mayWriteFolder) = (true, false) } == .unlocked)
        #expect(manner { ($0.isWAL, $0.leavesUsableFiles) = (true, false) } == .unlocked)
        #expect(manner({ ($0.isWAL, $0.leavesUsableFiles) = (true, false) }, .writing) == foreign)
        #expect(manner { ($0.isWAL, $0.hasIndex, $0.leavesUsableFiles) = (true, true, false) } == foreign)
        #expect(manner { ($0.isWAL, $0.hasIndex, $0.hasLog, $0.leavesUsableFiles) = (true, true, true, false) } == .locked)
    }
}
