import HostIO
import Model
@testable import PostgresStore
import StoreContract
import TestSupport
import Testing

/// A database and a role can carry nearly every setting of a session. None of them keeps anything from being saved, proven or brought back.
@Suite(.enabled(if: PostgresServer.isInstalled), .timeLimit(.minutes(8))) struct PostgresSettingsTests {
    enum Carrier: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case database, role, roleInDatabase

        var testDescription: String { rawValue }

        /// What carries them, in SQL. `keeper` is the role by which Holdfast connects.
        var place: String {
            switch self {
            case .database: "DATABASE acme"
            case .role: "ROLE keeper"
            case .roleInDatabase: "ROLE keeper IN DATABASE acme"
            }
        }
    }

    enum Extreme: String, CaseIterable, Sendable { case least, most }

    struct Round: Sendable, CustomTestStringConvertible {
        var carrier: Carrier
        var extreme: Extreme
        var testDescription: String { "\(carrier), \(extreme)" }

        static let all = Carrier.allCases.flatMap { carrier in Extreme.allCases.map { Round(carrier: carrier, extreme: $0) } }
    }

    @Test(arguments: drawn(Round.all, oneIn: 6, "settings of dumps"), [PostgresFixture.Form.dump, .files])
    func `whatever a database or a role is set to, it is saved, proven and brought back`(_ round: Round, _ form: PostgresFixture.Form)
        throws
    {
        let test = try SettledServer(form)
        let tables = ["public.form", "public.account", "public.hidden"]
        let before = try tables.map { try test.rows($0) }
        #expect(try test.spoil(round) > 150)
        let image = try test.run.snapshot("a")
        try test.prove(image)
        let session = try PostgresConnection(test.fixture.server.connection, database: "acme")
        try session.execute("DROP TABLE public.form")
        session.close()
        if form == .dump {
            try test.run.restore(image)
        } else {
            #expect(try test.restore(StorePart(database: "acme"), from: image).isSame)
            #expect(try test.restore(StorePart(database: "acme", table: "form", newName: "form_2"), from: image).issues.isEmpty)
            #expect(try test.rows("public.form_2") == before[0])
        }
        for (table, rows) in zip(tables, before) { #expect(try test.rows(table) == rows, "\(table)") }
        #expect(try test.fixture.server.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'holdfast'") == "0\n")
    }

    @Test func `a check finds tables as the sessions of the operator do`() throws {
        let fixture = try PostgresFixture(.dump)
        let run = try StoreRun(fixture)
        try fixture.server.sql("CREATE DATABASE acme")
        try fixture.server.sql(
            "CREATE SCHEMA app; CREATE TABLE app.t AS SELECT 1; CREATE SCHEMA \"Odd, one\"; CREATE TABLE \"Odd, one\".u AS SELECT 2",
            in: "acme")
        try fixture.server.sql("ALTER DATABASE acme SET search_path = app, public")
        let image = try run.archive("a")
        try fixture.server.sql("ALTER ROLE postgres IN DATABASE acme SET search_path = \"Odd, one\", app")
        let later = try run.archive("b")
        #expect(try answer("SELECT count(*) FROM t", of: image, run) == "1")
        #expect(try answer("SELECT count(*) FROM t, u", of: later, run) == "1")
    }

    private func answer(_ sql: String, of image: StoreImage, _ run: StoreRun) throws -> String {
        let rehearsed = try run.rehearse(image)
        defer { rehearsed.close() }
        return try rehearsed.answer(sql, in: "acme", limit: 60_000)
    }

    @Test func `a library that a database asks for, and that is not there, keeps no session of a superuser from beginning`() throws {
        let fixture = try PostgresFixture()
        try fixture.fill()
        let before = try PostgresConnection(fixture.server.connection, database: "acme")
        before.close()
        try fixture.server.sql("ALTER DATABASE acme SET session_preload_libraries = 'no_such_library'")
        for _ in 0..<2 {
            let session = try PostgresConnection(fixture.server.connection, database: "acme")
            #expect(try session.text("SELECT count(*) FROM public.account") == "300")
            session.close()
        }
    }

    @Test func `a role without rights has what it may have, and is told by a code what it may not`() throws {
        let fixture = try PostgresFixture()
        try fixture.fill()
        try fixture.server.sql("CREATE ROLE plain LOGIN; ALTER ROLE plain SET default_transaction_read_only = on")
        let connection = fixture.server.connection.replacing("user=postgres", with: "user=plain")
        for _ in 0..<2 {
            let session = try PostgresConnection(connection, database: "acme")
            #expect(try session.text("SHOW default_transaction_read_only") == "off")
            #expect(session.rights == SessionRights(release: 15, isSuperuser: false))
            session.close()
        }
        let refusals = [("user=nobody_at_all", "postgres", "28000"), ("user=plain", "no_such_database", "3D000")]
        for (user, database, state) in refusals {
            let text = fixture.server.connection.replacing("user=postgres", with: user)
            let error = try #require(throws: PostgresError.self) { try PostgresConnection(text, database: database) }
            #expect(error.state == state && !error.message.contains(state), "\(error)")
        }
    }
}

