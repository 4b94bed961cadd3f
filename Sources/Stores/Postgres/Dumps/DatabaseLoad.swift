import HostIO
import Model
import Synchronization

/// Loads the dump of a database: what it consists of through `pg_restore`, the rows straight out of the image, several tables at a time.
struct DatabaseLoad {
    let target: DumpTarget
    let dump: DatabaseDump
    let sums: RowSums
    let job: JobControl
    /// A table with more bytes of rows is loaded by several sessions, in pieces of about a megabyte.
    var largeTable: UInt64 = 256 << 20

    /// On a failure the database that was there is there.
    func run() throws {
        try target.replace(dump.name) {
            try target.restore(["--create", "--section=pre-data", "-d", target.administration, dump.folder])
            try loadRows()
            try target.load(dump.otherData, of: dump.folder, into: dump.name)
            let jobs = "--jobs=\(target.host.processors)"
            try target.restore(["--section=post-data", jobs, "-d", target.connectionText(dump.name), dump.folder])
        }
    }

    /// Large tables one after the other, each by several sessions; then the others, several at a time.
    private func loadRows() throws {
        for table in dump.tables where table.bytes > largeTable { try loadTogether(table) }
        let tables = dump.tables.filter { $0.bytes <= largeTable }
        let stop = StopFlag()
        try runWorkers(target.host.processors, sharing: tables.count, named: "load", stop: stop) { next in
            let session = try RowSession(target, dump)
            defer { session.connection.close() }
            while let index = next() { try load(tables[index], session, stop) }
        }
    }

    private func load(_ table: DumpedTable, _ session: RowSession, _ stop: StopFlag) throws {
        let rows = try RowReading(of: table, in: dump, sums.key, job)
        do {
            try session.load(table) { send in
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

    /// Each session takes the next piece when it has sent its last: rows that were near each other stay so.
    private func loadTogether(_ table: DumpedTable) throws {
        let rows = try RowReading(of: table, in: dump, sums.key, job)
        try runWorkers(target.host.processors, named: "load", onFailure: { rows.stop($0) }) { _ in
            let session = try RowSession(target, dump)
            defer { session.connection.close() }
            try session.append(to: table) { send in
                while let piece = try rows.next() { try piece.withUnsafeBytes(send) }
            }
        }
        sums.note(try rows.sum(), of: table, in: dump)
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

/// What the rows of images add up to, as far as it is known.
final class RowSums: Sendable {
    let key: RowKey
    private let known = Mutex<[String: RowSum]>([:])

    init(_ host: Host) { key = RowKey(from: host.random) }

    func note(_ sum: RowSum, of table: DumpedTable, in dump: DatabaseDump) {
        guard let identity = dump.identity else { return }
        known.withLock { $0["\(identity)/\(table.entry.number)"] = sum }
    }

    func find(_ table: DumpedTable, in dump: DatabaseDump) -> RowSum? {
        dump.identity.flatMap { identity in known.withLock { $0["\(identity)/\(table.entry.number)"] } }
    }
}
