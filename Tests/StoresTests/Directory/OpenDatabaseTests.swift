import Archiving
import DirectoryStore
import HostIO
import Model
import SQLiteStore
import StoreContract
import TestSupport
import Testing

/// SQLite databases among the files of a directory store.
@Suite struct OpenDatabaseTests {
    private func write(_ bytes: [UInt8], _ name: String, _ folder: String) throws {
        try AtomicFile.write(bytes, to: Path.join(folder, name))
    }

    @Test("a log beside a database says that it is in use, and so does a journal that was begun; names alone say nothing")
    func companions() throws {
        let home = try TemporaryDirectory()
        let folder = try home.folder("files")
        let header = Array("SQLite format 3\0".utf8) + [UInt8](repeating: 0, count: 84)
        let journal: [UInt8] = [0xD9, 0xD5, 0x05, 0xF9, 0x20, 0xA1, 0x63, 0xD7, 0]
        for name in ["log.db", "journal.db", "idle.db", "ended.db", "-wal"] { try write(header, name, folder) }
        try write([], "log.db-wal", folder)
        try write(journal, "journal.db-journal", folder)
        try write([UInt8](repeating: 0, count: 512), "ended.db-journal", folder)
        try write(Array("no database".utf8), "text", folder)
        try write([1], "text-wal", folder)
        try write(journal, "gone.db-journal", folder)
        let open = try Descriptor.openDirectory(folder)
        let names = try open.entries().map(\.name)
        #expect(OpenDatabases.inUse(among: names, in: open).map { FileName.text($0.name) } == ["journal.db", "log.db"])
    }

    @Test("an image that is a stretch of time names the databases in it that are in use", arguments: DirectoryFixture.Place.available)
    func images(place: DirectoryFixture.Place) throws {
        let fixture = try DirectoryFixture(place)
        try fixture.fill()
        let database = try SQLiteConnection(path: Path.join(fixture.path, "reports/app.db"), access: .creating)
        try database.execute("PRAGMA journal_mode=WAL; CREATE TABLE t(a); INSERT INTO t VALUES (1)")
        let showsOneInstant = place == .btrfsSubvolume
        #expect(try fixture.store.open().notes.contains { $0.contains("reports/app.db") && $0.contains("kind sqlite") } == !showsOneInstant)
        let named = showsOneInstant ? [] : ["reports/app.db"]
        #expect(try databases(fixture, "a") == named)
        #expect(try databases(fixture, "quiesced", isQuiesced: true) == (place == .btrfsDirectory || place == .xfs ? [] : named))
        database.close()
        #expect(try databases(fixture, "b") == [])
        #expect(try fixture.store.open().notes.isEmpty)
    }

    private func databases(_ fixture: DirectoryFixture, _ id: String, isQuiesced: Bool = false) throws -> [String] {
        var request = CaptureRequest(imageID: id, nativeImageFolder: fixture.images, scratch: try fixture.home.folder("capture-\(id)"))
        request.isQuiesced = isQuiesced
        let capture = try fixture.store.capture(request)
        let image = try fixture.store.image(of: capture, job: JobControl())
        let notes = try (image.seen + ImageRepository().archive(image).outcome.summary).notes
        return notes.filter { $0.flaw == .inUse }.flatMap(\.first).compactMap { $0.split(separator: ":").first.map(String.init) }
    }
}
