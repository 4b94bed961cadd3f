import HostIO
import Model
import Synchronization

/// Loads the dump of a database: what it consists of through `pg_restore`, the rows straight out of the image, several tables at a time.
///
/// What the server refuses is left out and named, and keeps nothing else from being there: objects are tried one by one then, tables again.
struct DatabaseLoad {
    let target: DumpTarget
    let dump: DatabaseDump
    let sums: RowSums
    let job: JobControl
    /// A table with more bytes of rows is loaded by several sessions, in pieces of about a megabyte.
    var largeTable: UInt64 = 256 << 20
    /// A comparison follows: rows of large tables are read back for it while they are loaded.
    var isCompared = false
    var sizes = ReadingBack.Sizes()

    /// Throws ``RowsRefused`` where a database with tables would be replaced by one that lacks rows. On a failure the database that was there is there, or one like it (``DumpTarget/replace(_:_:)``).
    func run() throws -> [UnmadeObject] {
        var unmade: [UnmadeObject] = []
        let isReplacing = try target.holdsTables(in: dump.name)
        let left = try target.replace(dump.name) {
            unmade = try makeBeforeRows()
            unmade += try loadRows()
            if isReplacing, let rows = unmade.first(where: \.isOfRows) {
                throw RowsRefused(server: target.store.declaration.path, object: rows)
            }
            unmade += try loadOtherData()
            unmade += try makeAfterRows()
        }
        return unmade + left
    }

    /// Into a database that is there, beside what is in it; on a failure some of it may be there.
    func runBeside() throws -> [UnmadeObject] {
        var unmade = try makeBesideOthers()
        unmade += try loadRows()
        unmade += try loadOtherData()
        return try unmade + makeAfterRows()
    }

    private func makeBesideOthers() throws -> [UnmadeObject] {
        do {
            try target.restore(dump.folder, ["--section=pre-data", "-d", target.connectionText(dump.name)])
            return []
        } catch let failure as Failure where failure.code == .store {
            try job.checkCancelled()
            return try objects.makeBeside()
        }
    }

    private var objects: ObjectLoad {
        ObjectLoad(target: target, database: dump.name, folder: dump.folder, entries: dump.entries, job: job)
    }

    private func makeBeforeRows() throws -> [UnmadeObject] {
        do {
            return try makeAtOnce()
        } catch let failure as Failure where failure.code == .store {
            try job.checkCancelled()
            try target.drop(dump.name)
            return try objects.makeBeforeRows()
        }
    }

