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
            if step % 20 == 0 { sleepThread(for: .milliseconds(2)) }
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
            for round in 0..<5 {
                let image = try fixture.image("image-\(round)")
                let copy = try sums(of: image)
                #expect(copy == [Application.total, 2000])
                let outcome = try fixture.restore(image)
                #expect(outcome.bytesWritten > 0 || outcome.entriesChanged == 0)
                _ = try fixture.check(image)
            }
        }
        #expect(counts.mixed.isEmpty)
        #expect(counts.reads > 10 && counts.writes > 10)
        print("\(mode.rawValue): \(counts.reads) reads and \(counts.writes) writes during 5 captures and 5 restores")
        let connection = try fixture.connect()
        #expect(try connection.text("PRAGMA integrity_check") == "ok")
        #expect(try connection.integer("SELECT sum(balance) FROM account") == Application.total)
    }

    private func sums(of image: StoreImage) throws -> [Int64?] {
        let fixture = try SQLiteFixture(nil)
        try fixture.restore(image)
        let connection = try fixture.connect()
        return [try connection.integer("SELECT sum(balance) FROM account"), try connection.integer("SELECT count(*) FROM bulk")]
    }
}
