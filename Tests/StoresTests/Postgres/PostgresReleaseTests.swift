import Archiving
import HostIO
import Model
import PostgresStore
import StoreContract
import TestSupport
import Testing

/// A portable backup of PostgreSQL 15 on the servers of later releases.
@Suite(.enabled(if: PostgresServer.isInstalled), .timeLimit(.minutes(10))) struct PostgresReleaseTests {
    private func fill(_ fixture: PostgresFixture) throws {
        try fixture.fill()
        try fixture.server.sql("CREATE ROLE ada LOGIN PASSWORD 'secret'; CREATE ROLE readers; GRANT readers TO ada")
        try fixture.server.sql("CREATE DATABASE \"A b/ü\" OWNER ada")
        try fixture.server.sql(
            """
            CREATE SCHEMA more AUTHORIZATION ada; CREATE SEQUENCE more.ticket START 77; SELECT nextval('more.ticket'); ALTER TABLE account OWNER TO ada;
            CREATE TABLE more.item (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, weight float8, at timestamptz, body bytea, tags text[]);
            INSERT INTO more.item (weight, at, body, tags) SELECT i / 7.0, '2020-01-01'::timestamptz + i * '1 h'::interval, decode(md5(i::text), 'hex'), ARRAY['a', i::text]
              FROM generate_series(1, 2000) i;
            CREATE TABLE part (k int, t text) PARTITION BY LIST (k); CREATE TABLE part1 PARTITION OF part FOR VALUES IN (1); INSERT INTO part VALUES (1, 'a');
            CREATE POLICY mine ON more.item TO readers USING (weight > 1); ALTER TABLE more.item ENABLE ROW LEVEL SECURITY;
            CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
            CREATE TRIGGER touched BEFORE INSERT ON account FOR EACH ROW EXECUTE FUNCTION touch(); CREATE STATISTICS wide ON id, weight FROM more.item;
            GRANT SELECT ON account TO readers; COMMENT ON TABLE account IS 'who'; SELECT lo_from_bytea(0, 'a large object'); SELECT lo_from_bytea(0, 'another');
            CREATE MATERIALIZED VIEW sums AS SELECT sum(balance) FROM account; ALTER DATABASE acme SET work_mem = '9MB'
            """, in: "acme")
    }

    /// What both releases answer in the same words.
    private func answers(_ server: PostgresServer) throws -> [String] {
        let questions = [
            "SELECT md5(string_agg(a::text, ',' ORDER BY id)) FROM account a",
            "SELECT md5(string_agg(i::text, ',' ORDER BY id)) FROM more.item i",
            "SELECT md5(string_agg(f::text, ',' ORDER BY id)) FROM fact_sales f", "SELECT * FROM part", "SELECT * FROM sums",
            "SELECT last_value, is_called FROM more.ticket",
            "SELECT string_agg(encode(lo_get(oid), 'escape'), ',' ORDER BY oid) FROM pg_largeobject_metadata",
            """
            SELECT n.nspname, c.relname, c.relkind, pg_get_userbyid(c.relowner), has_table_privilege('readers', c.oid, 'SELECT')
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('public', 'more') AND c.relkind <> 'S'
            ORDER BY 1, 2
            """,
            """
            SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
            WHERE conrelid::regclass::text ~ 'account|sales|item' AND contype <> 'n' ORDER BY 1
            """,
            "SELECT polname, pg_get_expr(polqual, polrelid) FROM pg_policy", "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
            "SELECT stxname FROM pg_statistic_ext", "SELECT setting FROM pg_settings WHERE name = 'work_mem'",
            "SELECT rolname, rolcanlogin, rolsuper, rolpassword FROM pg_authid WHERE rolname !~ '^pg_' ORDER BY 1",
            "SELECT roleid::regrole, member::regrole, admin_option FROM pg_auth_members WHERE member::regrole::text !~ '^pg_' ORDER BY 1, 2",
            "SELECT datname, pg_get_userbyid(datdba), pg_encoding_to_char(encoding) FROM pg_database ORDER BY 1",
        ]
        return try questions.map { "\($0)\n\(try server.sql($0, in: "acme"))" }
    }

    @Test func `a backup of 15 comes up on 17 and 18 with all it has, compared and analysed`() throws {
        let fixture = try PostgresFixture()
        let run = try StoreRun(fixture)
        try fill(fixture)
        let wanted = try answers(fixture.server)
        let reduced = try fixture.store.reduce(try run.snapshot("a"), to: .whole, scratch: run.scratch, job: JobControl())
        guard case .beingRebuilt(let store) = reduced else { throw Failure(.internal, "not rebuilt") }
        let (tree, contents) = try ImageRepository().archive(store)
        let kept = contents.kept
        #expect(kept.first { $0.table == "more.item in acme" }?.rows == 2000, "\(kept)")
        let rows: UInt64 = kept.reduce(0) { $0 + $1.rows }
        #expect(rows == 3501, "accounts, sales, items, and one row of a partition: \(kept)")
        let dumps = StoreImage.archived(tree)
        for release in [PostgresServer.Release.seventeen, .eighteen] {
            let other = try PostgresFixture(.dump, release: release)
            let target = try StoreRun(other)
            #expect(try other.server.sql("SHOW server_version").hasPrefix("\(release.rawValue)."))
            #expect(try other.store.isEmpty())
            try target.restore(dumps)
            let found = try answers(other.server)
            for (answer, expected) in zip(found, wanted) { #expect(answer == expected, "\(release)") }
            let check = { try other.store.check(against: dumps, scratch: target.scratch, job: JobControl()) }
            #expect(try check() == StoreCheck(), "\(release)")
            #expect(try other.server.sql("SELECT count(*) FROM pg_stats WHERE tablename = 'account'", in: "acme") != "0\n", "analysed")
            try other.server.sql("SELECT nextval('more.ticket')", in: "acme")
            #expect(try check().examples == ["replace database acme"], "a sequence went on")
            try other.server.program("pg_amcheck", ["--all", "--install-missing", "--heapallindexed"])
        }
    }

    /// Carried by Debian's package, not by the server of release 18.
    private func fillWithExtensions(_ server: PostgresServer) throws {
        for name in ["acme", "other"] { try server.sql("CREATE DATABASE \(name)") }
        try server.sql(
            """
            CREATE EXTENSION pgcrypto; CREATE TABLE kv (salt text DEFAULT gen_salt('bf')); INSERT INTO kv VALUES ('a');
            CREATE TABLE account AS SELECT i AS id, 'name ' || i AS name FROM generate_series(1, 50) i;
            CREATE INDEX account_digest ON account (digest(name, 'md5')); CREATE INDEX account_id ON account (id);
            CREATE FUNCTION bytes(int) RETURNS bytea LANGUAGE c AS '$libdir/pgcrypto', 'pg_random_bytes';
            CREATE VIEW far AS SELECT bytes(id) FROM account;
            """, in: "acme")
        try server.sql("CREATE TABLE t AS SELECT generate_series(1, 9) i", in: "other")
    }

    @Test func `what an extension or a library makes that the server lacks is named, and all else comes back`() throws {
        let fixture = try PostgresFixture(.dump)
        let run = try StoreRun(fixture)
        try fillWithExtensions(fixture.server)
        let image = try run.archive("a")
        let other = try PostgresFixture(.dump, release: .eighteen)
        let target = try StoreRun(other)
        let cautions = try other.store.cautions(before: image, scratch: target.scratch, job: JobControl())
        #expect(cautions.contains { $0.contains("the server lacks pgcrypto") }, "\(cautions)")
        let outcome = try target.restore(image)
        for what in [
            "CREATE EXTENSION IF NOT EXISTS pgcrypto", "CREATE TABLE public.kv",
            "the rows of public.kv",
            "CREATE INDEX account_digest", "CREATE FUNCTION public.bytes", "CREATE VIEW public.far",
        ] {
            let found = outcome.named.filter { $0.path.hasPrefix("acme: ") && $0.path.contains(what) }
            #expect(found.count == 1, "\(what): \(outcome.named)")
            #expect(what.hasPrefix("the rows") || outcome.remedies.contains { $0.sql.contains(what) }, "\(what)")
        }
        #expect(outcome.named.contains { $0.detail.contains("extension \"pgcrypto\" is not available") }, "\(outcome.named)")
        #expect(try other.server.sql("SELECT count(*) FROM account", in: "acme") == "50\n")
        #expect(try other.server.sql("SELECT count(*) FROM pg_indexes WHERE indexname = 'account_id'", in: "acme") == "1\n")
        #expect(try other.server.sql("SELECT count(*) FROM t", in: "other") == "9\n")
    }

    @Test func `a database of which something cannot be made is restored beside others all the same`() throws {
        let fixture = try PostgresFixture(.dump)
        let run = try StoreRun(fixture)
        try fillWithExtensions(fixture.server)
        let image = try run.archive("a")
        let other = try PostgresFixture(.dump, release: .eighteen)
        let target = try StoreRun(other)
        let plan = try target.adapter.planPart(
            StorePart(database: "acme", newName: "beside"), of: image, scratch: target.scratch, job: JobControl())
        defer { target.adapter.releasePart(plan) }
        let outcome = try target.adapter.applyPart(plan, job: JobControl())
        #expect(outcome.issues.contains { $0.contains("pgcrypto") }, "\(outcome)")
        #expect(try other.server.sql("SELECT count(*) FROM account", in: "beside") == "50\n")
    }
}
