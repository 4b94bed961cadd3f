import HostIO
import Model
@testable import PostgresStore
import StoreContract
import TestSupport
import Testing

@Suite(.enabled(if: PostgresServer.isInstalled), .timeLimit(.minutes(5))) struct RowComparisonTests {
    /// A server with a database `acme`, and a dump of that.
    private struct Ground {
        let fixture: PostgresFixture
        let run: StoreRun
        let target: DumpTarget
        let dump: DatabaseDump

        init(_ statements: String) throws {
            fixture = try PostgresFixture(.dump)
            run = try StoreRun(fixture)
            try fixture.server.sql("CREATE DATABASE acme")
            try fixture.server.sql(statements, in: "acme")
            target = try DumpTarget(fixture.store, host: .forTests())
            dump = try DatabaseDump(
                "acme", of: run.snapshot("a").tree, in: run.scratch.path, target.programs, host: .forTests(), job: JobControl())
        }

        func sql(_ statements: String) throws { try fixture.server.sql(statements, in: "acme") }

        func areSame(_ sums: RowSums, pagesInPiece: UInt64) throws -> Bool {
            try RowComparison(target: target, dump: dump, sums: sums, job: JobControl(), pagesInPiece: pagesInPiece).areSame()
        }
    }

    @Test func `rows are compared piece by piece, whatever their order, and a cell that went to another row is a difference`() throws {
        let ground = try Ground(
            """
            CREATE TABLE wide (id int, text text, at timestamptz, amount money); CREATE TABLE "odd ""name" (); INSERT INTO "odd ""name" DEFAULT VALUES;
            INSERT INTO wide SELECT i, repeat(md5(i::text), i % 7) || E'\\\\.\\n\\t', '2026-01-01 UTC'::timestamptz + i * '1 min'::interval, i FROM generate_series(1, 9000) i;
            CREATE TABLE void (id int)
            """)
        #expect(ground.dump.tables.map(\.relation).sorted() == ["public.\"odd \"\"name\"", "public.void", "public.wide"])
        let areSame = { (pages: UInt64) in try ground.areSame(RowSums(.forTests()), pagesInPiece: pages) }
        for pages: UInt64 in [1, 7, 16_384] { #expect(try areSame(pages), "\(pages)") }
        try ground.sql(
            "CREATE TABLE copy AS SELECT * FROM wide ORDER BY md5(id::text); TRUNCATE wide; INSERT INTO wide TABLE copy; DROP TABLE copy")
        // Nor does it matter how this server writes times and money.
        try ground.sql("ALTER DATABASE acme SET timezone = 'Asia/Tokyo'; ALTER DATABASE acme SET bytea_output = 'escape'")
        for pages: UInt64 in [3, 16_384] { #expect(try areSame(pages), "\(pages), in another order") }
        try ground.sql(
            "UPDATE wide w SET at = (SELECT o.at FROM wide o WHERE o.id = CASE w.id WHEN 77 THEN 78 ELSE 77 END) WHERE id IN (77, 78)")
        for pages: UInt64 in [3, 16_384] { #expect(try !areSame(pages), "\(pages), two cells exchanged") }
        try ground.sql(
            "UPDATE wide SET at = '2026-01-01 UTC'::timestamptz + id * '1 min'::interval WHERE id IN (77, 78)")
        #expect(try areSame(5))
        try ground.sql("CREATE TABLE new (id int); INSERT INTO new VALUES (1)")
        #expect(try !areSame(5), "a table that the image does not have has a row")
    }

    @Test func `what was read back and what came on those pages later is all that is there`() throws {
        let ground = try Ground("CREATE TABLE wide AS SELECT i, md5(i::text) AS text FROM generate_series(1, 100) i")
        let (reader, table, key) = (try RowSession(ground.target, ground.dump), ground.dump.tables[0], RowKey(1, 2))
        let facts = try reader.existing(table)
        let writers = try (0..<2).map { _ in try ground.target.session("acme") }
        for writer in writers { try writer.execute("BEGIN; INSERT INTO public.wide SELECT i, 'open' FROM generate_series(1, 20) i") }
        try ground.sql("INSERT INTO wide SELECT i, 'before' FROM generate_series(1, 30) i")
        let step = try reader.readBack(table, facts, 0..<100, key) { _ in }
        #expect(step.sum.rows == 130)
        try writers[0].execute("COMMIT")
        try writers[1].execute("INSERT INTO public.wide VALUES (1, 'more'); COMMIT")
        try ground.sql("INSERT INTO wide SELECT i, 'after' FROM generate_series(1, 40) i")
        let later = try reader.sum(table, facts, 0..<100, where: step.isLater, key) { _ in }
        #expect(later.rows == 81)
        #expect(try step.sum + later == reader.sum(table, facts, nil, key) { _ in })
        for session in writers + [reader.connection] { session.close() }
    }

    @Test func `large tables are loaded by several sessions, read back meanwhile, and the next comparison alone goes by that`() throws {
        let ground = try Ground(
            "CREATE TABLE wide (id int PRIMARY KEY, text text); INSERT INTO wide SELECT i, repeat(md5(i::text), 8) FROM generate_series(1, 40000) i"
        )
        let (sums, table) = (RowSums(.forTests()), ground.dump.tables[0])
        let load = DatabaseLoad(
            target: ground.target, dump: ground.dump, sums: sums, job: JobControl(), largeTable: 1 << 20, isCompared: true,
            sizes: ReadingBack.Sizes(part: 1 << 20, step: 10, margin: 300))
        // Loading may be faster than the session that reads back begins.
        let loaded = { () throws -> ReadBack in
            while true {
                #expect(try load.run().isEmpty)
                if let back = sums.takeReadBack(table, in: ground.dump) { return back }
            }
        }
        let areSame = { try ground.areSame(sums, pagesInPiece: 64) }
        let back = try loaded()
        let rows = back.steps.reduce(0) { $0 + $1.sum.rows }
        #expect(rows > 0 && rows < 40000, "\(back)")
        sums.note(back, of: table, in: ground.dump)
        try ground.sql("DELETE FROM wide WHERE ctid = '(0,1)'")
        #expect(try areSame(), "it was there when it was read")
        #expect(try !areSame())
        let changes: [(String, (inout ReadBack) -> Void)] = [
            ("rows came on pages after they were read", { $0.steps[0] = .init(pages: $0.steps[0].pages, sum: RowSum(), isLater: "true") }),
            ("other rows were read than there are", { $0.steps[0].sum = Self.sum(ofRows: $0.steps[0].sum.rows, sums.key) }),
            ("pages were left out", { $0.steps.remove(at: $0.steps.count / 2) }),
            ("another table was read", { $0.number = "1" }),
        ]
        for (what, change) in changes {
            var back = try loaded()
            change(&back)
            sums.note(back, of: table, in: ground.dump)
            #expect(try areSame(), "\(what)")
        }
        #expect(try load.run().isEmpty)
        sums.forgetReadBack()
        try ground.sql("DELETE FROM wide WHERE ctid = '(0,1)'")
        #expect(try !areSame())
    }

    private static func sum(ofRows count: UInt64, _ key: RowKey) -> RowSum {
        var sum = RowSum()
        for _ in 0..<count { Array("row\n".utf8).withUnsafeBytes { sum.add($0, key) } }
        return sum
    }
}
