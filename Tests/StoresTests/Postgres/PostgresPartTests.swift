import HostIO
import Model
import PostgresStore
import StoreContract
import TestSupport
import Testing

@Suite(.enabled(if: PostgresServer.isInstalled), .timeLimit(.minutes(5))) struct PostgresPartTests {
    private let fixture: PostgresFixture
    private let run: StoreRun

    init() throws {
        fixture = try PostgresFixture()
        run = try StoreRun(fixture)
        try fixture.fill()
        try fixture.server.sql("CREATE ROLE ada")
        try fixture.server.sql(
            """
            ALTER TABLE fact_sales OWNER TO ada; ALTER DATABASE acme SET work_mem = '9MB';
            CREATE TABLE note (id serial PRIMARY KEY, body text CHECK (body <> '')); CREATE INDEX note_body ON note (body);
            INSERT INTO note (body) SELECT 'note ' || i FROM generate_series(1, 500) i; GRANT SELECT ON note TO ada
            """, in: "acme")
    }

    /// Plans, applies and lets go.
    private func restore(_ part: StorePart, from image: StoreImage) throws -> (plan: StorePartPlan, outcome: StorePartOutcome) {
        let plan = try run.adapter.planPart(part, of: image, scratch: run.scratch, job: JobControl())
        defer { run.adapter.releasePart(plan) }
        return (plan, try run.adapter.applyPart(plan, job: JobControl()))
    }

    private func refusal(_ part: StorePart, from image: StoreImage) throws -> Failure {
        Failure(describing: try #require(throws: (any Error).self) { _ = try restore(part, from: image) })
    }

    private func sql(_ text: String, in database: String = "acme") throws -> String {
        try fixture.server.sql(text, in: database).trimming { $0.isNewline }
    }

    /// Like `pg_dump`, without what differs in every dump, and without the rows that no image has.
    private func dump(_ database: String) throws -> String {
        try fixture.server.program("pg_dump", ["-d", database, "--exclude-table-data=session"]).split(separator: "\n").filter {
            !$0.hasPrefix("\\restrict") && !$0.hasPrefix("\\unrestrict")
        }.joined(separator: "\n")
    }

    @Test func `one database comes back beside the present one, or in its place, while sessions elsewhere go on`() throws {
        let before = try dump("acme")
        let image = try run.snapshot("a")
        let elsewhere = try PostgresConnection(fixture.server.connection)
        try sqlDamage()
        let damaged = try dump("acme")
        let beside = try restore(StorePart(database: "acme", newName: "acme old"), from: image)
        #expect(beside.plan.keptAs == nil && beside.plan.undo.isEmpty && beside.plan.roles == ["ada"], "\(beside.plan)")
        #expect(beside.outcome == StorePartOutcome())
        #expect(try dump("acme old") == before)
        #expect(try dump("acme") == damaged)
        #expect(try sql("SELECT setting FROM pg_settings WHERE name = 'work_mem'", in: "acme old") == "9216")

        let instead = try restore(StorePart(database: "acme"), from: image)
        let kept = try #require(instead.plan.keptAs)
        #expect(instead.outcome.isSame && instead.plan.bytes > 1 << 20)
        #expect(try dump("acme") == before)
        #expect(try dump(kept) == damaged)
        #expect(try sql("SELECT count(*) FROM pg_stats WHERE tablename = 'account'") != "0", "analysed")
        #expect(try elsewhere.text("SELECT 1") == "1")
        for statement in instead.plan.undo { try fixture.server.sql(statement) }
        #expect(try dump("acme") == damaged)
        let names = try sql("SELECT string_agg(datname, ',' ORDER BY datname) FROM pg_database WHERE NOT datistemplate")
        #expect(names == "acme,acme old,postgres", "nothing else is left")
    }

    private func sqlDamage() throws {
        try fixture.server.sql("DROP TABLE fact_sales; UPDATE account SET balance = 0; DROP OWNED BY ada", in: "acme")
        try fixture.server.sql("DROP ROLE ada")
    }

    @Test func `one table comes back beside the present one, or in its place, with its indexes, sequence and privileges`() throws {
        let image = try run.snapshot("a")
        let content = "SELECT md5(string_agg(id || body, ',' ORDER BY id)) FROM "
        let before = try sql(content + "note")
        try fixture.server.sql("DELETE FROM note WHERE id % 2 = 0; UPDATE note SET body = 'gone'", in: "acme")
        let damaged = try sql(content + "note")
        let beside = try restore(StorePart(database: "acme", table: "note", newName: "old_note"), from: image)
        #expect(beside.plan.rows == 500 && beside.outcome == StorePartOutcome(), "\(beside)")
        #expect(try sql(content + "old_note") == before)
        #expect(try sql(content + "note") == damaged)
        #expect(
            try sql("SELECT string_agg(indexname, ',' ORDER BY indexname) FROM pg_indexes WHERE tablename = 'old_note'")
                == "old_note_body,old_note_pkey")
        let next = "INSERT INTO old_note (body) VALUES ('new') RETURNING id"
        #expect(try sql(next) == "501")

        let instead = try restore(StorePart(database: "acme", table: "public.note"), from: image)
        #expect(instead.outcome == StorePartOutcome(), "\(instead)")
        #expect(try sql(content + "note") == before)
        let kept = try #require(instead.plan.keptAs)
        #expect(kept.hasPrefix("public.note_before_"))
        #expect(try sql(content + "\"\(kept.dropFirst(7))\"") == damaged)
        #expect(try sql("SELECT has_table_privilege('ada', 'note', 'SELECT')") == "t")
        #expect(try sql("INSERT INTO note (body) VALUES ('new') RETURNING id") == "501")
        #expect(try sql("SELECT count(*) FROM pg_namespace WHERE nspname ~ 'holdfast'") == "0")
        for statement in instead.plan.undo { try fixture.server.sql(statement, in: "acme") }
        #expect(try sql(content + "note") == damaged)
        try fixture.server.program("pg_amcheck", ["-d", "acme", "--install-missing", "--heapallindexed"])
    }

    @Test func `a table that others refer to is not replaced, and comes back beside it with what its own references allow`() throws {
        let image = try run.snapshot("a")
        try fixture.server.sql("DELETE FROM fact_sales WHERE account > 100; DELETE FROM account WHERE id > 100", in: "acme")
        let refused = try refusal(StorePart(database: "acme", table: "account"), from: image)
        #expect(refused.code == .refused && refused.hint?.contains("--as") == true, "\(refused)")
        #expect(refused.message.contains("view public.rich"), "\(refused)")
        #expect(refused.message.contains("fact_sales_account_fkey"), "\(refused)")
        let sales = try restore(StorePart(database: "acme", table: "fact_sales"), from: image)
        #expect(sales.outcome.issues.count == 1 && sales.outcome.isSame, "accounts are missing: \(sales.outcome)")
        #expect(sales.outcome.issues.first?.contains("fact_sales_account_fkey") == true, "\(sales.outcome)")
        #expect(try sql("SELECT count(*) FROM fact_sales") == "1200")
    }

    @Test func `names that the image or the server does not have, or has already, are refused, and nothing is left`() throws {
        let image = try run.snapshot("a")
        let before = try fixture.content()
        for (part, code, words) in [
            (StorePart(database: "acmee"), FailureCode.notFound, "did you mean acme?"),
            (StorePart(database: "acme", newName: "postgres"), .exists, "--as"),
            (StorePart(database: "acme", table: "acount"), .notFound, "did you mean account?"),
            (StorePart(database: "acme", table: "rich"), .refused, "--as"),
            (StorePart(database: "acme", table: "account", newName: "note"), .exists, "--as"),
            (StorePart(database: "acme", table: "account", newName: "nowhere.account"), .notFound, "CREATE SCHEMA"),
        ] {
            let failure = try refusal(part, from: image)
            #expect(failure.code == code && failure.hint?.contains(words) == true, "\(part): \(failure)")
        }
        #expect(try fixture.content() == before)
        #expect(try ChildProcess(["pgrep", "-f", run.scratch.path]).run().outputText == "", "no server is left")
    }
}

extension String {
    fileprivate func trimming(_ isLeft: (Character) -> Bool) -> String { String(reversed().drop(while: isLeft).reversed()) }
}