    /// `pg_restore` makes databases whose names are the same bytes wherever it speaks of them, and goes by lines when it writes.
    private func makeAtOnce() throws -> [UnmadeObject] {
        if dump.name.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) {
            try target.restore(dump.folder, ["--create", "--section=pre-data", "-d", target.administration])
            return []
        }
        let unmade = try objects.makeDatabase()
        try target.restore(dump.folder, ["--section=pre-data", "-d", target.connectionText(dump.name)])
        return unmade
    }

    private func makeAfterRows() throws -> [UnmadeObject] {
        let jobs = "--jobs=\(target.host.processors)"
        do {
            try target.restore(dump.folder, ["--section=post-data", jobs, "-d", target.connectionText(dump.name)], stopsAtErrors: false)
            return []
        } catch let failure as Failure where failure.code == .store {
            try job.checkCancelled()
            return try objects.makeAfterRows()
        }
    }

    /// Values of sequences, large objects.
    private func loadOtherData() throws -> [UnmadeObject] {
        do { try target.load(dump.otherData, of: dump.folder, into: dump.name) } catch let failure as Failure where failure.code == .store {
            // A server that does not answer any more has refused nothing.
            try target.session(dump.name).close()
            return try dump.otherData.compactMap { entry in
                try job.checkCancelled()
                do { try target.load([entry], of: dump.folder, into: dump.name) } catch let failure as Failure where failure.code == .store
                {
                    return UnmadeObject(dump.name, printable(entry.key, limit: 160), failure.cause ?? failure.message, remedy: nil)
                }
                return nil
            }
        }
        return []
    }

    /// Large tables one after the other, each by several sessions; then the others, several at a time.
    private func loadRows() throws -> [UnmadeObject] {
        let refused = RefusedTables()
        for table in dump.tables where table.bytes > largeTable { try refused.noting(table) { try loadTogether(table) } }
        let tables = dump.tables.filter { $0.bytes <= largeTable }
        let stop = StopFlag()
        try runWorkers(target.host.processors, sharing: tables.count, named: "load", stop: stop) { next in
            let session = try RowSession(target, dump)
            defer { session.connection.close() }
            while let index = next() {
                let isRefused = try refused.noting(tables[index]) { try load(tables[index], session, stop) }
                if isRefused { try session.connection.execute("ROLLBACK") }
            }
        }
        let missing = refused.missing.map { UnmadeObject.rows(of: $0, dump.name, "the table is not there") }
        return try missing + RowRetry(load: self, job: job).run(refused.tables)
    }

    /// Tables whose rows the server refuses, and such that are not there.
    private final class RefusedTables: Sendable {
        private let found = Mutex<(tables: [(table: DumpedTable, error: PostgresError)], missing: [String])>(([], []))

        var tables: [(table: DumpedTable, error: PostgresError)] { found.withLock { $0.tables } }
        var missing: [String] { found.withLock { $0.missing } }

        /// Whether `body` came to such an end.
        @discardableResult
        func noting(_ table: DumpedTable, _ body: () throws -> Void) throws -> Bool {
            do {
                try body()
                return false
            } catch let error as PostgresError where error.isRefusal {
                found.withLock { $0.tables.append((table, error)) }
            } catch is RowSession.MissingTable {
                found.withLock { $0.missing.append(table.relation) }
            }
            return true
        }
    }

    /// `statements` come first, in the same transaction.
    func load(_ table: DumpedTable, _ session: RowSession, _ stop: StopFlag, first statements: [String] = []) throws {
        let rows = try RowReading(of: table, in: dump, sums.key, job)
        do {
            try session.load(table, first: statements) { send in
                while let piece = try rows.next() {
                    try stop.check()
                    try piece.withUnsafeBytes(send)
                }
            }
        } catch {
            rows.stop(error)
            throw error
        }
        sums.note(try rows.sum(), of: table, in: dump)
    }

    /// While a table is being filled, other sessions read back what is there: the server has processor time left then.
    private func loadTogether(_ table: DumpedTable) throws {
        let rows = try RowReading(of: table, in: dump, sums.key, job)
        let loaders = target.host.processors
        let readers = isCompared ? min(max(1, loaders / 2), 4) : 0
        let readingBack = ReadingBack(sessions: loaders, sizes)
        let fail = { @Sendable (error: any Error) in
            readingBack.stop()
            rows.stop(error)
        }
        try runWorkers(loaders + readers, named: "load", onFailure: fail) { worker in
            guard worker < loaders else { return try read(table, back: readingBack) }
            let session = try RowSession(target, dump)
            defer { session.connection.close() }
            try load(rows, into: table, session) { readingBack.note(end: $0, of: worker) }
        }
        sums.note(try rows.sum(), of: table, in: dump)
        if let back = readingBack.result { sums.note(back, of: table, in: dump) }
    }

    /// Takes the next piece when the last has been sent: rows that were near each other stay so.
    private func load(_ rows: RowReading, into table: DumpedTable, _ session: RowSession, _ begins: (UInt64?) -> Void) throws {
        var isAtEnd = false
        while !isAtEnd {
            begins(try session.existing(table).pages)
            try session.append(to: table) { send in
                var sent = 0
                while sent < sizes.part {
                    guard let piece = try rows.next() else {
                        isAtEnd = true
                        break
                    }
                    try piece.withUnsafeBytes(send)
                    sent += piece.count
                }
            }
        }
        begins(nil)
    }

    /// The comparison reads what cannot be read here, and tells why.
    private func read(_ table: DumpedTable, back readingBack: ReadingBack) throws {
        do {
            let session = try RowSession(target, dump)
            defer { session.connection.close() }
            let facts = try session.existing(table)
            while let pages = readingBack.next() {
                let step = try session.readBack(table, facts, pages, sums.key) { bytes in
                    try job.checkCancelled()
                    try readingBack.check(after: bytes)
                }
                readingBack.add(step, of: facts.number)
            }
        } catch let error as Cancelled { throw error } catch { readingBack.stop() }
    }
}

/// Reads the rows of a table out of an image on a thread of its own, a few pieces ahead of whoever takes them. Pieces end with a row.
private final class RowReading: Sendable {
    private static let piecesAhead = 4

    private let queue = BoundedQueue<[UInt8]>(capacity: piecesAhead)
    private let shared: SharedSum
    private let thread: WorkerThread

    private final class SharedSum: Sendable { let sum = Mutex(RowSum()) }

    init(of table: DumpedTable, in dump: DatabaseDump, _ key: RowKey, _ job: JobControl) throws {
        let (queue, found) = (queue, SharedSum())
        self.shared = found
        thread = try WorkerThread(named: "rows") {
            do {
                let sum = try dump.rows(of: table, key, job) { try queue.push(Array($0)) }
                found.sum.withLock { $0 = sum }
                queue.close()
            } catch {
                queue.fail(error)
                throw error
            }
        }
    }

    /// Nil at the end. Any number of threads may ask.
    func next() throws -> [UInt8]? { try queue.pop() }

    /// Once all pieces have been taken.
    func sum() throws -> RowSum {
        try thread.join()
        return shared.sum.withLock { $0 }
    }

    func stop(_ error: any Error) {
        queue.fail(error)
        try? thread.join()
    }
}
