import Archiving
import HostIO
import Model
import PostgresStore
import StoreContract
import TestSupport
import Testing

/// Extensions that a server can only make, or use, when it began with their libraries: `pgaudit`, `pg_cron`.
@Suite(
    .enabled(
        if: PostgresServer.isInstalled
            && ["pgaudit", "cron"].allSatisfy { name in
                let file = "/usr/lib/postgresql/15/lib/\(name == "cron" ? "pg_cron" : name).so"
                if (try? statusOfPath(file)) != nil { return true }
                print("skipped, since \(file) is not installed: apt-get install postgresql-15-\(name)")
                return false
            }), .timeLimit(.minutes(5)))
struct PostgresPreloadTests {
    @Test func `a drill has what the image needs, and a server that lacks it is told of before anything is loaded`() throws {
        let fixture = try PostgresFixture(.dump, settings: ["shared_preload_libraries = 'pgaudit,pg_cron'"])
        let run = try StoreRun(fixture)
        try fixture.fill()
        try fixture.server.sql("CREATE EXTENSION pg_cron")
        try fixture.server.sql("SELECT cron.schedule('tick', '* * * * *', 'CREATE TABLE was_run (i int)')")
        try fixture.server.sql("CREATE EXTENSION pgaudit", in: "acme")
        try fixture.server.sql("ALTER DATABASE acme SET pgaudit.log = 'ddl'")
        let image = try run.archive("a")

        let rehearsed = try run.rehearse(image)
        defer { rehearsed.close() }
        let gaps = rehearsed.findings.gaps
        #expect(rehearsed.findings.problems.isEmpty && !gaps.contains { $0.contains("cannot be made") }, "\(rehearsed.findings)")
        #expect(try rehearsed.answer("SELECT count(*) FROM cron.job", in: "postgres", limit: 10_000) == "1")
        #expect(try rehearsed.answer("SELECT count(*) FROM pg_stat_activity WHERE backend_type ~ 'cron'", in: nil, limit: 10_000) == "0")

        let other = try PostgresFixture(.dump)
        let target = try StoreRun(other)
        let cautions = try other.store.cautions(before: image, scratch: target.scratch, job: JobControl())
        #expect(cautions.count == 1 && cautions[0].contains("pg_cron, pgaudit in shared_preload_libraries"), "\(cautions)")
        let restored = try target.restore(image)
        #expect(restored.named.contains { $0.path.contains("EXTENSION IF NOT EXISTS pgaudit") && $0.detail.contains("CREATE EXTENSION") })
        #expect(try other.server.sql("SELECT count(*) FROM account", in: "acme") == "300\n")

        let prepared = try PostgresFixture(.dump, settings: ["shared_preload_libraries = 'pgaudit,pg_cron'"])
        let third = try StoreRun(prepared)
        #expect(try prepared.store.cautions(before: image, scratch: third.scratch, job: JobControl()).isEmpty)
        #expect(try third.restore(image).named.isEmpty)
    }

    @Test func `a plan asks the server that is to be filled, and tells all that it lacks`() throws {
        let fixture = try PostgresFixture(.dump)
        let run = try StoreRun(fixture)
        try fixture.fill()
        let fast = try fixture.server.folder("fast")
        try fixture.server.sql("CREATE TABLESPACE fast LOCATION '\(fast)'")
        let image = try run.archive("a")
        let other = try PostgresFixture(.dump)
        let target = try StoreRun(other)
        let ask = { try other.store.cautions(before: image, scratch: target.scratch, job: JobControl()) }
        let cautions = try ask()
        #expect(cautions.count == 1 && cautions[0].contains(fast), "\(cautions)")
        try other.server.stop()
        let failure = Failure(describing: try #require(throws: (any Error).self) { _ = try ask() })
        #expect(failure.code == .store && failure.summary.contains("cannot connect"), "\(failure)")
    }
}
