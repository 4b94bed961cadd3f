import HostIO
import Model
@testable import PostgresStore
import StoreContract
import TestSupport
import Testing

/// Names in databases that do not say what their bytes mean (`SQL_ASCII`), and names that all databases of a server share, need be no text at all.
@Suite(.enabled(if: PostgresServer.isInstalled), .timeLimit(.minutes(8))) struct PostgresByteNameTests {
    private static let (e, cafe) = (ByteText.text([0xE9]), ByteText.text([0x63, 0x61, 0x66, 0xE9]))

    /// In the encoding of the database, whatever that is.
    private func run(_ statements: [String], in database: String, _ server: PostgresServer) throws {
        let session = try PostgresConnection(server.connection, database: database, speaking: .bytes)
        defer { session.close() }
        try session.execute("SET search_path = public")
        for statement in statements { try session.execute(statement) }
    }

    private func fill(_ server: PostgresServer) throws {
        let (e, cafe) = (Self.e, Self.cafe)
        try server.sql("CREATE DATABASE old TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'")
        try server.sql("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
        try run(
            [
                "CREATE ROLE \"r\(e)le\" NOLOGIN", "CREATE DATABASE \"\(cafe)\" TEMPLATE old",
                "ALTER DATABASE \"\(cafe)\" OWNER TO \"r\(e)le\"",
            ], in: "old", server)
        try run(["COMMENT ON DATABASE \"\(cafe)\" IS 'd\(e)j\(e)'", "CREATE TABLE one AS SELECT 1 AS a"], in: cafe, server)
        let made = [
            "CREATE SCHEMA \"s\(e)\"", "CREATE TYPE \"t\(e)\" AS ENUM ('\(e)1', '\(e)2')", "CREATE SEQUENCE \"q\(e)\" START 7",
            "CREATE TABLE \"s\(e)\".\"\(cafe)\" (id int, \"c\(e)\" text DEFAULT '\(e)', kind \"t\(e)\", CONSTRAINT \"k\(e)\" CHECK (id > 0))",
            "INSERT INTO \"s\(e)\".\"\(cafe)\" SELECT i, '\(e)' || i, '\(e)1' FROM generate_series(1, 400) i",
            "ALTER TABLE \"s\(e)\".\"\(cafe)\" OWNER TO \"r\(e)le\"", "CREATE INDEX \"i\(e)\" ON \"s\(e)\".\"\(cafe)\" (\"c\(e)\")",
            "CREATE VIEW \"v\(e)\" AS SELECT \"c\(e)\" FROM \"s\(e)\".\"\(cafe)\"",
            "SELECT lo_from_bytea(4711, 'x')", "COMMENT ON LARGE OBJECT 4711 IS 'l\(e)'",
            "COMMENT ON COLUMN \"s\(e)\".\"\(cafe)\".\"c\(e)\" IS '\(e)'",
            "CREATE PUBLICATION \"p\(e)\" FOR TABLE \"s\(e)\".\"\(cafe)\"",
            "CREATE FUNCTION \"f\(e)\"() RETURNS text LANGUAGE sql AS 'SELECT ''\(e)''::text'",
        ]
        try run(made, in: "old", server)
        try run(["CREATE TABLE \"\(cafe)\" AS SELECT '\(cafe)'::text AS \"c\(e)\" FROM generate_series(1, 9)"], in: "latin", server)
    }

    /// What is in the databases, as PostgreSQL's own program writes it without converting anything.
    private func content(_ server: PostgresServer) throws -> [String] {
        let dumps = try ["old", "latin", Self.cafe].map { name in
            let words = ["-h", server.home, "-U", "postgres", "-d", "dbname=\(ConnectionText.quoted(name))"]
            var program = ChildProcess(["\(server.programs)/pg_dump"] + words, outputLimit: 1 << 24)
            program.bytesOfArgument = { ByteText.bytes($0) }
            let outcome = try program.run()
            #expect(outcome.succeeded, "\(outcome.errorText)")
            return ByteText.text(outcome.output).split(separator: "\n").filter { !$0.contains("restrict ") }.joined(separator: "\n")
        }
        let session = try PostgresConnection(server.connection)
        defer { session.close() }
        let shared = try session.rows(
            "SELECT datname, pg_get_userbyid(datdba), shobj_description(oid, 'pg_database') FROM pg_database WHERE datname <> 'postgres' ORDER BY 1"
        )
        return dumps + shared.map { $0.map { $0 ?? "" }.joined(separator: "|") }
    }

    @Test(arguments: PostgresFixture.Form.allCases.filter { $0 == .files || $0 == .dump })
    func `come back as they were, elsewhere, in place and as parts, and compare as equal`(_ form: PostgresFixture.Form) throws {
        let fixture = try PostgresFixture(form)
        let run = try StoreRun(fixture)
        try fill(fixture.server)
        let wanted = try content(fixture.server)
        let image = try form == .dump ? run.archive("a") : backup(of: run.snapshot("a"), run, fixture)
        let other = try PostgresFixture(.dump)
        let target = try StoreRun(other)
        let outcome = try target.restore(image)
        #expect(outcome.named.isEmpty, "\(outcome.named)")
        #expect(try content(other.server) == wanted)
        #expect(try other.store.check(against: image, scratch: target.scratch, job: JobControl()) == StoreCheck())
        #expect(try target.plan(image).isEmpty)
        #expect(try other.server.sql("SELECT count(*) FROM pg_database WHERE datname LIKE 'holdfast%'") == "0\n")

        try self.run(["INSERT INTO \"s\(Self.e)\".\"\(Self.cafe)\" (id) VALUES (999)"], in: "old", other.server)
        try self.run(["DROP TABLE one; CREATE TABLE stray (i int)"], in: Self.cafe, other.server)
        let plan = try target.plan(image)
        #expect(plan.replaced == 2, "\(plan)")
        #expect(plan.examples.contains { printable($0) == #"replace database caf\xe9"# }, "\(plan.examples)")
        #expect(try target.restore(image).named.isEmpty)
        #expect(try content(other.server) == wanted)
    }

    @Test func `one database and one table are found by what is shown of their names`() throws {
        let fixture = try PostgresFixture(.dump)
        let run = try StoreRun(fixture)
        try fill(fixture.server)
        let (wanted, image) = (try content(fixture.server), try run.archive("a"))
        try self.run(["DROP TABLE one"], in: Self.cafe, fixture.server)
        try self.run(["TRUNCATE \"s\(Self.e)\".\"\(Self.cafe)\""], in: "old", fixture.server)
        let (database, table) = (StorePart(database: #"caf\xe9"#), StorePart(database: "old", table: #"s\xe9.caf\xe9"#, newName: "back"))
        for part in [database, table] {
            let plan = try run.adapter.planPart(part, of: image, scratch: run.scratch, job: JobControl())
            defer { run.adapter.releasePart(plan) }
            #expect(try run.adapter.applyPart(plan, job: JobControl()) == StorePartOutcome())
        }
        #expect(try content(fixture.server)[2] == wanted[2])
        #expect(try fixture.server.sql("SELECT count(*) FROM pg_class WHERE relname = 'back'", in: "old") == "1\n")
    }

    @Test func `databases that only differ in how letters are composed are two`() throws {
        let fixture = try PostgresFixture(.dump)
        let run = try StoreRun(fixture)
        for (name, value) in [("caf\u{E9}", 1), ("cafe\u{301}", 2)] {
            try fixture.server.sql("CREATE DATABASE \(quotedName(name))")
            try fixture.server.sql("CREATE TABLE one AS SELECT \(value) AS a", in: name)
        }
        let image = try run.archive("a")
        let other = try PostgresFixture(.dump)
        let target = try StoreRun(other)
        #expect(try target.restore(image).named.isEmpty)
        #expect(try other.server.sql("SELECT a FROM one", in: "caf\u{E9}") == "1\n")
        #expect(try other.server.sql("SELECT a FROM one", in: "cafe\u{301}") == "2\n")
        #expect(try target.plan(image).isEmpty)
    }

    private func backup(of image: StoreImage, _ run: StoreRun, _ fixture: PostgresFixture) throws -> StoreImage {
        let reduced = try fixture.store.reduce(image, to: .whole, scratch: run.scratch, job: JobControl())
        guard case .beingRebuilt(let rebuilding) = reduced else { throw Failure(.internal, "not rebuilt") }
        return .archived(try ImageRepository().archive(rebuilding).tree)
    }
}
