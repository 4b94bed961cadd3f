import Archiving
import HostIO
import Model
import PostgresStore
import StoreContract
import TestSupport
import Testing

@Suite(.enabled(if: PostgresServer.isInstalled), .timeLimit(.minutes(5))) struct PostgresDumpTests {
    @Test(arguments: ["acme", "A b/ü%", "..", "%41", "a\"b'c"]) func `a folder's name says which database it is of`(_ name: String) {
        let folder = DumpLayout.folder(of: name)
        #expect(folder.utf8.allSatisfy { $0 < 0x80 } && !folder.contains("/") && !folder.contains("."))
        #expect(DumpLayout.database(of: folder) == name)
    }

    @Test func `what is no name of a database is none`() {
        for folder in ["", "%", "%4", "%GG", "%FF"] { #expect(DumpLayout.database(of: folder) == nil, "\(folder)") }
    }

    /// Much of what a dump can hold.
    private func fill(_ fixture: PostgresFixture) throws {
        try fixture.fill()
        try fixture.server.sql("CREATE ROLE ada LOGIN; CREATE ROLE readers; GRANT readers TO ada")
        try fixture.server.sql("CREATE DATABASE \"A b/ü\" OWNER ada")
        try fixture.server.sql(
            """
            CREATE EXTENSION pgcrypto; CREATE SCHEMA more AUTHORIZATION ada; CREATE SEQUENCE more.ticket START 77; SELECT nextval('more.ticket');
            CREATE TABLE more.fact_big (id serial PRIMARY KEY, body bytea); INSERT INTO more.fact_big (body) SELECT '\\x00ff' FROM generate_series(1, 50);
            GRANT SELECT ON account TO readers; COMMENT ON TABLE account IS 'who'; SELECT lo_from_bytea(0, 'a large object');
            CREATE MATERIALIZED VIEW sums AS SELECT sum(balance) FROM account; ALTER DATABASE acme SET work_mem = '9MB'
            """, in: "acme")
    }

    private func tree(_ reduced: ReducedImage) throws -> (tree: ArchivedTree, reload: [ReloadItem], kept: [KeptRows]) {
        guard case .rebuilt(let source, let shape, let reload, let kept) = reduced else { throw Failure(.internal, "not rebuilt") }
        return (try ImageRepository().archive(CapturedImage(source: source, shape: shape)).tree, reload, kept)
    }

    private func names(in folder: String) throws -> [String] {
        try Descriptor.openDirectory(folder).entries().map { FileName.text($0.name) }
    }

    @Test func `a portable backup of a server brings it up on another one, with roles, owners, sequences and large objects`() throws {
        let fixture = try PostgresFixture()
        let run = try StoreRun(fixture)
        try fill(fixture)
        let content = try fixture.content()
        let image = try run.snapshot("a")
        #expect(try fixture.store.isConvertedForBackups(image))
        let (dumps, reload, _) = try tree(try fixture.store.reduce(image, to: .whole, scratch: run.scratch, job: JobControl()))
        #expect(reload.isEmpty)
        #expect(try fixture.store.isConvertedForBackups(.archived(dumps)) == false)
        let other = try PostgresFixture(.dump)
        let target = try StoreRun(other)
        #expect(try other.store.isEmpty())
        let plan = try target.plan(.archived(dumps))
        #expect(plan.intoEmpty && plan.created == 3)
        try target.restore(.archived(dumps))
        #expect(try Array(other.content().dropFirst()) == Array(content.dropFirst()))
        #expect(try other.server.sql("SELECT nextval('more.ticket')", in: "acme") == "78\n")
        #expect(try other.server.sql("SELECT count(*) FROM pg_stats WHERE tablename = 'account'", in: "acme") != "0\n", "analysed")
        let check = try other.store.check(against: .archived(dumps), scratch: target.scratch, job: JobControl())
        #expect(check.differences == 1, "only the database whose sequence went on: \(check)")
    }

    @Test func `bulk tables keep their structure and lose their rows, which are counted`() throws {
        let fixture = try PostgresFixture()
        let run = try StoreRun(fixture)
        try fill(fixture)
        let image = try run.snapshot("a")
        let (dumps, reload, kept) = try tree(try fixture.store.reduce(image, to: .withoutBulkRows, scratch: run.scratch, job: JobControl()))
        #expect(kept.first { $0.table == "public.account in acme" }?.rows == 300, "\(kept)")
        #expect(!kept.contains { $0.table.contains("fact_sales") }, "\(kept)")
        #expect(reload.map(\.what) == ["table public.fact_sales in acme"] && reload.first?.count == 1200 && (reload.first?.bytes ?? 0) > 0)
        let other = try PostgresFixture(.dump)
        try StoreRun(other).restore(.archived(dumps))
        #expect(try other.server.sql("SELECT count(*) FROM fact_sales", in: "acme") == "0\n")
        #expect(try other.server.sql("SELECT count(*) FROM account", in: "acme") == "300\n")
    }

    @Test func `a scratch server leaves nothing behind, whether it comes up or not`() throws {
        let fixture = try PostgresFixture()
        let run = try StoreRun(fixture)
        try fixture.fill()
        let image = try run.snapshot("a")
        let folder = try ScratchDirectory(in: fixture.home.file("alone"))
        guard case .rebuilt(let source, _, _, _) = try fixture.store.reduce(image, to: .whole, scratch: folder, job: JobControl()) else {
            return
        }
        let place = source.description
        #expect(try names(in: Path.parent(place)) == [Path.lastComponent(place)])
        // The log of the image is gone: no server recovers from it.
        let damaged = try TemporaryDirectory()
        let restore = TreeRestore(image: image.tree, destination: damaged.file("data"), host: .forTests())
        _ = try restore.apply(try restore.plan(job: JobControl()), job: JobControl())
        try removeContents(of: try Descriptor.openDirectory(damaged.file("data/pg_wal")))
        let second = try ScratchDirectory(in: fixture.home.file("alone"))
        let failure = Failure(
            describing: try #require(throws: (any Error).self) {
                try fixture.store.reduce(
                    .native(LocalDirectory(path: damaged.file("data"))), to: .whole, scratch: second, job: JobControl())
            })
        #expect(failure.code == .damaged && failure.message.contains("did not recover") && failure.cause != nil, "\(failure)")
        let others =
            try ChildProcess(["pgrep", "-f", second.path]).run().outputText + ChildProcess(["pgrep", "-f", folder.path]).run().outputText
        #expect(others == "")
    }

    @Test func `a dump that cannot be loaded leaves the database that is there`() throws {
        let fixture = try PostgresFixture(.dump)
        let run = try StoreRun(fixture)
        try fixture.fill()
        guard case .archived(let good) = try run.snapshot("a") else { return }
        let folder = try TemporaryDirectory()
        let restore = TreeRestore(image: .archived(good), destination: folder.file("image"), host: .forTests())
        _ = try restore.apply(try restore.plan(job: JobControl()), job: JobControl())
        let files = folder.file("image/databases/acme")
        for name in try names(in: files) where name.hasSuffix(".dat") && name != "toc.dat" {
            try AtomicFile.write(Array("nonsense\n".utf8), to: Path.join(files, name))
        }
        let bad = StoreImage.archived(
            try ImageRepository().archive(CapturedImage(source: LocalDirectory(path: folder.file("image")), shape: .contentDefined)).tree)
        let content = try fixture.content()
        let failure = #expect(throws: Failure.self) { try run.restore(bad) }
        #expect(failure?.code == .store && failure?.message.contains("pg_restore failed") == true)
        #expect(try fixture.content() == content)
    }
}
