import HostIO
import Model
import SQLiteStore

/// The cluster that the demo protects: an application's accounts in SQLite, its users' uploads, and a warehouse of bulk data.
struct DemoCluster {
    let directory: String
    let megabytes: Int
    let seed: UInt64

    var accounts: String { "\(directory)/srv/accounts.db" }
    var uploads: String { "\(directory)/srv/uploads" }
    var warehouse: String { "\(directory)/srv/warehouse" }
    var file: String { "\(directory)/holdfast.yaml" }
    var target: String { "\(directory)/nas" }

    static let uploadCount = 2000
    static let accountCount = 20_000

    func make() throws {
        try makeDirectories("\(directory)/srv")
        try makeAccounts()
        try makeUploads()
        try makeWarehouse()
        try writeClusterFile(
            file, name: "acme", release: "6.2.1", root: "\(directory)/srv", state: "\(directory)/state", storage: "\(directory)/snapshots")
    }

    /// `password` is the same for every cluster of the demo: that is how a backup is opened elsewhere.
    func writeClusterFile(_ path: String, name: String, release: Release, root: String, state: String, storage: String) throws {
        let text = """
            cluster: \(name)
            release: "\(release)"
            state: \(state)
            storage: \(storage)
            password-file: \(directory)/password
            stores:
              - {name: accounts,  kind: sqlite,    role: metadata, path: \(root)/accounts.db}
              - {name: uploads,   kind: directory, role: content,  path: \(root)/uploads}
              - {name: warehouse, kind: directory, role: data,     path: \(root)/warehouse}

            """
        try AtomicFile.write(Array(text.utf8), to: path, mode: 0o600)
    }

    private func makeAccounts() throws {
        let database = try SQLiteConnection(path: accounts, access: .creating)
        defer { database.close() }
        try database.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL")
        try database.execute(
            """
            CREATE TABLE account (id INTEGER PRIMARY KEY, name TEXT NOT NULL, balance INTEGER NOT NULL);
            CREATE TABLE entry (id INTEGER PRIMARY KEY, account INTEGER NOT NULL REFERENCES account(id), amount INTEGER NOT NULL);
            CREATE INDEX entry_account ON entry(account);
            BEGIN;
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(Self.accountCount))
            INSERT INTO account SELECT i, 'customer ' || (i * 7919 % 1000003), 1000 FROM n;
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(5 * Self.accountCount))
            INSERT INTO entry SELECT i, i * 31 % \(Self.accountCount) + 1, i * 131 % 2001 - 1000 FROM n;
            COMMIT;
            """)
    }

    private func makeUploads() throws {
        var bytes = SeededBytes(seed: seed)
        for index in 0..<Self.uploadCount {
            let folder = "\(uploads)/\(index % 20)"
            if index < 20 { try makeDirectories(folder, mode: 0o755) }
            try write(bytes.prose(512 + bytes.below(16_000)), to: "\(folder)/report-\(index).txt")
        }
    }

    /// Half of it compresses.
    private func makeWarehouse() throws {
        let files = 8
        let part = megabytes * 1_000_000 / files
        try makeDirectories(warehouse, mode: 0o755)
        try runWorkers(4, named: "make") { worker in
            for index in stride(from: worker, to: files, by: 4) {
                var bytes = SeededBytes(seed: seed &+ UInt64(index) &* 1_000_003)
                try write(index % 2 == 0 ? bytes.prose(part) : bytes.noise(part), to: "\(warehouse)/facts-\(index).dat")
            }
        }
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        let file = try Descriptor.open(path, [.write, .createNew], mode: 0o644)
        try bytes.withUnsafeBytes { try file.write($0) }
    }

    /// What must never happen, all at once: rows deleted, uploads overwritten and encrypted names, bulk files gone.
    func damage() throws {
        let database = try SQLiteConnection(path: accounts)
        defer { database.close() }
        try database.execute("BEGIN; DELETE FROM account WHERE id % 3 = 0; UPDATE entry SET amount = 0; COMMIT")
        for index in stride(from: 0, to: Self.uploadCount, by: 10) {
            try write(Array("pay up".utf8), to: "\(uploads)/\(index % 20)/report-\(index).txt.locked")
            try removeTree("\(uploads)/\(index % 20)/report-\(index).txt")
        }
        try removeTree("\(uploads)/7")
        try removeTree("\(warehouse)/facts-3.dat")
    }
}
