import Archiving
import HostIO
import Model
import PostgresStore
import StoreContract
import TestSupport
import Testing

/// Dumps whose makers want to do more than be restored.
@Suite(.enabled(if: PostgresServer.isInstalled), .timeLimit(.minutes(3))) struct HostileDumpTests {
    /// A copy of an image with other globals.
    private func changed(_ image: StoreImage, in folder: TemporaryDirectory, globals lines: String) throws -> StoreImage {
        let place = folder.file("image")
        let restore = TreeRestore(image: image.tree, destination: place, host: .forTests())
        _ = try restore.apply(try restore.plan(job: JobControl()), job: JobControl())
        let file = Path.join(place, "globals.sql")
        let text = String(decoding: try AtomicFile.read(file), as: UTF8.self)
        try AtomicFile.write(Array((lines + text).utf8), to: file)
        return .native(LocalDirectory(path: place))
    }

    @Test func `commands of psql in globals are refused by the server, and everything else is made`() throws {
        let fixture = try PostgresFixture(.dump)
        let run = try StoreRun(fixture)
        try fixture.fill()
        try fixture.server.sql("CREATE ROLE keeper")
        let folder = try TemporaryDirectory()
        let marker = folder.file("marker")
        let lines = """
            \\! touch \(marker)
            \\o \(marker)
            SELECT 1 \\g \(marker)
            ;
            \\copy pg_roles to \(marker)
            CREATE ROLE \(String(repeating: "x", count: 3)) \\! touch \(marker)
            ;

            """
        let image = try changed(try run.snapshot("a"), in: folder, globals: lines)
        try fixture.server.sql("DROP ROLE keeper")
        try fixture.server.sql("DROP DATABASE acme")
        let outcome = try run.adapter.apply(try run.plan(image), of: image, scratch: run.scratch, job: JobControl())
        #expect(try statusOfPath(marker) == nil)
        #expect(try fixture.server.sql("SELECT count(*) FROM pg_roles WHERE rolname = 'keeper'") == "1\n")
        #expect(try fixture.server.sql("SELECT count(*) FROM account", in: "acme") == "300\n")
        #expect(outcome.issues == 5 && outcome.named.allSatisfy { $0.detail.contains("syntax error") }, "\(outcome.named)")
        #expect(outcome.named.first?.detail.contains("line 1: \\! touch") == true, "\(outcome.named)")
    }

    /// The function runs as whoever loads the rows. Wherever it writes, it is not the host.
    @Test func `code of users that a drill runs as superuser reaches nothing`() throws {
        let fixture = try PostgresFixture(.dump)
        let run = try StoreRun(fixture)
        try fixture.fill()
        let marker = try fixture.server.folder("open") + "/marker"
        try Descriptor.openDirectory(Path.parent(marker)).setMode(0o777)
        try fixture.server.sql(
            """
            CREATE ROLE mallory; GRANT CREATE ON SCHEMA public TO mallory; SET ROLE mallory;
            CREATE FUNCTION f(a int) RETURNS boolean LANGUAGE plpgsql AS $f$ BEGIN
              IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
                COPY (SELECT 1) TO PROGRAM 'touch \(marker) || true';
              END IF;
              RETURN true; END $f$;
            CREATE TABLE trap (a int CHECK (f(a))); INSERT INTO trap VALUES (1);
            """, in: "acme")
        let image = try run.archive("a")
        let rehearsed = try run.rehearse(image)
        defer { rehearsed.close() }
        #expect(try rehearsed.answer("SELECT count(*) FROM trap", in: "acme", limit: 10_000) == "1")
        #expect(try statusOfPath(marker) == nil)
    }
}