/// A server with rows of many kinds, which Holdfast reaches as the superuser `keeper`.
private struct SettledServer {
    /// Words, where neither a number, a list nor a switch says what is possible.
    private static let words = [
        "search_path": "nowhere", "DateStyle": "German, DMY", "IntervalStyle": "sql_standard", "TimeZone": "Asia/Kathmandu",
        "client_encoding": "LATIN1", "role": "limited", "session_replication_role": "replica", "default_tablespace": "elsewhere",
        "temp_tablespaces": "elsewhere", "default_text_search_config": "german", "application_name": "somebody's",
        "default_table_access_method": "other_heap", "createrole_self_grant": "set, inherit", "lc_time": "C.UTF-8", "lc_numeric": "C.UTF-8",
    ]

    /// Not tried: they make every session wait, the tests' too.
    private static let left: Set<String> = ["post_auth_delay", "pre_auth_delay"]

    /// The value that is farthest from the usual one, in one direction.
    private static func value(_ row: [String], _ extreme: PostgresSettingsTests.Extreme) -> String? {
        let (name, kind, least, most, choices, usual) = (row[0], row[1], row[2], row[3], row[4], row[5])
        guard !left.contains(name) else { return nil }
        if let word = words[name] { return word }
        switch kind {
        case "bool": return usual == "on" ? "off" : "on"
        case "enum":
            let others = choices.split(separator: ",").map(String.init).filter { $0 != usual }
            return extreme == .least ? others.first : others.last
        case "integer", "real":
            // One is less than nothing, where that stands for no limit.
            if extreme == .least { return least == "0" && usual == "0" ? "1" : least }
            return most
        default: return nil
        }
    }

    let fixture: PostgresFixture
    let run: StoreRun

    init(_ form: PostgresFixture.Form) throws {
        fixture = try PostgresFixture(form) { $0.connection = $0.connection.replacing("user=postgres", with: "user=keeper") }
        try fixture.server.sql("CREATE ROLE keeper SUPERUSER LOGIN; CREATE ROLE limited")
        let place = try fixture.server.folder("elsewhere")
        try fixture.server.sql("CREATE TABLESPACE elsewhere LOCATION '\(place)'")
        run = try StoreRun(fixture)
        try fixture.fill()
        try fixture.server.sql(
            """
            CREATE TABLE form (at timestamptz, span interval, price money, doc xml, raw bytea, real float8, many text[], day date);
            INSERT INTO form SELECT '2026-03-04 05:06:07.89+00'::timestamptz + i * '1 h'::interval, i * '1 mon 2 d 03:04'::interval, i, '<a>&#228;</a>',
              decode(md5(i::text), 'hex'), 1.0 / i, ARRAY[NULL, 'null', 'ä' || i], '2026-03-04' FROM generate_series(1, 200) i;
            CREATE TABLE hidden (id int); INSERT INTO hidden SELECT generate_series(1, 40);
            ALTER TABLE hidden ENABLE ROW LEVEL SECURITY; ALTER TABLE hidden FORCE ROW LEVEL SECURITY;
            CREATE ACCESS METHOD other_heap TYPE TABLE HANDLER heap_tableam_handler
            """, in: "acme")
    }

