import Archiving
import HostIO
import Model
@testable import PostgresStore
import StoreContract
import TestSupport
import Testing

/// Databases hold things that cannot be made again: rows that break a rule, views and indexes whose functions fail. Each is named, and keeps
/// nothing else from coming back.
@Suite(.enabled(if: PostgresServer.isInstalled), .timeLimit(.minutes(8))) struct PostgresRefusalTests {
    private let fixture: PostgresFixture
    private let run: StoreRun

    init() throws {
        fixture = try PostgresFixture(.dump)
        run = try StoreRun(fixture)
        try fixture.fill()
        try fixture.server.sql("CREATE DATABASE sound")
        try fixture.server.sql("CREATE TABLE t AS SELECT generate_series(1, 50) i", in: "sound")
        try fixture.server.sql(
            """
            CREATE TABLE twice (id int, name text); CREATE UNIQUE INDEX twice_name ON twice (name); INSERT INTO twice VALUES (1, 'x');
            UPDATE pg_index SET indisready = false WHERE indexrelid = 'twice_name'::regclass; INSERT INTO twice VALUES (2, 'x');
            UPDATE pg_index SET indisready = true WHERE indexrelid = 'twice_name'::regclass;
            CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (p int REFERENCES parent);
            SET session_replication_role = replica; INSERT INTO child VALUES (7); SET session_replication_role = origin;
            CREATE TABLE part (a int); INSERT INTO part VALUES (1); CREATE MATERIALIZED VIEW quotient AS SELECT 1 / a AS q FROM part; UPDATE part SET a = 0;
            CREATE FUNCTION bare(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN helper(t); END';
            CREATE FUNCTION helper(t text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper(t)';
            CREATE TABLE person (n text); INSERT INTO person VALUES ('Zoé'); CREATE INDEX person_bare ON person (bare(n));
            """, in: "acme")
        try fixture.server.sql(
            """
            CREATE FUNCTION small(i int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT i < 100';
            CREATE TABLE narrow (i int CONSTRAINT narrow_small CHECK (small(i)), j int CHECK (j > 0)); INSERT INTO narrow SELECT i, i FROM generate_series(1, 60) i;
            CREATE DOMAIN fine AS int CONSTRAINT fine_small CHECK (small(value)); CREATE TABLE of_domain (f fine); INSERT INTO of_domain SELECT generate_series(1, 60);
            CREATE OR REPLACE FUNCTION small(i int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT i < 50';
            CREATE TABLE made (a text, b text GENERATED ALWAYS AS (bare(a)) STORED, c int GENERATED ALWAYS AS (1 + 1) STORED); INSERT INTO made VALUES ('x'), ('y');
            CREATE TABLE a_dict (v text PRIMARY KEY); INSERT INTO a_dict VALUES ('x');
            CREATE FUNCTION known(t text) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT EXISTS (SELECT FROM public.a_dict WHERE v = t)';
            CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END'
            """, in: "acme")
        for number in 1...6 {
            try fixture.server.sql(
                "CREATE TABLE big_\(number) (v text CHECK (known(v)), pad text); INSERT INTO big_\(number) SELECT 'x', repeat('y', 500) FROM generate_series(1, 400)",
                in: "acme")
        }
        try fixture.server.sql("CREATE EVENT TRIGGER refusing ON ddl_command_start EXECUTE FUNCTION refuse()", in: "acme")
    }

    /// What is named of each, and which SQL is to be run then.
    private static let expected: [(name: String, remedy: String?)] = [
        ("CREATE UNIQUE INDEX twice_name", "CREATE UNIQUE INDEX twice_name"), ("child_p_fkey", "VALIDATE CONSTRAINT child_p_fkey"),
        ("REFRESH MATERIALIZED VIEW public.quotient", "REFRESH MATERIALIZED VIEW public.quotient"),
        ("CREATE INDEX person_bare", "CREATE INDEX person_bare"),
        ("the constraint narrow_small of public.narrow", "VALIDATE CONSTRAINT narrow_small"),
        ("the constraint fine_small of the domain public.fine", "VALIDATE CONSTRAINT fine_small"),
        ("the generated column b of public.made", "GENERATED ALWAYS AS"),
    ]

    private func check(_ named: [EntryIssue]) {
        for (name, remedy) in Self.expected {
            let found = named.filter { $0.path.contains(name) }
            #expect(found.count == 1, "\(name): \(named)")
            if let remedy { #expect(found.first?.detail.contains(remedy) == true, "\(found)") }
        }
        #expect(named.count == Self.expected.count, "\(named)")
    }

    private func counts(_ server: PostgresServer) throws -> [String] {
        let tables =
            ["twice", "child", "parent", "person", "narrow", "of_domain", "made", "a_dict", "account", "fact_sales"]
            + (1...6).map { "big_\($0)" }
        return try tables.map { "\($0) \(try server.sql("SELECT count(*) FROM \($0)", in: "acme"))" }
    }

    @Test func `elsewhere and in place, all else comes back, and what cannot is named with the words of the server`() throws {
        let before = try counts(fixture.server)
        let image = try run.archive("a")
        let other = try PostgresFixture(.dump)
        let target = try StoreRun(other)
        let outcome = try target.restore(image)
        check(outcome.named)
        #expect(outcome.issues == Self.expected.count)
        #expect(outcome.remedies.count == Self.expected.count && outcome.remedies.allSatisfy { $0.database == "acme" })
        #expect(try counts(other.server) == before)
        #expect(try other.server.sql("SELECT count(*) FROM t", in: "sound") == "50\n")
        let sql = { (text: String) in try other.server.sql(text, in: "acme") }
        // What they leave holds for rows to come.
        for statement in ["INSERT INTO child VALUES (8)", "INSERT INTO narrow VALUES (70, 1)", "INSERT INTO of_domain VALUES (70)"] {
            #expect(throws: (any Error).self, "\(statement)") { try sql(statement) }
        }
        #expect(try sql("SELECT c FROM made WHERE a = 'x'") == "2\n")
        #expect(try sql("SELECT convalidated FROM pg_constraint WHERE conname = 'narrow_j_check'") == "t\n", "what holds is as it was")
        #expect(try sql("SELECT count(*) FROM pg_event_trigger") == "1\n")
        #expect(try sql("SELECT count(*) FROM pg_constraint WHERE conname = 'account_pkey'") == "1\n")

        try fixture.server.sql("DROP TABLE t; CREATE TABLE stray (i int)", in: "sound")
        let inPlace = try run.restore(image)
        #expect(try counts(fixture.server) == before)
        #expect(try fixture.server.sql("SELECT count(*) FROM t", in: "sound") == "50\n")
        // With the causes gone, what was named is run as it is.
        _ = try sql(
            "ALTER EVENT TRIGGER refusing DISABLE; DELETE FROM twice WHERE id = 2; DELETE FROM child; UPDATE part SET a = 1; DELETE FROM narrow WHERE i > 40"
        )
        _ = try sql("DELETE FROM of_domain WHERE f > 40; DELETE FROM a_dict WHERE false")
        for remedy in outcome.remedies { _ = try sql(remedy.sql) }
        #expect(try sql("SELECT count(*) FROM pg_indexes WHERE indexname IN ('twice_name', 'person_bare')") == "2\n")
        #expect(try sql("SELECT count(*) FROM pg_constraint WHERE NOT convalidated") == "0\n")
        #expect(try sql("SELECT count(b) FROM made") == "2\n")
        #expect(inPlace.named.isEmpty, "the database that was not touched is left as it is: \(inPlace.named)")
    }

    @Test func `a drill says beforehand what would be missing`() throws {
        let image = try run.archive("a")
        let rehearsed = try run.rehearse(image)
        defer { rehearsed.close() }
        #expect(rehearsed.findings.problems.isEmpty, "\(rehearsed.findings.problems)")
        for (name, _) in Self.expected {
            #expect(rehearsed.findings.gaps.contains { $0.contains(name) }, "\(name): \(rehearsed.findings.gaps)")
        }
    }
}

@Suite struct SQLWordsTests {
    @Test func `a constraint and its table are found in what pg_dump writes`() throws {
        let text = "ALTER TABLE ONLY \"Odd one\".\"a \"\"b\"\n    ADD CONSTRAINT \"c d\" FOREIGN KEY (p) REFERENCES public.parent(id)"
        let found = try #require(AddedConstraint(Array(text.utf8)))
        #expect(found.table == "\"Odd one\".\"a \"\"b\"" && found.name == "\"c d\"")
        #expect(AddedConstraint(Array("ALTER TABLE public.a OWNER TO b".utf8)) == nil)
        #expect(AddedConstraint(Array("ALTER TABLE public.a ADD CONSTRAINT".utf8)) == nil)
    }
}
