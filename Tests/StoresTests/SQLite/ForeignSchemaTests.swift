import Archiving
import HostIO
import Model
import SQLiteStore
import StoreContract
import TestSupport
import Testing

/// Databases whose collations, functions and modules only their own program has: here, one in Python.
@Suite(.enabled(if: isInstalled("python3", package: "python3"))) struct ForeignSchemaTests {
    private static let program = """
        import sqlite3, sys
        c = sqlite3.connect(sys.argv[1])
        c.create_collation('unicase', lambda a, b: (a.lower() > b.lower()) - (a.lower() < b.lower()))
        c.create_function('slug', 1, lambda s: s and s.lower(), deterministic=True)
        if sys.argv[2] == 'make':
            c.executescript("pragma journal_mode=wal; create table notes(id integer primary key, tag text collate unicase); create index ix on notes(tag);"
              "create table keyed(k text collate unicase primary key, v) without rowid; create table p(n text, check(slug(n) <> 'x')); create index ip on p(slug(n));"
              "create table bulk_log(x); create table plain(i integer); insert into plain values(1),(2)")
            c.executemany('insert into notes(tag) values(?)', [('T%d' % i,) for i in range(500)])
            c.executemany('insert into keyed values(?, ?)', [('K%d' % i, 'zanzibar %d' % i) for i in range(300)])
            c.executemany('insert into p values(?)', [('Ab%d' % i,) for i in range(50)])
            c.executemany('insert into bulk_log values(?)', [('xylophone %d' % i,) for i in range(400)])
        elif sys.argv[2] == 'damage':
            c.execute('delete from notes where id < 100'); c.execute("update keyed set v = 'gone'"); c.execute('insert into plain values(3)')
        c.commit()
        print(c.execute('pragma integrity_check').fetchone()[0])
        for line in c.iterdump(): print(line)
        c.close()
        """

    private let fixture: SQLiteFixture

    init() throws {
        fixture = try SQLiteFixture(nil, bulk: ["bulk_*"])
        _ = try run("make", fixture.path)
    }

    /// What the program says of the database: whether it is sound, and all of it as SQL.
    private func run(_ what: String, _ path: String) throws -> String {
        let outcome = try ChildProcess(["python3", "-c", Self.program, path, what], outputLimit: 1 << 24).run()
        guard outcome.succeeded else { throw Failure(.internal, outcome.errorText) }
        return outcome.outputText
    }

    @Test func `such a database is saved, restored in place and elsewhere, and what cannot be checked is named`() throws {
        let before = try run("show", fixture.path)
        let notes = try fixture.store.open().notes
        #expect(notes.count == 1 && notes[0].contains("unicase") && notes[0].contains("slug"), "\(notes)")
        let image = try fixture.image()
        #expect(try fixture.plan(image).isEmpty)
        _ = try run("damage", fixture.path)
        #expect(try fixture.restore(image).issues == 0)
        #expect(try run("show", fixture.path) == before)
        let check = try fixture.check(image)
        #expect(check.differences == 0 && check.damage == nil && check.unproven.contains { $0.contains("table notes") }, "\(check)")
        try fixture.store.destroy(job: JobControl())
        try fixture.restore(image)
        #expect(try run("show", fixture.path) == before)
    }

    @Test func `a drill proves what can be proven of it, and names the rest`() throws {
        let image = try fixture.image()
        let record = StoreRecord(
            name: "accounts", kind: .sqlite, role: .metadata, path: fixture.path, image: .archived, began: Timestamp(seconds: 0),
            ended: Timestamp(seconds: 0))
        let rehearsed = try fixture.store.rehearse(image, of: record, scratch: fixture.scratch, job: JobControl())
        defer { rehearsed.close() }
        let findings = rehearsed.findings
        #expect(findings.problems.isEmpty && findings.gaps.contains { $0.contains("table keyed") }, "\(findings)")
        #expect(try rehearsed.answer("SELECT count(*) FROM plain", in: nil, limit: 10_000) == "2")
        let failure = Failure(
            describing: try #require(throws: (any Error).self) { _ = try rehearsed.answer("SELECT slug(n) FROM p", in: nil, limit: 10_000) }
        )
        #expect(failure.code == .incomplete, "\(failure)")
    }

    @Test(arguments: [StoreExtent.withoutBulkRows, .structure])
    func `a smaller backup keeps nothing of the rows that it leaves out, and is sound to its own program`(extent: StoreExtent) throws {
        let image = try fixture.image()
        let reduced = try fixture.store.reduce(image, to: extent, scratch: fixture.scratch, job: JobControl())
        guard case .rebuilt(let source, _, let reload, _, _) = reduced, let folder = source as? LocalDirectory else {
            throw Failure(.internal, "not rebuilt")
        }
        #expect(reload.contains { $0.what.contains("bulk_log") && $0.count == 400 }, "\(reload)")
        let path = Path.join(folder.path, "accounts.db")
        let text = String(decoding: try AtomicFile.read(path), as: UTF8.self)
        #expect(!text.contains("xylophone") && text.contains("zanzibar") == (extent == .withoutBulkRows))
        let shown = try run("show", path)
        #expect(shown.hasPrefix("ok\n"), "\(shown.prefix(200))")
        #expect(shown.contains("K299") == (extent == .withoutBulkRows))
    }

    @Test func `a database with a damaged page is kept as it is, told, and comes back the same`() throws {
        let bytes = try AtomicFile.read(fixture.path)
        let place = try #require(
            (1..<(bytes.count / 4096)).first {
                String(decoding: bytes[($0 * 4096)..<(($0 + 1) * 4096)], as: UTF8.self).contains("zanzibar")
            })
        try [UInt8](repeating: 0xFF, count: 64).withUnsafeBytes {
            try Descriptor.open(fixture.path, .write).write($0, at: Int64(place) * 4096)
        }
        let damaged = try AtomicFile.read(fixture.path)
        let capture = try fixture.capture()
        let image = try fixture.store.image(of: capture, job: JobControl())
        #expect(image.doubts.count == 1 && image.doubts[0].text.contains("damaged"), "\(image.doubts)")
        let kept = StoreImage.archived(try ImageRepository().archive(image).tree)
        fixture.store.release(capture, outcome: .committed)
        try fixture.store.destroy(job: JobControl())
        try fixture.restore(kept)
        // The change counter of the header aside (<https://sqlite.org/fileformat.html>, section 1.3.7).
        #expect(try AtomicFile.read(fixture.path).dropFirst(100) == damaged.dropFirst(100))
        #expect(try fixture.check(kept).damage != nil)
    }
}
