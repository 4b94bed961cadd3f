import Archiving
import HostIO
import Model
@testable import PostgresStore
import StoreContract
import TestSupport
import Testing

/// Nothing waits without end for what somebody holds.
@Suite(.enabled(if: PostgresServer.isInstalled), .timeLimit(.minutes(5))) struct PostgresLockTests {
    @Test func `a prepared transaction in the files is left out of backups and named, and holds nothing up`() throws {
        let fixture = try PostgresFixture(settings: ["max_prepared_transactions = 5"])
        let run = try StoreRun(fixture)
        try fixture.fill()
        try fixture.server.sql("BEGIN; ALTER TABLE account ADD more int; PREPARE TRANSACTION 'an ''orphan'''", in: "acme")
        let image = try run.snapshot("a")
        guard case .beingRebuilt(let rebuilding) = try fixture.store.reduce(image, to: .whole, scratch: run.scratch, job: JobControl())
        else {
            throw Failure(.internal, "not rebuilt")
        }
        let (_, contents) = try ImageRepository().archive(rebuilding)
        #expect(contents.kept.first { $0.table == "public.account in acme" }?.rows == 300)
        let issues = IssueCollector()
        rebuilding.source.conclude(issues)
        #expect(issues.first.map(\.path) == ["acme"] && issues.first.first?.detail.contains("an 'orphan'") == true, "\(issues.first)")
    }

    @Test func `who holds a table is named, a session and a prepared transaction alike`() throws {
        let fixture = try PostgresFixture(.dump, settings: ["max_prepared_transactions = 5"])
        try fixture.fill()
        let session = try PostgresConnection(fixture.server.connection, database: "acme")
        defer { session.close() }
        #expect(try session.text("SHOW lock_timeout") == "1min")
        #expect(LockHolders.text(session) == nil)
        try fixture.server.sql("BEGIN; ALTER TABLE fact_sales ADD more int; PREPARE TRANSACTION 'orphan'", in: "acme")
        let other = try PostgresConnection(fixture.server.connection, database: "acme")
        defer { other.close() }
        try other.execute("BEGIN; LOCK TABLE public.account")
        let text = try #require(LockHolders.text(session))
        #expect(text.contains("the prepared transaction orphan holds public.fact_sales"), "\(text)")
        let process = try other.text("SELECT pg_backend_pid()") ?? ""
        #expect(text.contains("process \(process) (holdfast, user postgres) holds public.account"), "\(text)")
        try session.execute("SET lock_timeout = '50ms'")
        let error = try #require(throws: PostgresError.self) { try session.execute("SELECT FROM public.account") }
        #expect(error.state == "55P03" && error.failure.hint?.contains("pg_locks") == true)
        let explained = Failure(describing: LockHolders.explained(error.failure, session))
        #expect(explained.cause?.contains("process \(process)") == true, "\(explained)")
        try other.execute("ROLLBACK")
        try fixture.server.sql("ROLLBACK PREPARED 'orphan'", in: "acme")
        #expect(LockHolders.text(session) == nil)
    }
}
