import Archiving
import HostIO
import Model
import PostgresStore
import StoreContract
import TestSupport
import Testing

/// What a server cannot read, or does not have any more, is named, and keeps nothing else from being saved and restored.
@Suite(.enabled(if: PostgresServer.isInstalled), .timeLimit(.minutes(8))) struct PostgresUnreadableTests {
    private static let pages = "CREATE TABLE filler AS SELECT i, md5(i::text) FROM generate_series(1, 20000) i"

    /// Bytes in the middle of a file of the server, which does not run meanwhile.
    private func damage(_ file: String) throws {
        try [UInt8](repeating: 7, count: 64).withUnsafeBytes { try Descriptor.open(file, .write).write($0, at: 3 * 8192 + 5000) }
    }

    private func fixture(_ form: PostgresFixture.Form, changing change: (inout PostgresAccess) -> Void = { _ in }) throws -> PostgresFixture
    {
        let fixture = try PostgresFixture(form, changing: change)
        try fixture.fill()
        try fixture.server.sql(Self.pages, in: "acme")
        return fixture
    }

    private func damageRows(of table: String, on fixture: PostgresFixture) throws {
        let file = try fixture.server.sql("SELECT pg_relation_filepath('\(table)')", in: "acme").prefix { !$0.isNewline }
        try fixture.server.sql("CHECKPOINT")
        try fixture.server.stop()
        try damage(Path.join(fixture.server.data, String(file)))
        try fixture.server.start()
    }

    private func capture(_ run: StoreRun, _ id: String) throws -> (image: StoreImage, outcome: ArchiveOutcome) {
        let capture = try run.capture(id)
        defer { run.adapter.release(capture, outcome: .abandoned) }
        let archived = try ImageRepository().archive(try run.adapter.image(of: capture, job: JobControl()))
        return (.archived(archived.tree), archived.outcome)
    }

    private func named(_ outcome: ArchiveOutcome) -> [EntryIssue] { outcome.issues }

    @Test func `a backup of an image with a damaged page has everything but the rows of that table, and says why`() throws {
        let fixture = try fixture(.files)
        let run = try StoreRun(fixture)
        let file = try fixture.server.sql("SELECT pg_relation_filepath('filler')", in: "acme").prefix { !$0.isNewline }
        let image = try run.snapshot("a")
        let damaged = try TemporaryDirectory()
        let restore = TreeRestore(image: image.tree, destination: damaged.file("data"), host: .forTests())
        _ = try restore.apply(try restore.plan(job: JobControl()), job: JobControl())
        try damage(damaged.file("data/\(file)"))
        for pages: UInt64 in [1, 1_000_000] {
            let store = try PostgresStore(fixture.store.declaration, nativeImageFolder: nil, host: .forTests(), pagesOfLargeTables: pages)
            let (scratch, data) = (try ScratchDirectory(in: fixture.home.file("alone")), LocalDirectory(path: damaged.file("data")))
            guard case .beingRebuilt(let dumps) = try store.reduce(.native(data), to: .whole, scratch: scratch, job: JobControl()) else {
                throw Failure(.internal, "not rebuilt")
            }
            defer { dumps.close() }
            let images = try ImageRepository()
            let archived = try images.archive(CapturedImage(source: dumps.source, shape: dumps.shape))
            let kept = try dumps.finish().kept.map(\.table)
            #expect(kept.contains("public.account in acme") && !kept.contains("public.filler in acme"), "\(kept)")
            let issues = named(archived.outcome)
            #expect(issues.map(\.path) == ["acme/public.filler"] && issues[0].kind == .unreadable, "\(issues)")
            #expect(issues[0].detail.contains("invalid page in block 3"), "\(issues)")
            let other = try PostgresFixture(.dump)
            try StoreRun(other).restore(.archived(archived.tree))
            #expect(try other.server.sql("SELECT count(*) FROM account", in: "acme") == "300\n")
            #expect(try other.server.sql("SELECT count(*) FROM filler", in: "acme") == "0\n")
        }
    }

    @Test func `a table that cannot be read is left out of dumps, and one that is there is not replaced by less`() throws {
        let fixture = try fixture(.dump)
        let run = try StoreRun(fixture)
        let sound = try run.archive("sound")
        try damageRows(of: "filler", on: fixture)
        let (image, outcome) = try capture(run, "a")
        #expect(named(outcome).map(\.path) == ["acme/public.filler"], "\(named(outcome))")
        #expect(outcome.summary.missing.paths == ["acme/public.filler"])

        // From before the damage: what cannot be read differs, and comes back.
        try run.restore(sound)
        #expect(try fixture.server.sql("SELECT count(*) FROM filler", in: "acme") == "20000\n")

        let lacking = run.adapter.under(RestoreTerms(lacking: .paths(["acme/public.filler"])))
        try fixture.server.sql("DELETE FROM fact_sales WHERE id > 100", in: "acme")
        let plan = try lacking.planRestore(of: image, scratch: run.scratch, job: JobControl())
        #expect(plan.spared == 1 && plan.isEmpty && plan.cautions.count == 1, "\(plan)")
        try fixture.server.sql("CREATE DATABASE stray")
        let restored = try lacking.apply(
            lacking.planRestore(of: image, scratch: run.scratch, job: JobControl()), of: image, scratch: run.scratch, job: JobControl())
        #expect(try fixture.server.sql("SELECT count(*) FROM filler", in: "acme") == "20000\n")
        #expect(restored.issues == 1 && restored.named[0].detail.contains("--as"), "\(restored)")
    }

    @Test func `a database whose definitions cannot be read is left out, and a restore does not delete it`() throws {
        let fixture = try fixture(.dump)
        let run = try StoreRun(fixture)
        try fixture.server.sql("CREATE DATABASE torn")
        try fixture.server.sql("CREATE SCHEMA gone; CREATE TABLE gone.t (i int)", in: "torn")
        try fixture.server.sql("DELETE FROM pg_namespace WHERE nspname = 'gone'", in: "torn")
        let (image, outcome) = try capture(run, "a")
        #expect(named(outcome).map(\.path) == ["torn"] && named(outcome)[0].kind == .unreadable, "\(named(outcome))")
        let lacking = run.adapter.under(RestoreTerms(lacking: .paths(outcome.summary.missing.paths)))
        try fixture.damage(0)
        let plan = try lacking.planRestore(of: image, scratch: run.scratch, job: JobControl())
        #expect(plan.replaced == 1 && plan.deleted == 0, "\(plan)")
        _ = try lacking.apply(plan, of: image, scratch: run.scratch, job: JobControl())
        #expect(try fixture.server.sql("SELECT count(*) FROM pg_database WHERE datname = 'torn'") == "1\n")
        #expect(try fixture.server.sql("SELECT count(*) FROM fact_sales", in: "acme") == "1200\n")
    }

    @Test(arguments: ["acme", "postgres"])
    func `a declared database that is not there is named, and comes back`(connected: String) throws {
        let fixture = try PostgresFixture(.dump) { access in
            access.databases = ["acme"]
            access.connection = access.connection.replacing("dbname=postgres", with: "dbname=\(connected)")
        }
        let run = try StoreRun(fixture)
        try fixture.fill()
        let content = try fixture.content()
        let image = try run.archive("a")
        try fixture.server.sql("DROP DATABASE acme")
        let notes = try run.adapter.open().notes
        #expect(notes.contains { $0.contains("acme is not there") }, "\(notes)")
        let (safety, outcome) = try capture(run, "safety")
        #expect(named(outcome).map(\.path) == ["acme"], "\(named(outcome))")
        let restored = try run.restore(image)
        #expect(restored.issues == 0)
        #expect(try fixture.content() == content)
        #expect(try run.plan(safety).deleted == 1, "back to what it was")
    }

    @Test func `parts come back with all that the server takes, and what it refuses is named`() throws {
        let fixture = try PostgresFixture(.files)
        let run = try StoreRun(fixture)
        try fixture.fill()
        try fixture.server.sql(
            """
            CREATE TABLE twice (id int, name text); CREATE INDEX twice_id ON twice (id); CREATE UNIQUE INDEX twice_name ON twice (name);
            INSERT INTO twice VALUES (1, 'x'); UPDATE pg_index SET indisready = false WHERE indexrelid = 'twice_name'::regclass;
            INSERT INTO twice VALUES (2, 'x'); UPDATE pg_index SET indisready = true WHERE indexrelid = 'twice_name'::regclass;
            CREATE FUNCTION low(i int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT i < 100';
            CREATE TABLE narrow (i int CONSTRAINT narrow_low CHECK (low(i))); INSERT INTO narrow VALUES (60);
            CREATE OR REPLACE FUNCTION low(i int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT i < 50';
            """, in: "acme")
        let image = try run.snapshot("a")
        for (part, words) in [
            (StorePart(database: "acme", newName: "other"), ["CREATE UNIQUE INDEX twice_name", "narrow_low"]),
            (StorePart(database: "acme", table: "twice", newName: "again"), ["CREATE UNIQUE INDEX twice_name ON public.again"]),
            (StorePart(database: "acme", table: "narrow", newName: "wide"), ["ALTER TABLE public.wide VALIDATE CONSTRAINT narrow_low"]),
        ] {
            let plan = try run.adapter.planPart(part, of: image, scratch: run.scratch, job: JobControl())
            defer { run.adapter.releasePart(plan) }
            let outcome = try run.adapter.applyPart(plan, job: JobControl())
            #expect(outcome.isSame && outcome.issues.count == words.count, "\(outcome)")
            #expect(outcome.remedies.count == words.count, "\(outcome.remedies)")
            for word in words { #expect(outcome.issues.contains { $0.contains(word) }, "\(word): \(outcome.issues)") }
        }
        #expect(try fixture.server.sql("SELECT count(*) FROM twice", in: "other") == "2\n")
        #expect(try fixture.server.sql("SELECT count(*) FROM again WHERE name = 'x'", in: "acme") == "2\n")
        #expect(try fixture.server.sql("SELECT count(*) FROM wide", in: "acme") == "1\n")
        #expect(try fixture.server.sql("SELECT count(*) FROM pg_namespace WHERE nspname ~ 'holdfast'", in: "acme") == "0\n")
    }
}
