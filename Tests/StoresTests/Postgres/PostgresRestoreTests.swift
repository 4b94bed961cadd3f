import Archiving
import Glibc
import HostIO
import Model
import PostgresStore
import StoreContract
import TestSupport
import Testing

@Suite(.enabled(if: PostgresServer.isInstalled), .timeLimit(.minutes(5))) struct PostgresRestoreTests {
    @Test func `a plan names the relations that it puts back`() throws {
        let fixture = try PostgresFixture()
        let run = try StoreRun(fixture)
        try fixture.fill()
        let image = try run.snapshot("a")
        try fixture.server.sql("UPDATE account SET balance = 0", in: "acme")
        let plan = try run.plan(image)
        #expect(plan.examples.contains("replace table public.account in acme"), "\(plan.examples)")
        #expect(plan.cautions.contains { $0.hasPrefix("the server is stopped while this is done, for about ") }, "\(plan.cautions)")
        let check = try run.adapter.check(against: image, scratch: run.scratch, job: JobControl())
        #expect(check.examples.contains("table public.account in acme"), "\(check.examples)")
    }

    @Test func `a plan speaks of tables and databases, not of their files`() throws {
        let fixture = try PostgresFixture()
        let run = try StoreRun(fixture)
        try fixture.fill()
        let fast = try fixture.server.folder("fast")
        try fixture.server.sql("CREATE TABLESPACE fast LOCATION '\(fast)'")
        for number in 1...30 { try fixture.server.sql("CREATE TABLE many_\(number) AS SELECT 1 AS i", in: "acme") }
        try fixture.server.sql(
            """
            CREATE TABLE wide (id int, long text); ALTER TABLE wide ALTER long SET STORAGE EXTERNAL; INSERT INTO wide SELECT 1, repeat('x', 50000);
            CREATE TABLE elsewhere (i int) TABLESPACE fast; CREATE TABLE dropped AS SELECT 1 AS i; SELECT lo_from_bytea(4711, 'x');
            """, in: "acme")
        let image = try run.snapshot("a")
        try fixture.server.sql(
            "UPDATE wide SET long = repeat('y', 50000); INSERT INTO elsewhere VALUES (1); DROP TABLE dropped; SELECT lo_put(4711, 0, 'y')",
            in: "acme")
        try fixture.server.sql("CREATE DATABASE later")
        let plan = try run.plan(image)
        for line in [
            "replace table public.wide in acme", "replace table elsewhere in acme", "replace large objects in acme",
            "delete database later",
        ] {
            let isThere = plan.examples.contains { $0 == line || $0 == line.replacing("table ", with: "table public.") }
            #expect(isThere, "\(line): \(plan.examples)")
        }
        #expect(plan.examples.contains { $0.contains("acme does not have now") }, "\(plan.examples)")
        #expect(
            !plan.examples.contains { $0.contains("base/") || $0.contains("pg_toast") || $0.contains("long values") }, "\(plan.examples)")
        try fixture.server.stop()
        let down = try run.plan(image)
        #expect(!down.cautions.contains { $0.contains("stopped") } && down.replaced > 0 && down.deleted > 0, "\(down)")
        #expect(down.examples.contains { $0.contains("while its server is down") }, "\(down.examples)")
        #expect(!down.examples.contains { $0.contains("base/") }, "\(down.examples)")
    }

    @Test func `files that are as they were are not written again`() throws {
        let fixture = try PostgresFixture()
        let run = try StoreRun(fixture)
        try fixture.fill()
        try fixture.server.sql("CREATE TABLE big AS SELECT i, md5(i::text) FROM generate_series(1, 200000) i", in: "acme")
        let image = try run.snapshot("a")
        try fixture.server.sql("UPDATE account SET balance = 0", in: "acme")
        let file = try fixture.server.sql("SELECT pg_relation_filepath('big')", in: "acme").filter { !$0.isNewline }
        let before = try #require(try statusOfPath(Path.join(fixture.server.data, file)))
        let outcome = try run.restore(image)
        let after = try #require(try statusOfPath(Path.join(fixture.server.data, file)))
        #expect(before.inode == after.inode && before.modified == after.modified)
        #expect(outcome.bytesWritten < 80 << 20, "\(outcome)")
    }

    @Test func `each restore begins a time line of its own, and the settings for the recovery are gone afterwards`() throws {
        let fixture = try PostgresFixture()
        let run = try StoreRun(fixture)
        try fixture.fill()
        try fixture.server.sql("ALTER SYSTEM SET work_mem = '7MB'")
        let settings = Path.join(fixture.server.data, "postgresql.auto.conf")
        let before = try AtomicFile.read(settings, limit: 1 << 16)
        let image = try run.snapshot("a")
        for timeline in 2...3 {
            try fixture.damage(0)
            try run.restore(image)
            #expect(try fixture.server.sql("SELECT substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8)::int") == "\(timeline)\n")
            try fixture.server.sql("DROP TABLE IF EXISTS stray_0", in: "acme")
        }
        #expect(try AtomicFile.read(settings, limit: 1 << 16) == before)
        #expect(try fixture.server.sql("SHOW restore_command") == "\n")
        #expect(try statusOfPath(Path.join(fixture.server.data, "recovery.signal")) == nil)
    }

    @Test func `tablespaces come back in their places, and those that came later go`() throws {
        let fixture = try PostgresFixture()
        let run = try StoreRun(fixture)
        try fixture.fill()
        let (fast, late) = (try fixture.server.folder("fast"), try fixture.server.folder("late"))
        try fixture.server.sql("CREATE TABLESPACE fast LOCATION '\(fast)'")
        try fixture.server.sql("CREATE TABLE far TABLESPACE fast AS SELECT generate_series(1, 1000) AS id", in: "acme")
        let content = try fixture.content()
        let image = try run.snapshot("a")
        try fixture.server.sql("DELETE FROM far", in: "acme")
        try fixture.server.sql("CREATE TABLESPACE late LOCATION '\(late)'")
        try fixture.server.sql("CREATE TABLE later TABLESPACE late AS SELECT 1 AS id", in: "acme")
        try run.restore(image)
        #expect(try fixture.content() == content)
        #expect(try fixture.server.sql("SELECT pg_tablespace_location(oid) FROM pg_tablespace WHERE spcname = 'fast'") == "\(fast)\n")
        try fixture.server.sql("CREATE TABLESPACE late LOCATION '\(late)'")
    }

    @Test func `without the server that it was of, a tablespace goes where the cluster file says and nowhere else`() throws {
        let fixture = try PostgresFixture()
        let run = try StoreRun(fixture)
        try fixture.fill()
        let (fast, slow) = (try fixture.server.folder("fast"), try fixture.server.folder("slow"))
        try fixture.server.sql("CREATE TABLESPACE fast LOCATION '\(fast)'")
        try fixture.server.sql("CREATE TABLE far TABLESPACE fast AS SELECT 1 AS id", in: "acme")
        let image = try run.snapshot("a")
        try fixture.remove()
        try removeContents(of: try Descriptor.openDirectory(fast))
        for attempt in [
            { _ = try run.plan(image) }, { _ = try fixture.store.cautions(before: image, scratch: run.scratch, job: JobControl()) },
        ] {
            let failure = #expect(throws: Failure.self) { try attempt() }
            #expect(failure?.code == .refused && failure?.message.contains(fast) == true, "\(String(describing: failure))")
            #expect(failure?.hint?.contains("  tablespaces:\n    \"\(fast)\": ") == true, "\(String(describing: failure))")
        }
        #expect(try fixture.store.obstacle(toKeepingClosed: image)?.contains(fast) == true)
        #expect(try Descriptor.openDirectory(fast).isEmptyDirectory())
        var declaration = fixture.store.declaration
        declaration.postgres?.tablespaces = [fast: slow]
        let store = try PostgresStore(declaration, nativeImageFolder: fixture.images, host: .forTests())
        try makeDirectories(Path.join(slow, "PG_15_202209061/1"))
        let taken = #expect(throws: Failure.self) { try store.planRestore(of: image, scratch: run.scratch, job: JobControl()) }
        #expect(taken?.code == .refused && taken?.message.contains("is not empty") == true, "\(String(describing: taken))")
        try removeContents(of: try Descriptor.openDirectory(slow))
        let plan = try store.planRestore(of: image, scratch: run.scratch, job: JobControl())
        #expect(plan.cautions.contains("a tablespace is restored to \(slow) (was \(fast))"), "\(plan.cautions)")
        _ = try store.apply(plan, of: image, scratch: run.scratch, job: JobControl())
        #expect(try fixture.server.sql("SELECT id FROM far", in: "acme") == "1\n")
        #expect(try Descriptor.openDirectory(fast).isEmptyDirectory())
        #expect(try !Descriptor.openDirectory(slow).isEmptyDirectory())
    }

    @Test func `a plan says what the image's configuration would have the server do, where that is new`() throws {
        let fixture = try PostgresFixture()
        let run = try StoreRun(fixture)
        try fixture.fill()
        try fixture.server.sql("ALTER SYSTEM SET archive_command = 'touch /tmp/holdfast-never'")
        let image = try run.snapshot("a")
        #expect(try fixture.store.cautions(before: image, scratch: run.scratch, job: JobControl()).isEmpty)
        try fixture.server.sql("ALTER SYSTEM RESET archive_command")
        try fixture.damage(0)
        let told = "the restored server obeys postgresql.auto.conf: archive_command = 'touch /tmp/holdfast-never'"
        let cautions = try run.plan(image).cautions
        #expect(cautions.count == 2 && cautions.last == told, "\(cautions)")
    }

    @Test func `a restore that stops in between leaves a directory on which no server starts, and the next one ends it`() throws {
        let fixture = try PostgresFixture()
        let run = try StoreRun(fixture)
        try fixture.fill()
        let content = try fixture.content()
        let image = try run.snapshot("a")
        try fixture.damage(0)
        let plan = try run.plan(image)
        let job = JobControl()
        // Cancelled by the one that waits for the server to be down.
        let watcher = try WorkerThread(named: "cancel") {
            while try statusOfPath(Path.join(fixture.server.data, "PG_VERSION")) != nil { sched_yield() }
            job.cancel()
        }
        #expect(throws: (any Error).self) { try run.adapter.apply(plan, of: image, scratch: run.scratch, job: job) }
        try watcher.join()
        #expect(throws: (any Error).self) { try fixture.server.start() }
        let failure = Failure(describing: try #require(throws: (any Error).self) { try run.adapter.open() })
        #expect(failure.code == .store && failure.message.contains("a restore of it did not end"))
        try run.restore(image)
        #expect(try fixture.content() == content)
    }

    @Test func `settings that an interrupted restore has left in a server that serves go with the next snapshot`() throws {
        let fixture = try PostgresFixture()
        let run = try StoreRun(fixture)
        try fixture.fill()
        let settings = Path.join(fixture.server.data, "postgresql.auto.conf")
        let before = try AtomicFile.read(settings, limit: 1 << 16)
        let left =
            "# Holdfast: until the recovery from an image has ended\nrestore_command = 'false'\n# Holdfast: end\n"
        try Descriptor.open(settings, .write).write(before + Array(left.utf8))
        try fixture.server.sql("SELECT pg_reload_conf()")
        _ = try run.snapshot("a")
        #expect(try AtomicFile.read(settings, limit: 1 << 16) == before)
    }

    @Test func `files of another release are not put in the place of a server's`() throws {
        let fixture = try PostgresFixture()
        let run = try StoreRun(fixture)
        try fixture.fill()
        let image = try run.snapshot("a")
        try fixture.server.stop()
        try Descriptor.open(Path.join(fixture.server.data, "PG_VERSION"), .write).write(Array("16\n".utf8))
        let failure = #expect(throws: Failure.self) { try run.plan(image) }
        #expect(failure?.code == .refused && failure?.message.contains("PostgreSQL 15, the server there is of PostgreSQL 16") == true)
    }

    @Test func `without commands for the service nothing is touched`() throws {
        let fixture = try PostgresFixture { $0.service = nil }
        let run = try StoreRun(fixture)
        try fixture.fill()
        let image = try run.snapshot("a")
        try fixture.damage(0)
        let content = try fixture.content()
        let failure = #expect(throws: Failure.self) { try run.restore(image) }
        #expect(failure?.code == .refused && failure?.hint?.contains("service:") == true)
        #expect(try fixture.content() == content)
    }

    @Test(arguments: ["stop", "start"]) func `a command of the service that fails is named`(_ which: String) throws {
        let fixture = try PostgresFixture { access in
            if which == "stop" {
                access.service?.stop = "echo no way >&2; exit 3"
            } else {
                access.service?.start = "echo no way >&2; exit 3"
            }
        }
        let run = try StoreRun(fixture)
        try fixture.fill()
        let image = try run.snapshot("a")
        try fixture.damage(0)
        let failure = #expect(throws: Failure.self) { try run.restore(image) }
        #expect(
            failure?.message.contains("the \(which) command of the service failed") == true && failure?.cause?.contains("no way") == true)
        #expect(fixture.server.isRunning == (which == "stop"))
    }
}
