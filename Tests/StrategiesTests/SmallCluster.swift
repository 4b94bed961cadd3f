import Backups
import Clusters
import DirectoryStore
import HostIO
import Model
import RepositoryEngine
import ObjectStorage
import SQLiteStore
import Snapshots
import StoreContract
import Synchronization
import TestSupport
import Testing

/// A small real cluster in a temporary directory: SQLite accounts, uploads, bulk files; a target; storages that can be made to fail.
final class SmallCluster: Sendable {
    let root: String
    let storages = FaultyPlaces()

    init(in root: String) throws {
        self.root = root
        try makeDirectories("\(root)/srv/uploads/sub")
        try makeDirectories("\(root)/srv/lake")
        let database = try SQLiteConnection(path: "\(root)/srv/accounts.db", access: .creating)
        try database.execute(
            """
            PRAGMA journal_mode=WAL; CREATE TABLE account(id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE events_a(id INTEGER PRIMARY KEY, what TEXT);
            INSERT INTO account VALUES (1, 'ada'), (2, 'grace'); INSERT INTO events_a VALUES (1, 'login'), (2, 'logout'), (3, 'login')
            """)
        database.close()
        for index in 0..<6 { try write("upload \(index)", to: "uploads/sub/file\(index)") }
        try write(String(repeating: "bulk ", count: 5000), to: "lake/facts.dat")
        try writeFile("holdfast.yaml")
    }

    /// One that is there already, through fresh storages.
    init(at root: String) { self.root = root }

    var path: String { "\(root)/holdfast.yaml" }
    var storage: String { "\(root)/storage" }
    var target: String { "\(root)/nas" }

    func write(_ text: String, to name: String) throws { try AtomicFile.write(Array(text.utf8), to: "\(root)/srv/\(name)", mode: 0o644) }

    func writeFile(
        _ name: String, cluster: String = "acme", release: Release = "1.0", place: String = "srv", state: String = "state",
        storage: String = "storage", stores: [String]? = nil, more: String = ""
    ) throws {
        let all = [
            "accounts": "{name: accounts, kind: sqlite, role: metadata, path: \(place)/accounts.db, bulk-tables: [\"events_*\"]}",
            "uploads": "{name: uploads, kind: directory, role: content, path: \(place)/uploads}",
            "lake": "{name: lake, kind: directory, role: data, path: \(place)/lake}",
        ]
        let lines = (stores ?? ["accounts", "uploads", "lake"]).map { "  - \(all[$0] ?? $0)\n" }.joined()
        let text = """
            cluster: \(cluster)
            release: "\(release)"
            state: \(state)
            storage: \(storage)
            password-file: password
            targets: [{name: nas, path: nas}]
            \(more)
            stores:
            \(lines)
            """
        try AtomicFile.write(Array(text.utf8), to: "\(root)/\(name)")
    }

    func load(_ name: String = "holdfast.yaml", host: Host = .current()) throws -> Cluster {
        let places = storages
        let drivers = Drivers(
            adapter: Drivers.real.adapter, place: { path, _, _ in DirectoryPlace(path) { _ in places.at(path) } }, keyCost: .quick)
        return try Cluster.load("\(root)/\(name)", host: host, drivers: drivers, program: "holdfast test")
    }

    func execute(_ sql: String) throws {
        let database = try SQLiteConnection(path: "\(root)/srv/accounts.db")
        defer { database.close() }
        try database.execute(sql)
    }

    func rows(_ place: String = "srv", _ table: String = "account") throws -> Int64? {
        let database = try SQLiteConnection(path: "\(root)/\(place)/accounts.db")
        defer { database.close() }
        return try database.integer("SELECT count(*) FROM \(table)")
    }

    /// restic reads all of the repository and finds no fault.
    func expectResticAgrees(_ path: String, _ moment: String) throws {
        let password = String(decoding: try AtomicFile.read("\(root)/password"), as: UTF8.self)
        let restic = try Restic(path, password: String(password.prefix { $0 != "\n" }))
        let outcome = try restic.attempt("check", "--read-data", "--no-lock")
        #expect(outcome.succeeded, "\(moment): \(outcome.outputText)\(outcome.errorText)")
    }

    func text(_ name: String, place: String = "srv") throws -> String? {
        try AtomicFile.readIfPresent("\(root)/\(place)/\(name)").map { String(decoding: $0, as: UTF8.self) }
    }
}

/// Directory storages, one a path, each behind one that can fail.
final class FaultyPlaces: Sendable {
    private let known = Mutex<[String: FaultyStorage]>([:])

    func at(_ path: String) -> FaultyStorage {
        known.withLock { known in
            if let storage = known[path] { return storage }
            let storage = FaultyStorage(DirectoryStorage(path))
            known[path] = storage
            return storage
        }
    }
}

extension SnapshotRequest {
    init(_ name: String, style: SnapshotStyle = .manual, timeToLive: TimeToLive = .never) throws {
        self.init(name: try SnapshotName(name), style: style, timeToLive: timeToLive)
    }
}
