import Archiving
import Glibc
import HostIO
import Model
import ObjectStorage
@testable import PostgresStore
import RepositoryEngine
import StoreContract
import TestSupport
import Testing

@Suite(.enabled(if: PostgresServer.isInstalled), .timeLimit(.minutes(5))) struct PostgresDumpTests {
    @Test(arguments: ["acme", "A b/ü%", "..", "%41", "a\"b'c"]) func `a folder's name says which database it is of`(_ name: String) {
        let folder = DumpLayout.folder(of: name)
        #expect(folder.utf8.allSatisfy { $0 < 0x80 } && !folder.contains("/") && !folder.contains("."))
        #expect(DumpLayout.database(of: folder) == name)
    }

    @Test func `what is no name of a database is none`() {
        #expect(DumpLayout.database(of: "%FF") == ByteText.text([0xFF]))
        for folder in ["", "%", "%4", "%GG"] { #expect(DumpLayout.database(of: folder) == nil, "\(folder)") }
    }

    /// Much of what a dump can hold.
    private func fill(_ fixture: PostgresFixture) throws {
        try fixture.fill()
        try fixture.server.sql("CREATE ROLE ada LOGIN; CREATE ROLE readers; GRANT readers TO ada")
        try fixture.server.sql("CREATE DATABASE \"A b/ü\" OWNER ada")
        try fixture.server.sql(
            """
            CREATE EXTENSION pgcrypto; CREATE SCHEMA more AUTHORIZATION ada; CREATE SEQUENCE more.ticket START 77; SELECT nextval('more.ticket');
            CREATE TABLE more.fact_big (id serial PRIMARY KEY, body bytea); INSERT INTO more.fact_big (body) SELECT '\\x00ff' FROM generate_series(1, 50);
            GRANT SELECT ON account TO readers; COMMENT ON TABLE account IS 'who'; SELECT lo_from_bytea(0, 'a large object');
            CREATE MATERIALIZED VIEW sums AS SELECT sum(balance) FROM account; ALTER DATABASE acme SET work_mem = '9MB'
            """, in: "acme")
    }

    private func tree(_ reduced: ReducedImage) throws -> (tree: ArchivedTree, reload: [ReloadItem], kept: [KeptRows]) {
        guard case .beingRebuilt(let store) = reduced else { throw Failure(.internal, "not rebuilt") }
        let (tree, contents) = try ImageRepository().archive(store)
        return (tree, contents.reload, contents.kept)
    }

    private func names(in folder: String) throws -> [String] {
        try Descriptor.openDirectory(folder).entries().map { FileName.text($0.name) }
    }

    @Test func `a portable backup of a server brings it up on another one, with roles, owners, sequences and large objects`() throws {
        let fixture = try PostgresFixture()
        let run = try StoreRun(fixture)
        try fill(fixture)
        let content = try fixture.content()
        let image = try run.snapshot("a")
        #expect(try fixture.store.isConvertedForBackups(image))
        let (dumps, reload, _) = try tree(try fixture.store.reduce(image, to: .whole, scratch: run.scratch, job: JobControl()))
        #expect(reload.isEmpty)
        #expect(try fixture.store.isConvertedForBackups(.archived(dumps)) == false)
        let other = try PostgresFixture(.dump)
        let target = try StoreRun(other)
        #expect(try other.store.isEmpty())
        let plan = try target.plan(.archived(dumps))
        #expect(plan.intoEmpty && plan.created == 3)
        try target.restore(.archived(dumps))
        #expect(try Array(other.content().dropFirst()) == Array(content.dropFirst()))
        #expect(try other.server.sql("SELECT nextval('more.ticket')", in: "acme") == "78\n")
        #expect(try other.server.sql("SELECT count(*) FROM pg_stats WHERE tablename = 'account'", in: "acme") != "0\n", "analysed")
        let check = try other.store.check(against: .archived(dumps), scratch: target.scratch, job: JobControl())
        #expect(check.differences == 1, "only the database whose sequence went on: \(check)")
    }

    @Test func `bulk tables keep their structure and lose their rows, which are counted`() throws {
        let fixture = try PostgresFixture()
        let run = try StoreRun(fixture)
        try fill(fixture)
        let image = try run.snapshot("a")
        let (dumps, reload, kept) = try tree(try fixture.store.reduce(image, to: .withoutBulkRows, scratch: run.scratch, job: JobControl()))
        #expect(kept.first { $0.table == "public.account in acme" }?.rows == 300, "\(kept)")
        #expect(!kept.contains { $0.table.contains("fact_sales") }, "\(kept)")
        #expect(reload.map(\.what) == ["table public.fact_sales in acme"] && reload.first?.count == 1200 && (reload.first?.bytes ?? 0) > 0)
        let other = try PostgresFixture(.dump)
        try StoreRun(other).restore(.archived(dumps))
        #expect(try other.server.sql("SELECT count(*) FROM fact_sales", in: "acme") == "0\n")
        #expect(try other.server.sql("SELECT count(*) FROM account", in: "acme") == "300\n")
    }

    /// Whatever is read past `pg_dump`, in one session or in several, is what `pg_dump` itself would have written.
    @Test(arguments: [PostgresServer.Release.debian15, .seventeen, .eighteen])
    func `rows go past pg_dump as it writes them, in parts or not, with odd names, generated columns and conditions of extensions`(
        _ release: PostgresServer.Release
    ) throws {
        let fixture = try PostgresFixture(release: release)
        let run = try StoreRun(fixture)
        try fixture.server.sql("CREATE DATABASE acme")
        try fixture.server.sql("ALTER DATABASE acme SET timezone = 'Asia/Tokyo'; ALTER DATABASE acme SET bytea_output = 'escape'")
        try fixture.server.sql(
            """
            CREATE SCHEMA "Odd ""one";
            CREATE TABLE "Odd ""one"."Wide" (id int, "to stdout;" text, at timestamptz, amount money, double int GENERATED ALWAYS AS (id * 2) STORED, raw bytea);
            INSERT INTO "Odd ""one"."Wide" (id, "to stdout;", at, amount, raw) SELECT i, repeat(md5(i::text), i % 9) || E'\\\\.\\n\\t', '2026-01-01 UTC'::timestamptz + i * '1 min'::interval, i,
              decode(md5(i::text), 'hex') FROM generate_series(1, 30000) i;
            DELETE FROM "Odd ""one"."Wide" WHERE id BETWEEN 5000 AND 21000;
            CREATE TABLE parent (id int, note text) PARTITION BY RANGE (id); CREATE TABLE part PARTITION OF parent FOR VALUES FROM (0) TO (900000);
            INSERT INTO parent SELECT i, md5(i::text) FROM generate_series(1, 60000) i;
            """, in: "acme")
        try fixture.server.sql(
            """
            CREATE TABLE nothing (); INSERT INTO nothing DEFAULT VALUES; CREATE TABLE base (id int); CREATE TABLE heir (more int) INHERITS (base);
            INSERT INTO heir SELECT i, i FROM generate_series(1, 40000) i; INSERT INTO base VALUES (1); CREATE TABLE void (id int);
            SELECT lo_from_bytea(0, 'a large object'); SELECT lo_from_bytea(0, 'another')
            """, in: "acme")
        // The servers of later releases that are used here come without extensions.
        let hasExtensions = release == .debian15
        if hasExtensions {
            try fixture.server.sql(
                """
                CREATE EXTENSION pgcrypto; CREATE TABLE conf (id int, value text); INSERT INTO conf SELECT i, 'value' FROM generate_series(1, 20) i;
                ALTER EXTENSION pgcrypto ADD TABLE conf;
                UPDATE pg_extension SET extconfig = ARRAY['conf'::regclass::oid], extcondition = ARRAY['WHERE id > 15'] WHERE extname = 'pgcrypto'
                """, in: "acme")
        }
        let image = try run.snapshot("a")
        var declaration = fixture.store.declaration
        declaration.postgres?.programs = fixture.server.programs
        let programs = ServerPrograms(folder: fixture.server.programs)
        let writing = DumpWriting(
            store: "catalog", programs: programs, connection: fixture.server.connection, folder: fixture.home.file("direct"), jobs: 2,
            settings: SessionSettings.text(SessionSettings.common))
        try writing.writeGlobals(through: nil, JobControl())
        let direct = try writing.write("acme", .all, JobControl())
        for pages: UInt64 in [1, 100, 1_000_000] {
            let store = try PostgresStore(declaration, nativeImageFolder: nil, host: .forTests(), pagesOfLargeTables: pages)
            let (dumps, _, kept) = try tree(try store.reduce(image, to: .whole, scratch: run.scratch, job: JobControl()))
            let place = fixture.home.file("restored \(pages)")
            let restore = TreeRestore(image: .archived(dumps), destination: place, host: .forTests())
            _ = try restore.apply(try restore.plan(job: JobControl()), job: JobControl())
            for name in ["databases", "databases/acme", "databases/acme/toc.dat", "globals.sql"] {
                #expect(try statusOfPath(Path.join(place, name))?.uid == geteuid(), "\(name)")
            }
            let comparison = DumpComparison(programs: programs, left: Path.join(place, "databases/acme"), right: direct)
            #expect(try comparison.haveSameRows(JobControl()) && comparison.haveSameDefinitions(JobControl()), "\(pages)")
            let rows = Dictionary(uniqueKeysWithValues: kept.map { ($0.table, $0.rows) })
            #expect(
                rows["Odd \"one.Wide in acme"] == 13_999 && rows["public.part in acme"] == 60_000 && rows["public.heir in acme"] == 40_000,
                "\(kept)")
            #expect(rows["public.base in acme"] == 1 && rows["public.nothing in acme"] == 1 && rows["public.void in acme"] == 0, "\(kept)")
            #expect(rows["public.conf in acme"] == (hasExtensions ? 5 : nil), "\(kept)")
        }
    }

    /// Of names in another encoding than UTF-8 nothing is understood; and the rows of a partition may be meant for the table that it is a part of.
    @Test func `rows find their files in a database of another encoding, and where they are loaded into another table`() throws {
        let fixture = try PostgresFixture()
        let run = try StoreRun(fixture)
        try fixture.server.sql("CREATE DATABASE latin ENCODING LATIN1 LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
        try fixture.server.sql("ALTER DATABASE latin SET client_encoding = 'UTF8'")
        try fixture.server.sql(
            """
            SET client_encoding = 'UTF8'; CREATE TABLE "é" ("ä" text); CREATE TABLE "è" ("ö" text);
            INSERT INTO "é" SELECT 'é' || i FROM generate_series(1, 20000) i; INSERT INTO "è" VALUES ('è')
            """, in: "latin")
        try fixture.server.sql("CREATE DATABASE acme")
        try fixture.server.sql(
            """
            CREATE TYPE mood AS ENUM ('good', 'bad', 'ugly'); CREATE TABLE day (mood mood, id int) PARTITION BY HASH (mood);
            CREATE TABLE day_0 PARTITION OF day FOR VALUES WITH (MODULUS 2, REMAINDER 0);
            CREATE TABLE day_1 (id int, mood mood); ALTER TABLE day ATTACH PARTITION day_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
            CREATE TABLE month (at int, mood mood) PARTITION BY RANGE (at); CREATE TABLE month_rest PARTITION OF month DEFAULT;
            CREATE TABLE month_1 PARTITION OF month FOR VALUES FROM (0) TO (10) PARTITION BY HASH (mood);
            CREATE TABLE month_1_0 PARTITION OF month_1 FOR VALUES WITH (MODULUS 1, REMAINDER 0);
            INSERT INTO month SELECT i, 'good' FROM generate_series(1, 20) i;
            INSERT INTO day SELECT (ARRAY['good', 'bad', 'ugly'])[i % 3 + 1]::mood, i FROM generate_series(1, 900) i;
            CREATE TABLE "na\u{EF}ve" (id int); INSERT INTO "na\u{EF}ve" VALUES (1); CREATE TABLE "nai\u{308}ve" (id int); INSERT INTO "nai\u{308}ve" VALUES (2), (3)
            """, in: "acme")
        let image = try run.snapshot("a")
        let store = try PostgresStore(fixture.store.declaration, nativeImageFolder: nil, host: .forTests(), pagesOfLargeTables: 1)
        let (dumps, _, kept) = try tree(try store.reduce(image, to: .whole, scratch: run.scratch, job: JobControl()))
        let rows = kept.filter { $0.table.contains("latin") }.map(\.rows).sorted()
        #expect(rows == [1, 20_000], "\(kept)")
        let keptDays = kept.filter { $0.table.hasPrefix("public.day_") }.reduce(0) { $0 + $1.rows }
        #expect(keptDays == 900 && kept.filter { $0.table.contains("ve in acme") }.map(\.rows).sorted() == [1, 2], "\(kept)")
        let direct = DumpWriting(
            store: "catalog", programs: ServerPrograms(folder: "/usr/lib/postgresql/15/bin"), connection: fixture.server.connection,
            folder: fixture.home.file("direct"), jobs: 2, settings: SessionSettings.text(SessionSettings.common), encoding: "LATIN1")
        try direct.writeGlobals(through: nil, JobControl())
        let latin = try direct.write("latin", .all, JobControl())
        let place = fixture.home.file("restored")
        let restore = TreeRestore(image: .archived(dumps), destination: place, host: .forTests())
        _ = try restore.apply(try restore.plan(job: JobControl()), job: JobControl())
        let files = try names(in: latin).filter { $0 != "toc.dat" }.sorted()
        #expect(try names(in: Path.join(place, "databases/latin")).filter { $0 != "toc.dat" }.sorted() == files && files.count == 2)
        let other = try PostgresFixture(.dump)
        let target = try StoreRun(other)
        try target.restore(.archived(dumps))
        for database in ["latin", "postgres"] {
            let content = { (one: PostgresFixture) in try one.content().drop { $0 != "database \(database)" }.prefix(2) }
            #expect(try content(other) == content(fixture) && content(other).count == 2, "\(database)")
        }
        let days = "SELECT count(*), sum(id), count(DISTINCT mood) FROM day"
        #expect(try other.server.sql(days, in: "acme") == fixture.server.sql(days, in: "acme"))
        #expect(try other.store.check(against: .archived(dumps), scratch: target.scratch, job: JobControl()).differences == 0)
        try other.server.sql("UPDATE day SET id = 7777 WHERE id = 77", in: "acme")
        #expect(try other.store.check(against: .archived(dumps), scratch: target.scratch, job: JobControl()).differences == 1)
        try other.server.sql("UPDATE day SET id = 77 WHERE id = 7777", in: "acme")
        #expect(try other.store.check(against: .archived(dumps), scratch: target.scratch, job: JobControl()).differences == 0)
        // The same in another encoding is not the same.
        try other.server.sql("ALTER DATABASE latin RENAME TO old")
        try other.server.sql("CREATE DATABASE latin ENCODING UTF8 TEMPLATE template0")
        try other.server.sql("CREATE TABLE \"\u{20AC}\" (id int)", in: "latin")
        #expect(
            try other.store.check(against: .archived(dumps), scratch: target.scratch, job: JobControl()).differences == 2,
            "and one too many")
        try target.restore(.archived(dumps))
        #expect(try other.store.check(against: .archived(dumps), scratch: target.scratch, job: JobControl()).differences == 0)
        for file in files {
            #expect(
                try AtomicFile.read(Path.join(latin, file), limit: 1 << 24)
                    == AtomicFile.read(Path.join(place, "databases/latin/\(file)"), limit: 1 << 24))
        }
    }

    @Test(.timeLimit(.minutes(2))) func `a backup that cannot be written, or is called off, ends in the middle of the rows`() throws {
        let fixture = try PostgresFixture()
        let run = try StoreRun(fixture)
        try fixture.server.sql("CREATE DATABASE acme")
        try fixture.server.sql(
            "CREATE TABLE filler AS SELECT i, md5(i::text) || md5((i + 1)::text) AS text FROM generate_series(1, 400000) i", in: "acme")
        let image = try run.snapshot("a")
        for pages: UInt64 in [1, 1_000_000] {
            let store = try PostgresStore(fixture.store.declaration, nativeImageFolder: nil, host: .forTests(), pagesOfLargeTables: pages)
            let rebuild = { (job: JobControl) throws -> any StoreRebuilding in
                guard case .beingRebuilt(let rebuilding) = try store.reduce(image, to: .whole, scratch: run.scratch, job: job) else {
                    throw Failure(.internal, "not rebuilt")
                }
                return rebuilding
            }
            let archive = { @Sendable (rebuilding: any StoreRebuilding, storage: any ObjectStorage, job: JobControl) in
                defer { rebuilding.close() }
                let repository = try OpenRepository.create(in: storage, password: Password("secret"), cost: .quick, host: .forTests())
                let writer = try repository.lockForWriting().loadIndex().beginWriting(WriteOptions(packSize: 1 << 20))
                defer { writer.abandon() }
                _ = try Archiver(writer: writer, host: .forTests()).archive(
                    rebuilding.source, parent: nil, shape: rebuilding.shape, job: job)
            }
            let full = FaultyStorage(MemoryStorage(), faults: [Fault([.write], below: "data", from: 3, times: nil, .fail(.noSpace))])
            let failure = Failure(
                describing: try #require(throws: (any Error).self) { try archive(rebuild(JobControl()), full, JobControl()) })
            #expect(failure.code == .space, "\(failure)")
            let job = JobControl()
            let rebuilding = try rebuild(job)
            let thread = try WorkerThread(named: "archiving") { try archive(rebuilding, MemoryStorage(), job) }
            while job.value(of: .bytesExpected) < 1 << 20 { sched_yield() }
            job.cancel()
            #expect(throws: Cancelled.self) { try thread.join() }
        }
        #expect(try ChildProcess(["pgrep", "-f", run.scratch.path]).run().outputText == "")
    }

    @Test func `an image of dumps says how many rows each table has`() throws {
        let fixture = try PostgresFixture(.dump)
        let run = try StoreRun(fixture)
        try fixture.fill()
        let capture = try run.capture("a")
        let image = try fixture.store.image(of: capture, job: JobControl())
        fixture.store.release(capture, outcome: .abandoned)
        let rows = Dictionary(uniqueKeysWithValues: image.kept.map { ($0.table, $0.rows) })
        #expect(rows == ["public.account in acme": 300, "public.fact_sales in acme": 1200, "public.session in acme": 1], "\(image.kept)")
    }

    @Test func `a scratch server leaves nothing behind, whether it comes up or not`() throws {
        let fixture = try PostgresFixture()
        let run = try StoreRun(fixture)
        try fixture.fill()
        let image = try run.snapshot("a")
        let folder = try ScratchDirectory(in: fixture.home.file("alone"))
        guard case .beingRebuilt(let store) = try fixture.store.reduce(image, to: .whole, scratch: folder, job: JobControl()) else {
            throw Failure(.internal, "not rebuilt")
        }
        _ = try ImageRepository().archive(store)
        let place = store.source.description
        #expect(try names(in: Path.parent(place)) == [Path.lastComponent(place)])
        // Somebody who gives up in the middle.
        guard case .beingRebuilt(let left) = try fixture.store.reduce(image, to: .whole, scratch: folder, job: JobControl()) else { return }
        left.close()
        #expect(throws: (any Error).self) { try ImageRepository().archive(left) }
        // The log of the image is gone: no server recovers from it.
        let damaged = try TemporaryDirectory()
        let restore = TreeRestore(image: image.tree, destination: damaged.file("data"), host: .forTests())
        _ = try restore.apply(try restore.plan(job: JobControl()), job: JobControl())
        try removeContents(of: try Descriptor.openDirectory(damaged.file("data/pg_wal")))
        let second = try ScratchDirectory(in: fixture.home.file("alone"))
        let failure = Failure(
            describing: try #require(throws: (any Error).self) {
                try fixture.store.reduce(
                    .native(LocalDirectory(path: damaged.file("data"))), to: .whole, scratch: second, job: JobControl())
            })
        #expect(failure.code == .damaged && failure.message.contains("did not recover") && failure.cause != nil, "\(failure)")
        let others =
            try ChildProcess(["pgrep", "-f", second.path]).run().outputText + ChildProcess(["pgrep", "-f", folder.path]).run().outputText
        #expect(others == "")
    }

    @Test func `a dump that cannot be loaded leaves the database that is there`() throws {
        let fixture = try PostgresFixture(.dump)
        let run = try StoreRun(fixture)
        try fixture.fill()
        guard case .archived(let good) = try run.snapshot("a") else { return }
        let folder = try TemporaryDirectory()
        let restore = TreeRestore(image: .archived(good), destination: folder.file("image"), host: .forTests())
        _ = try restore.apply(try restore.plan(job: JobControl()), job: JobControl())
        let files = folder.file("image/databases/acme")
        for name in try names(in: files) where name.hasSuffix(".dat") && name != "toc.dat" {
            try AtomicFile.write(Array("nonsense\n\\.\n\n\n".utf8), to: Path.join(files, name))
        }
        let bad = StoreImage.archived(
            try ImageRepository().archive(CapturedImage(source: LocalDirectory(path: folder.file("image")), shape: .contentDefined)).tree)
        let content = try fixture.content()
        let outcome = try run.restore(bad)
        #expect(outcome.named.map(\.path) == ["acme"], "\(outcome.named)")
        #expect(outcome.named.first?.detail.contains("it was left as it is, because the server refuses the rows of public.") == true)
        #expect(try fixture.content() == content)
    }
}
