import Backups
import Clusters
import HostIO
import Model
import PostgresStore
import RepositoryEngine
import Standby
import Synchronization
import TestSupport
import Testing

/// Two PostgreSQL servers of one cluster: `a` is the primary's, `b` the standby's; `nas` is between them.
final class PostgresSites {
    let home: TemporaryDirectory
    let a: PostgresServer
    let b: PostgresServer
    /// The file of a large table, in either data directory.
    let bulk: String

    /// `settings` are lines of the servers' configuration.
    init(settings: [String] = []) throws {
        home = try TemporaryDirectory()
        (a, b) = (try PostgresServer(settings: settings), try PostgresServer(settings: settings))
        try a.sql("CREATE DATABASE acme")
        try a.sql(
            """
            CREATE TABLE written (n int PRIMARY KEY);
            CREATE TABLE bulk AS SELECT i, repeat(md5(i::text), 10) AS text FROM generate_series(1, 40000) i;
            """, in: "acme")
        bulk = try a.sql("SELECT pg_relation_filepath('bulk')", in: "acme").filter { !$0.isNewline }
        try writeFile("a", a)
        try writeFile("b", b)
        let primary = try site("a")
        _ = try primary.initialize()
        _ = try primary.addTarget("nas", path: nas)
    }

    var nas: String { home.file("nas") }
    /// While it is there, the server of `b` does not start.
    var obstacle: String { home.file("obstacle") }

    private func writeFile(_ name: String, _ server: PostgresServer) throws {
        let start = name == "b" ? "test ! -e \(obstacle) && \(server.service.start)" : server.service.start
        let text = """
            cluster: acme
            release: "1"
            state: \(name)-state
            storage: \(name)-storage
            password-file: password
            stores:
              - name: catalog
                kind: postgres
                role: metadata
                connection: "\(server.connection)"
                data-directory: \(server.data)
                tablespaces: {"\(PostgresZoo.space(of: a))": "\(PostgresZoo.space(of: server))"}
                service: {stop: "\(server.service.stop)", start: "\(start)"}
            """
        try AtomicFile.write(Array(text.utf8), to: home.file("\(name).yaml"))
    }

    func site(_ name: String) throws -> Cluster {
        let real = Drivers.real
        let drivers = Drivers(adapter: real.adapter, place: real.place, keyCost: .quick)
        return try Cluster.load(home.file("\(name).yaml"), host: .current(), drivers: drivers, program: "holdfast test")
    }

    func standby(_ name: String) throws -> OfflineStandby { OfflineStandby(try site(name)) }

    @discardableResult
    func backup(_ name: String, _ form: StoredForm = .physical, from site: String = "a") throws -> RepositoryEntry {
        let cluster = try self.site(site)
        let target = try cluster.targets().first?.name ?? "nas"
        return try Backups(cluster).create(BackupRequest(name: name, target: target, form: form), job: JobControl()).entry
    }

    @discardableResult
    func start(_ name: String) throws -> StandbyStartOutcome {
        let standby = try standby(name)
        return try standby.start(standby.prepareStart(from: nas, of: "acme"), job: JobControl())
    }

    func sync(_ name: String) throws -> SyncOutcome { try standby(name).sync(job: JobControl()) }

    func promote(_ name: String) throws -> PromotionOutcome {
        let standby = try standby(name)
        return try standby.promote(standby.preparePromotion(PromotionRequest()), job: JobControl())
    }

    func numbers(_ server: PostgresServer) throws -> [Int] {
        try server.sql("SELECT n FROM written ORDER BY n", in: "acme").split(separator: "\n").compactMap { Int($0) }
    }
}

/// Numbers its transactions, and knows when each was committed.
final class NumberedCommits: Sendable {
    struct Commit: Sendable {
        var number: Int
        var began: Timestamp
        var ended: Timestamp
    }

    private let stop = StopFlag()
    private let done = Monitor<[Commit]>([])
    private let thread: WorkerThread

    init(into server: PostgresServer) throws {
        let first = (Int(try server.sql("SELECT coalesce(max(n), 0) FROM written", in: "acme").filter(\.isNumber)) ?? 0) + 1
        let (stop, done, clock) = (stop, done, SystemClock())
        let session = try PostgresConnection(server.connection, database: "acme")
        thread = try WorkerThread(named: "writer") {
            var number = first
            while !stop.isSet {
                let began = clock.now()
                try session.execute("INSERT INTO public.written VALUES (\(number))")
                let commit = Commit(number: number, began: began, ended: clock.now())
                done.change { $0.append(commit) }
                number += 1
            }
            session.close()
        }
    }

    /// Returns when so many have been committed.
    func wait(for count: Int) { _ = done.wait { $0.count >= count ? true : nil } }

    func end() throws -> [Commit] {
        stop.set()
        try thread.join()
        return done.wait { $0 }
    }

    deinit { stop.set() }
}
