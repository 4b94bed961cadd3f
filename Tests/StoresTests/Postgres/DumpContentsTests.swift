import HostIO
import Model
@testable import PostgresStore
import TestSupport
import Testing

@Suite(.enabled(if: PostgresServer.isInstalled), .timeLimit(.minutes(5))) struct DumpContentsTests {
    private func dump(_ server: PostgresServer, _ place: String) throws -> String {
        try server.program("pg_dump", ["--format=directory", "--compress=0", "-f", place, "-d", "acme"])
        return place
    }

    private func fill(_ server: PostgresServer) throws {
        try server.sql("CREATE DATABASE acme")
        try server.sql(
            """
            CREATE SCHEMA "odd one"; CREATE TABLE "odd one"."a "" b" (id serial PRIMARY KEY, "c d" text); COMMENT ON DATABASE acme IS 'it''s';
            CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE ROLE ada; GRANT CONNECT ON DATABASE acme TO ada; SELECT lo_from_bytea(0, 'x');
            CREATE MATERIALIZED VIEW m AS SELECT 1 AS a; ALTER DATABASE acme SET work_mem = '8MB';
            """, in: "acme")
    }

    @Test(arguments: [PostgresServer.Release.debian15, .seventeen, .eighteen])
    func `the contents of a dump are what pg_restore says of it`(_ release: PostgresServer.Release) throws {
        let server = try PostgresServer(release)
        try fill(server)
        let place = try dump(server, Path.join(server.folder("dumps"), "one"))
        let contents = try DumpContents(of: place)
        let listed = try server.program("pg_restore", ["--list", place]).split(separator: "\n").filter { !$0.hasPrefix(";") }.map { line in
            line.split(separator: " ", maxSplits: 3).enumerated().filter { $0.offset != 1 }.map { String($0.element) }
        }
        let found = contents.entries.filter { !$0.isOfDatabase }.map { [$0.line, $0.tableNumber, $0.key] }
        #expect(found.sorted { $0[0] < $1[0] } == listed.sorted { $0[0] < $1[0] })
        #expect(contents.release == "\(release.rawValue) \(release.rawValue)" && contents.encoding == .utf8)
        let rows = try #require(contents.entries.first { $0.isData })
        #expect(CopiedTable(contents.text(rows.copyStatement))?.relation == "\"odd one\".\"a \"\" b\"")
        #expect(try statusOfPath(Path.join(place, rows.rowsName)) != nil)
        let database = DumpedDatabase(contents.entries)
        #expect(database.encoding == "UTF8" && database.creation.hasPrefix("CREATE DATABASE acme "))
        let words = database.statements.map(\.text).joined(separator: "\n")
        for part in ["OWNER TO \"postgres\"", "COMMENT ON DATABASE acme", "SET work_mem", "GRANT CONNECT ON DATABASE"] {
            #expect(words.contains(part), "\(part): \(words)")
        }
    }

    @Test func `contents that stop in the middle or were changed are refused or read, and never end the process`() throws {
        let server = try PostgresServer()
        try fill(server)
        let bytes = try AtomicFile.read(Path.join(try dump(server, Path.join(server.folder("dumps"), "one")), DumpContents.file))
        for length in stride(from: 0, to: bytes.count, by: 7) {
            #expect(throws: Failure.self, "\(length)") { try DumpContents(Array(bytes[..<length]), "here") }
        }
        var random = SeededRandom(seed: 7)
        for _ in 0..<300 {
            var changed = bytes
            for _ in 0..<3 { changed[Int.random(in: 0..<changed.count, using: &random)] = UInt8.random(in: 0...255, using: &random) }
            _ = try? DumpContents(changed, "here")
        }
    }
}
