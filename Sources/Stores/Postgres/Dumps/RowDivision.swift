import HostIO
import Model

/// A table that is read in parts, each a range of its pages, by several sessions at a time.
struct RowDivision: Sendable {
    /// Of its main file.
    let pages: UInt64
    /// In a part: about 2 MB.
    var pagesInPart: UInt64 = 256

    var parts: Int { max(1, Int(clamping: pages / pagesInPart + (pages % pagesInPart > 0 ? 1 : 0))) }

    /// Tables from this size on, by their names as SQL quotes them.
    static func divisions(of connection: PostgresConnection, from pages: UInt64) throws -> [String: RowDivision] {
        let rows = try connection.rows(
            """
            SELECT format('%I.%I', n.nspname, c.relname), pg_relation_size(c.oid) / current_setting('block_size')::bigint
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r'
              AND c.relam = (SELECT a.oid FROM pg_am a WHERE a.amname = 'heap') AND pg_relation_size(c.oid) / current_setting('block_size')::bigint >= $1::bigint
            """, [String(pages)], as: "look for large tables")
        return Dictionary(rows.map { ($0[0] ?? "", RowDivision(pages: $0[1].flatMap { UInt64($0) } ?? 0)) }) { first, _ in first }
    }

    /// All of its rows, in their order; nobody may change the table meanwhile. On a failure nobody waits for the rest of them.
    func read(_ table: CopiedTable, into stream: RowStream, from place: RowTap.Server) throws {
        try runWorkers(min(place.sessions, parts), named: "rows", onFailure: { _ in stream.giveUp() }) { worker in
            let session = try PartSession(place)
            defer { session.close() }
            // In turns: what is read ahead of the part that is wanted has little room.
            for part in stride(from: worker, to: parts, by: place.sessions) {
                let start = UInt64(part) * pagesInPart
                let range = "ctid >= '(\(start),0)'" + (part + 1 < parts ? " AND ctid < '(\(start + pagesInPart),0)'" : "")
                try session.read(
                    "COPY (SELECT \(table.columnList) FROM ONLY \(table.relation) WHERE \(range)) TO STDOUT", into: stream, part)
            }
        }
    }
}

/// A session with a scratch server, in which rows are read as `pg_dump` reads them, without the cost of a library that handles each.
private final class PartSession {
    private let server: LocalSocket
    private var relay: RowRelay

    init(_ place: RowTap.Server) throws {
        server = try place.connect()
        relay = RowRelay(server)
        try relay.send(ClientMessages.beginning(user: place.user, database: place.database))
        try finish("connect")
        try ask("SELECT set_config('client_encoding', (\(RowSession.encodingQuestion)), false)")
        try finish("set the encoding")
        try ask("\(RowSession.settings); SET enable_tidscan = on; SET max_parallel_workers_per_gather = 0")
        try finish("set up a session")
        // Those that this release has: a part may have to wait long for its reader.
        try ask("SELECT set_config(name, '0', false) FROM pg_settings WHERE name IN ('transaction_timeout', 'idle_session_timeout')")
        try finish("set up a session")
    }

    func close() { server.shutDown() }

    func read(_ statement: String, into stream: RowStream, _ part: Int) throws {
        relay.expect(stream, part: part)
        try ask(statement)
        try finish("read rows")
    }

    private func ask(_ statement: String) throws { try relay.send(ClientMessages.message(asking: statement)) }

    private func finish(_ operation: String) throws {
        repeat {
            guard try relay.receive() else { throw Failure(.store, "a scratch server has ended while it had to \(operation)") }
            if let problem = ServerMessage.problem(in: relay.others) {
                throw Failure(.store, "a scratch server cannot \(operation)", cause: printable(problem, limit: 300))
            }
        } while !relay.isReady
        relay.others = []
    }
}
