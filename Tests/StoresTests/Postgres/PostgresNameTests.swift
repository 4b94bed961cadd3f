import HostIO
import Model
@testable import PostgresStore
import StoreContract
import TestSupport
import Testing

/// A name has 63 bytes, in 16 to 63 characters.
@Suite(.enabled(if: PostgresServer.isInstalled), .timeLimit(.minutes(5))) struct PostgresNameTests {
    private static let names = [
        String(repeating: "漢", count: 21), String(repeating: "😀", count: 15) + "abc", String(repeating: "%", count: 63),
    ]

    @Test func `databases with the longest names come back elsewhere, in place and one by one`() throws {
        let fixture = try PostgresFixture(.dump)
        let run = try StoreRun(fixture)
        for (number, name) in Self.names.enumerated() {
            try fixture.server.sql("CREATE DATABASE \(quotedName(name))")
            try fixture.server.sql("CREATE TABLE \(quotedName(name)) AS SELECT \(number) AS i", in: name)
        }
        let content = try fixture.content()
        let image = try run.archive("a")
        let other = try PostgresFixture(.dump)
        try StoreRun(other).restore(image)
        #expect(try Array(other.content().dropFirst()) == Array(content.dropFirst()))
        for name in Self.names { try fixture.server.sql("DROP TABLE \(quotedName(name)); CREATE TABLE stray (i int)", in: name) }
        #expect(try run.restore(image).issues == 0)
        #expect(try fixture.content() == content)
        let part = StorePart(database: Self.names[0])
        let plan = try run.adapter.planPart(part, of: image, scratch: run.scratch, job: JobControl())
        defer { run.adapter.releasePart(plan) }
        #expect(try run.adapter.applyPart(plan, job: JobControl()) == StorePartOutcome())
    }

    /// In programs' arguments, lines, quotes, connection strings and paths such names mean something.
    private static let odd = [
        "line\nfeed\r\n", "it's \"quoted\" 100%", "-d back\\slash", "..", " x = 'y' a/b dbname=postgres", "quote\"\u{301}mark'\u{301}",
        "\\connect postgres",
    ]

    @Test func `databases with names that mean something elsewhere come back, in place too, and compare as equal`() throws {
        let fixture = try PostgresFixture(.dump)
        let run = try StoreRun(fixture)
        func answers(_ server: PostgresServer) throws -> [String] {
            try Self.odd.map { name in try rows("SELECT v, current_database() FROM public.t", in: name, server).joined(separator: ",") }
        }
        for (number, name) in Self.odd.enumerated() {
            try fixture.server.sql("CREATE DATABASE \(quotedName(name))")
            let session = try PostgresConnection(fixture.server.connection, database: name)
            defer { session.close() }
            try session.execute("CREATE TABLE public.t AS SELECT \(number) AS v")
            try session.execute("ALTER DATABASE \(quotedName(name)) SET work_mem = '9MB'")
        }
        let wanted = try answers(fixture.server)
        let image = try run.archive("a")
        let other = try PostgresFixture(.dump)
        let target = try StoreRun(other)
        #expect(try other.store.cautions(before: image, scratch: target.scratch, job: JobControl()).isEmpty)
        #expect(try target.restore(image).named.isEmpty)
        #expect(try answers(other.server) == wanted)
        #expect(try target.plan(image).isEmpty)
        for name in Self.odd {
            #expect(try rows("SHOW work_mem", in: name, other.server) == ["9MB"], "\(name)")
            try change("UPDATE public.t SET v = -1", in: name, other.server)
        }
        #expect(try target.plan(image).replaced == Self.odd.count)
        #expect(try target.restore(image).named.isEmpty)
        #expect(try answers(other.server) == wanted)
        let rehearsed = try target.rehearse(image)
        defer { rehearsed.close() }
        #expect(rehearsed.findings.problems.isEmpty, "\(rehearsed.findings.problems)")
    }

    @Test func `a database whose name goes over two lines is restored by itself`() throws {
        let fixture = try PostgresFixture(.dump)
        let run = try StoreRun(fixture)
        let name = Self.odd[0]
        try fixture.server.sql("CREATE DATABASE \(quotedName(name))")
        try change("CREATE TABLE public.t AS SELECT 1 AS v", in: name, fixture.server)
        let image = try run.archive("a")
        try change("DROP TABLE public.t", in: name, fixture.server)
        let plan = try run.adapter.planPart(StorePart(database: name), of: image, scratch: run.scratch, job: JobControl())
        defer { run.adapter.releasePart(plan) }
        #expect(try run.adapter.applyPart(plan, job: JobControl()) == StorePartOutcome())
        #expect(try rows("SELECT v FROM public.t", in: name, fixture.server) == ["1"])
    }

    private func rows(_ sql: String, in database: String, _ server: PostgresServer) throws -> [String] {
        let session = try PostgresConnection(server.connection, database: database)
        defer { session.close() }
        return try session.rows(sql).map { $0.map { $0 ?? "" }.joined(separator: "|") }
    }

    private func change(_ sql: String, in database: String, _ server: PostgresServer) throws {
        let session = try PostgresConnection(server.connection, database: database)
        defer { session.close() }
        try session.execute(sql)
    }
}
