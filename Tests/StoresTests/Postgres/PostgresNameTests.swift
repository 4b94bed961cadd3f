import HostIO
import Model
import PostgresStore
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
}
