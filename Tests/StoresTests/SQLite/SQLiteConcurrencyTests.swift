import HostIO
import Model
import SQLiteStore
import StoreContract
import Synchronization
import Testing

/// An application that goes on reading and writing, each check in one transaction: the sum of all balances never changes, and every
/// transfer has its line in the log.
private final class Application: Sendable {
    private let path: String
    private let stop = StopFlag()
    private let counts = Mutex(Counts())

    struct Counts {
        var reads = 0
        var writes = 0
        var mixed: [String] = []
    }

    static let accounts = 200
    static let total = Int64(accounts * 1000)

    init(_ path: String) { self.path = path }

    static func prepare(_ path: String, _ mode: SQLiteFixture.Mode) throws {
        let connection = try SQLiteConnection(path: path, access: .creating)
        try connection.execute(
            """
            PRAGMA journal_mode = \(mode.rawValue);
            BEGIN;
            CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL);
            CREATE TABLE bulk (id INTEGER PRIMARY KEY, noise BLOB);
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(accounts)) INSERT INTO account SELECT i, 1000 FROM n;
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO bulk SELECT i, randomblob(2000) FROM n;
            COMMIT;
            """)
    }

    /// Without waiting for locks in WAL mode, where readers never have to.
    func read(patience: Int32) throws {
        let connection = try SQLiteConnection(path: path, patience: patience)
        while !stop.isSet {
            try connection.query("SELECT (SELECT sum(balance) FROM account), (SELECT count(*) FROM bulk), (SELECT count(*) FROM account)") {
                row in
                let seen = (row.integer(0) ?? -1, row.integer(1) ?? -1, row.integer(2) ?? -1)
                counts.withLock { counts in
                    counts.reads += 1
                    if seen != (Self.total, 2000, Int64(Self.accounts)) { counts.mixed.append("\(seen)") }
                }
            }
            // Leaves the processor to the others; nothing waits for it.
            sleepThread(for: .microseconds(200))
        }
    }

    func write() throws {
        let connection = try SQLiteConnection(path: path, patience: 30_000)
        var step = 0
        while !stop.isSet {
            step += 1
            let from = step % Self.accounts + 1
            let to = (step * 7) % Self.accounts + 1
            try connection.execute(
                """
                BEGIN IMMEDIATE; UPDATE account SET balance = balance - 5 WHERE id = \(from);
                UPDATE account SET balance = balance + 5 WHERE id = \(to);
                UPDATE bulk SET noise = randomblob(2000) WHERE id = \(step % 2000 + 1); COMMIT
                """)
            counts.withLock { $0.writes += 1 }
            sleepThread(for: .milliseconds(1))
        }
    }

    func run(mode: SQLiteFixture.Mode, while body: () throws -> Void) throws -> Counts {
        let patience: Int32 = mode == .wal ? 0 : 30_000
        let threads = [
            try WorkerThread(named: "reader") { try self.read(patience: patience) }, try WorkerThread(named: "writer") { try self.write() },
        ]
        let outcome = Result { try body() }
        stop.set()
        for thread in threads { try thread.join() }
        try outcome.get()
        return counts.withLock { $0 }
    }
}

@Suite(.serialized) struct SQLiteConcurrencyTests {
    @Test(
        "an application that reads and writes all the time sees no error and no mixture during captures and restores",
        .timeLimit(.minutes(2)), arguments: SQLiteFixture.Mode.allCases)
    func runningApplication(mode: SQLiteFixture.Mode) throws {
        let fixture = try SQLiteFixture(nil)
        try Application.prepare(fixture.path, mode)
        let counts = try Application(fixture.path).run(mode: mode) {
            for round in 0..<2 {
                let image = try fixture.image("image-\(round)")
                let copy = try sums(of: image)
                #expect(copy == [Application.total, 2000])
                let outcome = try fixture.restore(image)
                #expect(outcome.bytesWritten > 0 || outcome.entriesChanged == 0)
                _ = try fixture.check(image)
            }
        }
        #expect(counts.mixed.isEmpty)
        #expect(counts.reads > 0 && counts.writes > 0)
        print("\(mode.rawValue): \(counts.reads) reads and \(counts.writes) writes during captures and restores")
        let connection = try fixture.connect()
        #expect(try connection.text("PRAGMA integrity_check") == "ok")
        #expect(try connection.integer("SELECT sum(balance) FROM account") == Application.total)
    }

    /// POSIX locks are per process, so the same again with real other processes.
    @Test(
        "sqlite3 in other processes reads and writes without an error during captures and restores", .timeLimit(.minutes(2)),
        .enabled(if: Self.hasShell), arguments: SQLiteFixture.Mode.allCases)
    func otherProcesses(mode: SQLiteFixture.Mode) throws {
        let fixture = try SQLiteFixture(nil)
        try Application.prepare(fixture.path, mode)
        let patience = mode == .wal ? "" : ".timeout 60000\n"
        let reads = patience + String(repeating: "SELECT sum(balance), count(*) FROM account;\n", count: mode == .wal ? 15_000 : 1000)
        let writes =
            ".timeout 60000\n"
            + (1...500).map { step in
                """
                BEGIN IMMEDIATE; UPDATE account SET balance = balance - 1 WHERE id = \(step % 200 + 1);
                UPDATE account SET balance = balance + 1 WHERE id = \(step * 7 % 200 + 1); COMMIT;

                """
            }.joined()
        let outcomes = Mutex<[String: ChildProcess.Outcome]>([:])
        let threads = try [("reads", reads), ("writes", writes)].map { name, script in
            try WorkerThread(named: name) {
                let outcome = try ChildProcess(
                    ["sqlite3", "-bail", fixture.path], input: Array(script.utf8), timeout: .seconds(100), outputLimit: 4 << 20
                ).run()
                outcomes.withLock { $0[name] = outcome }
            }
        }
        for round in 0..<2 {
            let image = try fixture.image("image-\(round)")
            #expect(try sums(of: image) == [Application.total, 2000])
            try fixture.restore(image)
        }
        for thread in threads { try thread.join() }
        let seen = try #require(outcomes.withLock { $0["reads"] })
        let written = try #require(outcomes.withLock { $0["writes"] })
        #expect(seen.succeeded && seen.errorText.isEmpty, "\(seen.errorText)")
        #expect(written.succeeded && written.errorText.isEmpty, "\(written.errorText)")
        #expect(Set(seen.outputText.split(separator: "\n")) == ["\(Application.total)|\(Application.accounts)"])
        #expect(try fixture.connect().text("PRAGMA integrity_check") == "ok")
    }

    static let hasShell: Bool = {
        if (try? ChildProcess(["sqlite3", "-version"]).run())?.succeeded == true { return true }
        print("skipped, since there is no sqlite3: other processes that use a database (apt-get install sqlite3)")
        return false
    }()

    private func sums(of image: StoreImage) throws -> [Int64?] {
        let fixture = try SQLiteFixture(nil)
        try fixture.restore(image)
        let connection = try fixture.connect()
        return [try connection.integer("SELECT sum(balance) FROM account"), try connection.integer("SELECT count(*) FROM bulk")]
    }
}
