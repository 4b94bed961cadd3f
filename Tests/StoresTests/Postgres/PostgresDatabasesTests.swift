import Archiving
import HostIO
import Model
import PostgresStore
import StoreContract
import TestSupport
import Testing

/// Templates of users' own are databases like others. What cannot be had is named, and keeps nothing else from being saved.
@Suite(.enabled(if: PostgresServer.isInstalled), .timeLimit(.minutes(5))) struct PostgresDatabasesTests {
    private func fill(_ server: PostgresServer) throws {
        try server.sql("CREATE EXTENSION pgcrypto", in: "template1")
        try server.sql("CREATE DATABASE template_app IS_TEMPLATE true")
        try server.sql("CREATE TABLE settings AS SELECT 1 AS a", in: "template_app")
        try server.sql("CREATE DATABASE closed")
        try server.sql("CREATE TABLE kept AS SELECT 2 AS b", in: "closed")
        try server.sql("ALTER DATABASE closed ALLOW_CONNECTIONS false")
        try server.sql("CREATE DATABASE half")
        try server.sql("UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'half'")
    }

    private func names(_ server: PostgresServer) throws -> [String] {
        try server.sql("SELECT datname || ' ' || datistemplate FROM pg_database WHERE datname NOT LIKE 'template_' ORDER BY 1").split(
            separator: "\n"
        ).map(
            String.init)
    }

    /// What archiving a store told.
    private func issues(_ source: any EntrySource) throws -> [EntryIssue] {
        let issues = IssueCollector()
        source.conclude(issues)
        return issues.first
    }

    @Test func `of files: templates and closed databases come back, and what does not is named`() throws {
        let fixture = try PostgresFixture()
        let run = try StoreRun(fixture)
        try fixture.fill()
        try fill(fixture.server)
        let notes = try fixture.store.open().notes
        #expect(notes.contains { $0.contains("half") && $0.contains("DROP DATABASE") }, "\(notes)")
        #expect(notes.contains { $0.contains("template1 was changed") }, "\(notes)")
        let image = try run.snapshot("a")
        guard case .beingRebuilt(let rebuilding) = try fixture.store.reduce(image, to: .whole, scratch: run.scratch, job: JobControl())
        else {
            throw Failure(.internal, "not rebuilt")
        }
        let (dumps, _) = try ImageRepository().archive(rebuilding)
        let told = try issues(rebuilding.source)
        #expect(Set(told.map(\.path)) == ["half", "template1", "closed"] && told.allSatisfy { $0.kind == .leftOut }, "\(told)")
        let other = try PostgresFixture(.dump)
        try StoreRun(other).restore(.archived(dumps))
        #expect(try names(other.server) == ["acme false", "closed false", "postgres false", "template_app true"])
        #expect(try other.server.sql("SELECT a FROM settings", in: "template_app") == "1\n")
        #expect(try other.server.sql("SELECT b FROM kept", in: "closed") == "2\n")
    }

    @Test func `a backup made of files says where tablespaces were, not where they are on the copy`() throws {
        let fixture = try PostgresFixture()
        let run = try StoreRun(fixture)
        let place = try fixture.server.folder("really fast")
        try fixture.server.sql("CREATE TABLESPACE fast LOCATION '\(place)'")
        let image = try run.snapshot("a")
        guard case .beingRebuilt(let rebuilding) = try fixture.store.reduce(image, to: .whole, scratch: run.scratch, job: JobControl())
        else {
            throw Failure(.internal, "not rebuilt")
        }
        let (dumps, _) = try ImageRepository().archive(rebuilding)
        let globals = String(decoding: try ImageTree.archived(dumps).bytes(of: ["globals.sql"], limit: 1 << 20) ?? [], as: UTF8.self)
        #expect(globals.contains("CREATE TABLESPACE fast OWNER postgres LOCATION '\(place)';"), "\(globals)")
    }

    @Test func `of dumps: what is closed is missing and named, and a restore deletes no template that the image does not know`() throws {
        let fixture = try PostgresFixture(.dump)
        let run = try StoreRun(fixture)
        try fixture.fill()
        let before = try run.archive("before")
        try fill(fixture.server)
        #expect(try fixture.store.open().notes.contains { $0.contains("closed") && $0.contains("ALLOW_CONNECTIONS true") })
        let capture = try run.capture("a")
        let made = try fixture.store.image(of: capture, job: JobControl())
        let told = try issues(made.source)
        fixture.store.release(capture, outcome: .abandoned)
        #expect(told.filter { $0.kind == .unreadable }.map(\.path) == ["closed"], "\(told)")
        #expect(Set(told.map(\.path)) == ["half", "template1", "closed"], "\(told)")
        let after = try run.archive("after")
        try fixture.server.sql("DROP TABLE settings", in: "template_app")
        try run.restore(after)
        #expect(try fixture.server.sql("SELECT a FROM settings", in: "template_app") == "1\n", "replaced, though it is a template")
        try run.restore(before)
        #expect(try names(fixture.server) == ["acme false", "closed false", "half false", "postgres false", "template_app true"])
    }
}
