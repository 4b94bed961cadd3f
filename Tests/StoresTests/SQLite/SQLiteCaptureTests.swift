import Archiving
import Glibc
import HostIO
import Model
import SQLiteStore
import StoreContract
import Testing

@Suite struct SQLiteCaptureTests {
    @Test("an image shows the instant of the capture, not what was written afterwards", arguments: SQLiteFixture.Mode.allCases)
    func instant(mode: SQLiteFixture.Mode) throws {
        let fixture = try SQLiteFixture(mode)
        let writer = try fixture.connect()
        let capture = try fixture.capture()
        #expect(capture.precision == .exact && !capture.native)
        #expect(capture.began <= capture.ended)
        try writer.execute("DELETE FROM account; INSERT INTO log VALUES ('later'); CREATE TABLE later (x)")
        let image = try fixture.store.image(of: capture, job: JobControl())
        let copy = try database(in: image)
        #expect(try copy.integer("SELECT count(*) FROM account") == 500)
        #expect(try copy.integer("SELECT count(*) FROM log") == 0)
        #expect(try copy.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'later'") == 0)
        #expect(image.facts["rows:account"] == "500" && image.facts["tables"] == "3")
        copy.close()
        fixture.store.release(capture, outcome: .committed)
    }

    @Test("an image is one file without a log that opens in the journal mode that it had", arguments: SQLiteFixture.Mode.allCases)
    func plainFile(mode: SQLiteFixture.Mode) throws {
        let fixture = try SQLiteFixture(mode)
        let folder = try Descriptor.openDirectory(Path.parent(fixture.path))
        try folder.setMode(of: Array("accounts.db".utf8), 0o640)
        if geteuid() == 0 { try folder.setOwner(of: Array("accounts.db".utf8), uid: 1234, gid: 4321) }
        let before = try folder.status(of: Array("accounts.db".utf8))
        let capture = try fixture.capture()
        let image = try fixture.store.image(of: capture, job: JobControl())
        let place = try #require((image.source as? LocalDirectory)?.path)
        let staged = try Descriptor.openDirectory(place)
        #expect(try staged.entries().map { FileName.text($0.name) } == ["accounts.db"])
        let after = try staged.status(of: Array("accounts.db".utf8))
        #expect(after.permissions == 0o640)
        #expect(after.uid == before.uid && after.gid == before.gid && after.modified == before.modified)
        let header = try AtomicFile.read(Path.join(place, "accounts.db"))
        #expect(header[18] == (mode == .wal ? 2 : 1) && header[19] == (mode == .wal ? 2 : 1))
        #expect(image.sizes?[.full] == UInt64(header.count))
        fixture.store.release(capture, outcome: .abandoned)
        #expect(try statusOfPath(place) == nil)
    }

    @Test("a pinned capture holds up no writer and is let go when it has been copied")
    func pinDoesNotBlock() throws {
        let fixture = try SQLiteFixture(.wal)
        let writer = try SQLiteConnection(path: fixture.path, patience: 0)
        let capture = try fixture.capture()
        try writer.execute("INSERT INTO log VALUES ('during')")
        #expect(try writer.integer("PRAGMA wal_checkpoint(TRUNCATE)") == 1, "busy: the pin keeps the log")
        _ = try fixture.store.image(of: capture, job: JobControl())
        #expect(try writer.integer("PRAGMA wal_checkpoint(TRUNCATE)") == 0, "the log can be emptied again")
        fixture.store.release(capture, outcome: .committed)
    }

    @Test("a capture that is abandoned before its image lets go of everything", arguments: SQLiteFixture.Mode.allCases)
    func abandoned(mode: SQLiteFixture.Mode) throws {
        let fixture = try SQLiteFixture(mode)
        let capture = try fixture.capture()
        fixture.store.release(capture, outcome: .abandoned)
        #expect(try fixture.names() == ["accounts.db"])
        #expect(try Descriptor.openDirectory(Path.join(fixture.scratch.path, "image-1")).isEmptyDirectory())
        #expect(throws: (any Error).self) { try fixture.store.image(of: capture, job: JobControl()) }
    }

    @Test("the size of each mode leaves out what the mode leaves out")
    func sizes() throws {
        let fixture = try SQLiteFixture(.wal, rows: 2000, role: .content, bulk: ["fact_*"])
        let capture = try fixture.capture()
        let image = try fixture.store.image(of: capture, job: JobControl())
        let sizes = try #require(image.sizes)
        let full = try #require(sizes[.full])
        let light = try #require(sizes[.lightweight])
        let less = try #require(sizes[.dataless])
        #expect(full > light && light > less && less > 0)
        #expect(image.reloadable.map(\.what) == ["table fact_sales"])
        #expect(image.reloadable.first?.count == 8000)
        #expect((image.reloadable.first?.bytes ?? 0) > full / 2)
        fixture.store.release(capture, outcome: .committed)
    }

    private func database(in image: CapturedImage) throws -> SQLiteConnection {
        let place = try #require((image.source as? LocalDirectory)?.path)
        return try SQLiteConnection(path: Path.join(place, "accounts.db"))
    }
}