    /// Gives the number of settings that have another value now.
    func spoil(_ round: PostgresSettingsTests.Round) throws -> Int {
        let rows = try fixture.server.sql(
            """
            SELECT concat_ws(chr(1), name, vartype, coalesce(min_val, ''), coalesce(max_val, ''), coalesce(array_to_string(enumvals, ','), ''), coalesce(boot_val, ''))
            FROM pg_settings WHERE context IN ('user', 'superuser', 'backend', 'superuser-backend') ORDER BY name
            """, in: "acme")
        let wanted = rows.split(separator: "\n").compactMap { line -> String? in
            let row = line.split(separator: "\u{1}", omittingEmptySubsequences: false).map(String.init)
            return Self.value(row, round.extreme).map { "('\(row[0])', '\($0.replacing("'", with: "''"))')" }
        }
        // Some that are listed cannot be carried.
        try fixture.server.sql(
            """
            DO $$ DECLARE s record; BEGIN
              FOR s IN SELECT * FROM (VALUES \(wanted.joined(separator: ", "))) v(name, value) LOOP
                BEGIN EXECUTE format('ALTER \(round.carrier.place) SET %I = ', s.name) ||
                  CASE WHEN s.name ~ '(path|tablespaces|Style)$' THEN s.value ELSE quote_literal(s.value) END;
                EXCEPTION WHEN OTHERS THEN NULL; END;
              END LOOP;
            END $$
            """)
        return Int(
            try fixture.server.sql("SELECT sum(cardinality(setconfig)) FROM pg_db_role_setting").filter { $0.isNumber }) ?? 0
    }

    func restore(_ part: StorePart, from image: StoreImage) throws -> StorePartOutcome {
        let plan = try run.adapter.planPart(part, of: image, scratch: run.scratch, job: JobControl())
        defer { run.adapter.releasePart(plan) }
        return try run.adapter.applyPart(plan, job: JobControl())
    }

    /// By a role and in a database that carry nothing.
    func rows(_ table: String, in database: String = "acme") throws -> String {
        try fixture.server.sql("ALTER DATABASE \"\(database)\" RESET ALL")
        return try fixture.server.sql("SELECT t::text FROM \(table) t ORDER BY 1", in: database)
    }

    func prove(_ image: StoreImage) throws {
        let rehearsed = try run.rehearse(image)
        defer { rehearsed.close() }
        #expect(rehearsed.findings.problems.isEmpty, "\(rehearsed.findings.problems)")
        #expect(try rehearsed.answer("SELECT count(*) FROM public.form", in: "acme", limit: 60_000) == "200")
    }
}

struct ProgramWordsTests {
    @Test func `an error is told without the warnings of the server before it`() throws {
        let words = { (text: String) in
            ServerPrograms.words(of: "pg_dump", try ChildProcess(["/bin/sh", "-c", "printf '\(text)' >&2; exit 1"]).run())
        }
        #expect(
            try words("WARNING:  x\\nDETAIL:  y\\npg_dump: error: no\\npg_dump: detail: z\\n") == "pg_dump: error: no\npg_dump: detail: z")
        #expect(try words("something else\\n") == "something else")
    }
}

struct ConnectionRefusalTests {
    @Test func `the code is found in whatever language`() {
        let text = """
            connection to server on socket "/run/.s.PGSQL.5432" failed: FATAL:  28P01: Passwort-Authentifizierung für Benutzer »a: 12345: b« fehlgeschlagen
            ORT:  auth_failed, auth.c:335

            """
        let (state, message) = ConnectionRefusal.parts(of: text)
        #expect(state == "28P01")
        #expect(
            message
                == "connection to server on socket \"/run/.s.PGSQL.5432\" failed: FATAL: Passwort-Authentifizierung für Benutzer »a: 12345: b« fehlgeschlagen"
        )
    }

    @Test func `what no server has said has none`() {
        let text =
            "connection to server on socket \"/run/.s.PGSQL.5432\" failed: No such file or directory\n\tIs the server running locally?\n"
        let (state, message) = ConnectionRefusal.parts(of: text)
        #expect(state.isEmpty)
        #expect(message.hasSuffix("No such file or directory; Is the server running locally?"))
    }
}
