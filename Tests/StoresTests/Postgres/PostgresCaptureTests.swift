import Archiving
import Glibc
import HostIO
import Model
import PostgresStore
import ResticFormat
import StoreContract
import Synchronization
import TestSupport
import Testing

@Suite(.enabled(if: PostgresServer.isInstalled), .timeLimit(.minutes(5))) struct PostgresCaptureTests {
    /// One server's images, each with its parent, as snapshots keep them.
    private struct Album {
        let fixture: PostgresFixture
        let images: ImageRepository

        init(_ fixture: PostgresFixture) throws {
            self.fixture = fixture
            images = try ImageRepository()
        }

        func take(_ id: String, after parent: ArchivedTree? = nil, atCut: () throws -> Void = {}) throws -> Picture {
            let request = CaptureRequest(imageID: id, nativeImageFolder: nil, scratch: fixture.home.file("scratch"))
            let before = try #require(try fixture.store.prepare(request, job: JobControl()))
            let base = try images.archive(before, before: id, parent: parent)
            let capture = try fixture.store.capture(request)
            try atCut()
            let (outcome, tree) = try images.archive(try fixture.store.image(of: capture, job: JobControl()), parent: parent, over: id)
            fixture.store.release(capture, outcome: .committed)
            return Picture(capture: capture, base: base, outcome: outcome, tree: tree)
        }
    }

    private struct Picture {
        let capture: Capture
        let base: ArchiveOutcome
        let outcome: ArchiveOutcome
        let tree: ArchivedTree

        var image: ImageTree { .archived(tree) }
    }

    @Test func `an image shows the end of its capture: what is committed before is in it, what comes later is not`() throws {
        let fixture = try PostgresFixture()
        try fixture.fill()
        let album = try Album(fixture)
        let request = CaptureRequest(imageID: "a", nativeImageFolder: nil, scratch: fixture.home.file("scratch"))
        try album.images.archive(try #require(try fixture.store.prepare(request, job: JobControl())), before: "a")
        try fixture.server.sql("INSERT INTO account VALUES (1001, 'after the files were read', 1)", in: "acme")
        let capture = try fixture.store.capture(request)
        try fixture.server.sql("INSERT INTO account VALUES (1002, 'after the cut', 1)", in: "acme")
        let tree = try album.images.archive(try fixture.store.image(of: capture, job: JobControl()), over: "a").tree
        fixture.store.release(capture, outcome: .committed)
        let copy = try PostgresServer(restoring: .archived(tree))
        #expect(try copy.sql("SELECT id FROM account WHERE id > 1000", in: "acme") == "1001\n")
        #expect(try copy.sql("SELECT count(*) FROM session", in: "acme") == "0\n", "an unlogged table comes back empty")
    }

    /// Transfers between accounts by several sessions at full speed; the sum of all never changes.
    private func underLoad(_ server: PostgresServer, _ body: () throws -> Void) throws {
        let stop = StopFlag()
        let threads = try (0..<3).map { number in
            try WorkerThread(named: "load \(number)") {
                let session = try PostgresConnection(server.connection, database: "acme")
                var random = SeededRandom(seed: UInt64(number) + 77)
                while !stop.isSet {
                    let (from, to) = (random.next() % 300 + 1, random.next() % 300 + 1)
                    try session.execute(
                        """
                        UPDATE public.account SET balance = balance - 5 WHERE id = \(min(from, to));
                        UPDATE public.account SET balance = balance + 5 WHERE id = \(max(from, to))
                        """)
                }
            }
        }
        defer { stop.set() }
        try body()
        stop.set()
        for thread in threads { try thread.join() }
    }

    @Test func `images that are taken while sessions write at full speed are consistent, and pg_amcheck finds no fault`() throws {
        let fixture = try PostgresFixture()
        try fixture.fill()
        let sum = try fixture.server.sql("SELECT sum(balance) FROM account", in: "acme")
        let album = try Album(fixture)
        var pictures: [Picture] = []
        try underLoad(fixture.server) {
            for round in 0..<5 { pictures.append(try album.take("r\(round)", after: pictures.last?.tree)) }
        }
        for picture in pictures {
            #expect(picture.outcome.issueCount == 0, "\(picture.outcome.issues)")
            let copy = try PostgresServer(restoring: picture.image)
            #expect(try copy.sql("SELECT sum(balance) FROM account", in: "acme") == sum)
            try copy.program("pg_amcheck", ["--all", "--install-missing", "--heapallindexed"])
        }
    }

    @Test(.enabled(if: canMount("PostgreSQL on XFS")))
    func `clones that are taken while sessions write are consistent at the end of the capture`() throws {
        let fixture = try PostgresFixture(.clones)
        try fixture.fill()
        #expect(try fixture.store.open().nativeImages)
        let sum = try fixture.server.sql("SELECT sum(balance) FROM account WHERE id < 1000", in: "acme")
        var captures: [Capture] = []
        try underLoad(fixture.server) {
            for round in 0..<3 {
                let request = CaptureRequest(
                    imageID: "r\(round)", nativeImageFolder: fixture.images, scratch: fixture.home.file("scratch"))
                #expect(try fixture.store.prepare(request, job: JobControl()) == nil)
                try fixture.server.sql("INSERT INTO account VALUES (100\(round), 'after the files were cloned', 0)", in: "acme")
                captures.append(try fixture.store.capture(request))
                try fixture.server.sql("INSERT INTO account VALUES (200\(round), 'after the cut', 0)", in: "acme")
                _ = try fixture.store.image(of: captures[round], job: JobControl())
                fixture.store.release(captures[round], outcome: .committed)
            }
        }
        #expect(captures.allSatisfy { $0.native && $0.precision == .exact })
        for (round, capture) in captures.enumerated() {
            let copy = try PostgresServer(restoring: .source(try fixture.store.openNativeImage(capture.imageID, since: nil)))
            #expect(try copy.sql("SELECT sum(balance) FROM account WHERE id < 1000", in: "acme") == sum)
            #expect(try copy.sql("SELECT count(*) FROM account WHERE id >= 1000", in: "acme") == "\(2 * round + 1)\n")
            try copy.program("pg_amcheck", ["--all", "--install-missing", "--heapallindexed"])
        }
        #expect(try fixture.server.sql("SELECT count(*) FROM pg_replication_slots") == "0\n")
    }

    @Test func `the second image reads what has changed and no more, and one changed page costs kilobytes`() throws {
        let fixture = try PostgresFixture()
        try fixture.fill()
        try fixture.server.sql(
            "CREATE TABLE big AS SELECT i AS id, md5(i::text) || md5((-i)::text) AS text FROM generate_series(1, 200000) i; CREATE INDEX ON big (id)",
            in: "acme")
        let album = try Album(fixture)
        let first = try album.take("a")
        // Files that were young when they were read are read once more.
        let clock = SystemClock()
        let young = clock.monotonicNanoseconds()
        while clock.monotonicNanoseconds() - young < 2_100_000_000 { sched_yield() }
        let second = try album.take("b", after: first.tree)
        try fixture.server.sql("UPDATE big SET text = 'changed' WHERE id = 77777", in: "acme")
        let third = try album.take("c", after: second.tree)
        #expect(first.base.totals.bytesRead > 20 << 20)
        #expect(third.base.totals.bytesRead < first.base.totals.bytesRead)
        #expect(third.base.totals.filesUnchanged > 900)
        #expect(third.outcome.totals.bytesStored < 200 << 10, "\(third.outcome.totals)")
        let copy = try PostgresServer(restoring: third.image)
        #expect(try copy.sql("SELECT id FROM big WHERE text = 'changed'", in: "acme") == "77777\n")
    }

    @Test func `an image holds the log that it needs and no other, and no file of the server's running`() throws {
        let fixture = try PostgresFixture()
        try fixture.fill()
        let picture = try Album(fixture).take("a")
        let segments = try #require(try picture.image.entries(of: ["pg_wal"])).map { String(decoding: $0.name, as: UTF8.self) }
        let start = try #require(LogPosition(parsing: picture.capture.facts["start-lsn"] ?? ""))
        let stop = try #require(LogPosition(parsing: picture.capture.facts["stop-lsn"] ?? ""))
        #expect(segments == LogSegments(timeline: 1, size: 16 << 20).names(from: start, to: stop) + ["archive_status"])
        let names = try #require(try picture.image.entries(of: [])).map { String(decoding: $0.name, as: UTF8.self) }
        #expect(names.contains("backup_label") && names.contains("PG_VERSION"))
        #expect(!names.contains { $0.hasPrefix("postmaster") || $0 == "log" })
        let database = try fixture.server.sql("SELECT oid FROM pg_database WHERE datname = 'acme'").filter { !$0.isNewline }
        let session = try fixture.server.sql("SELECT pg_relation_filenode('session')", in: "acme").filter { !$0.isNewline }
        let files = try #require(try picture.image.entries(of: ["base", database])).map { String(decoding: $0.name, as: UTF8.self) }
        #expect(files.contains("\(session)_init") && !files.contains(session))
    }

    @Test func `tablespaces are in the image, and a copy without their places has them inside`() throws {
        let fixture = try PostgresFixture()
        try fixture.fill()
        let place = try fixture.server.folder("fast")
        try fixture.server.sql("CREATE TABLESPACE fast LOCATION '\(place)'")
        try fixture.server.sql("CREATE TABLE far TABLESPACE fast AS SELECT generate_series(1, 1000) AS id", in: "acme")
        let picture = try Album(fixture).take("a")
        try fixture.server.stop()
        try removeTree(place)
        let copy = try PostgresServer(restoring: picture.image, options: "-c allow_in_place_tablespaces=on")
        #expect(try copy.sql("SELECT count(*) FROM far", in: "acme") == "1000\n")
    }

    @Test func `relations may be made and dropped while they are read`() throws {
        let fixture = try PostgresFixture()
        try fixture.fill()
        let stop = StopFlag()
        let thread = try WorkerThread(named: "tables") {
            let session = try PostgresConnection(fixture.server.connection, database: "acme")
            while !stop.isSet { try session.execute("CREATE TABLE public.brief AS SELECT 1 AS x; DROP TABLE public.brief") }
        }
        defer { stop.set() }
        let album = try Album(fixture)
        for round in 0..<3 {
            let picture = try album.take("r\(round)")
            #expect(picture.outcome.issueCount == 0, "\(picture.outcome.issues)")
        }
        stop.set()
        try thread.join()
    }

    @Test func `a server that dies while its files are read leaves no image, and serves a backup after its recovery`() throws {
        let fixture = try PostgresFixture()
        try fixture.fill()
        let request = CaptureRequest(imageID: "a", nativeImageFolder: nil, scratch: fixture.home.file("scratch"))
        _ = try fixture.store.prepare(request, job: JobControl())
        try fixture.server.kill()
        let failure = Failure(describing: try #require(throws: (any Error).self) { try fixture.store.capture(request) })
        #expect(failure.code == .store && failure.hint != nil, "\(failure)")
        fixture.store.abandon(request)
        try fixture.server.start()
        #expect(try Album(fixture).take("b").outcome.issueCount == 0)
    }
}
