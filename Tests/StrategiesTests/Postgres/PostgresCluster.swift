import Clusters
import Glibc
import HostIO
import Model
import ObjectStorage
import PostgresStore
import RepositoryEngine
import SQLiteStore
import Snapshots
import TestSupport

/// A cluster of a PostgreSQL server, a SQLite database and a directory, with writers that write one row into each of the two and one file at a
/// time, as fast as they can, and hooks that hold them between two such writes.
final class PostgresCluster: Sendable {
    static let writers = 3
    /// Of each writer the newest: what is older goes again. Files stay longer, because they are read after the cut, one after the other.
    private static let keptRows = 300
    private static let keptFiles = 4000

    let home: TemporaryDirectory
    let server: PostgresServer

    init() throws {
        home = try TemporaryDirectory()
        server = try PostgresServer()
        for folder in ["srv/files", "idle"] { try makeDirectories(home.file(folder)) }
        try server.sql("CREATE DATABASE acme")
        try server.sql("CREATE TABLE pair (id bigint PRIMARY KEY)", in: "acme")
        let database = try SQLiteConnection(path: home.file("srv/pairs.db"), access: .creating)
        try database.execute("PRAGMA journal_mode = WAL; CREATE TABLE pair (id INTEGER PRIMARY KEY)")
        database.close()
        try writeFile("holdfast.yaml", server)
    }

    func writeFile(_ name: String, _ server: PostgresServer, place: String = "srv", state: String = "state") throws {
        let begin = "touch \(home.file("pause")); while [ $(ls \(home.file("idle")) | wc -l) -lt \(Self.writers) ]; do sleep 0.002; done"
        let text = """
            cluster: acme
            release: "1"
            state: \(state)
            storage: storage-\(state)
            password-file: password
            targets: [{name: nas, path: nas}]
            checks:
              - {name: rows, store: catalog, database: acme, sql: "SELECT count(*) > 0 FROM pair", expect: t}
              - name: program
                store: catalog
                command: "\(server.programs)/psql -X -A -t -d acme -c 'SELECT count(*) >= 0 FROM pair'"
                expect: t
            quiesce: {begin: "\(begin)", end: "rm -f \(home.file("pause"))", timeout: 20s}
            stores:
              - name: catalog
                kind: postgres
                role: metadata
                connection: "\(server.connection)"
                data-directory: \(server.data)
                bulk-tables: ["public.fact_*"]
                service: {stop: "\(server.service.stop)", start: "\(server.service.start)"}
              - {name: pairs, kind: sqlite, role: metadata, path: \(place)/pairs.db}
              - {name: files, kind: directory, role: content, path: \(place)/files}
            """
        try AtomicFile.write(Array(text.utf8), to: home.file(name))
    }

    func load(_ name: String = "holdfast.yaml") throws -> Cluster {
        let real = Drivers.real
        let drivers = Drivers(adapter: real.adapter, place: real.place, keyCost: .quick)
        return try Cluster.load(home.file(name), host: .current(), drivers: drivers, program: "holdfast test")
    }

    /// Runs `body` while the writers write.
    func writing(_ body: () throws -> Void) throws {
        let stop = StopFlag()
        let threads = try (0..<Self.writers).map { [home, server] number in
            try WorkerThread(named: "writer \(number)") {
                [idle = home.file("idle/\(number)"), pause = home.file("pause"), base = number << 40] in
                let session = try PostgresConnection(server.connection, database: "acme")
                let database = try SQLiteConnection(path: home.file("srv/pairs.db"))
                defer { database.close() }
                var id = base
                while !stop.isSet {
                    if try statusOfPath(pause) != nil {
                        try AtomicFile.write([], to: idle)
                        while try statusOfPath(pause) != nil, !stop.isSet { sched_yield() }
                        try removeTree(idle)
                        // The next hold may have begun, and taken this for one that is held.
                        continue
                    }
                    id += 1
                    let (row, file) = (id - Self.keptRows, id - Self.keptFiles)
                    try session.execute("INSERT INTO public.pair VALUES (\(id)); DELETE FROM public.pair WHERE id = \(row)")
                    try database.execute("BEGIN IMMEDIATE; INSERT INTO pair VALUES (\(id)); DELETE FROM pair WHERE id = \(row); COMMIT")
                    let folder = try Descriptor.openDirectory(home.file("srv/files"))
                    try folder.open(Array("\(id)".utf8), [.write, .createNew]).write(Array("\(id)\n".utf8))
                    if file > base { try folder.remove(Array("\(file)".utf8)) }
                }
                try AtomicFile.write([], to: idle)
            }
        }
        let outcome = Result { try body() }
        stop.set()
        for thread in threads { try thread.join() }
        try outcome.get()
    }
}
