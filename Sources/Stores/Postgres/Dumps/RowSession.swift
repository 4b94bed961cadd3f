import HostIO
import Model

/// A session in which the rows of a database are read and written as text that is the same wherever the server stands: whatever the
/// server, the database or the user is set to (``SessionSettings``).
struct RowSession {
    let connection: PostgresConnection
    /// Of the rows that are sent and had; statements are in UTF-8.
    let encoding: TextEncoding

    /// In the database that the dump is of, or is to be.
    init(_ target: DumpTarget, _ dump: DatabaseDump) throws {
        connection = try target.session(dump.name)
        encoding = dump.encoding
        try connection.execute(Self.settings, as: "set up a session in \(dump.name)")
    }

    static let encodingQuestion = "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()"

    /// Beyond those of every session (``SessionSettings``).
    static let settings = "SET synchronous_commit = off"

    /// What the server says of a table that a dump names.
    struct Facts {
        /// `pg_class.oid`.
        var number: String
        /// Of its main file.
        var pages: UInt64
        /// An extension made it, and perhaps rows of it.
        var isOfExtension: Bool
        /// Its rows are those of its partitions. A dump loads rows into one where only the server that they come from could tell which partition they belong to.
        var isPartitioned: Bool
        /// `WHERE …`: which of its rows are dumped; empty for all.
        var condition: String
    }

    /// Nil when there is no such table.
    func facts(of table: DumpedTable) throws -> Facts? {
        let row = try connection.rows(
            """
            SELECT c.oid, pg_relation_size(c.oid) / current_setting('block_size')::bigint,
              EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'),
              (SELECT e.extcondition[array_position(e.extconfig, c.oid)] FROM pg_extension e WHERE c.oid = ANY (e.extconfig) LIMIT 1),
              c.relkind = 'p'
            FROM pg_class c WHERE c.oid = to_regclass($1)
            """, [table.relation], as: "look at \(table.relation)"
        ).first
        return row.map {
            Facts(
                number: $0[0] ?? "", pages: UInt64($0[1] ?? "") ?? 0, isOfExtension: $0[2] == "t", isPartitioned: $0[4] == "t",
                condition: $0[3] ?? "")
        }
    }

    /// Of a table that has been made for a dump.
    func existing(_ table: DumpedTable) throws -> Facts {
        guard let facts = try facts(of: table) else {
            throw MissingTable(server: connection.server, relation: table.relation)
        }
        return facts
    }

    /// One that a dump names is not there to load its rows into.
    struct MissingTable: FailureConvertible {
        var server: String
        var relation: String
        var failure: Failure { Failure(.store, "\(server): there is no table \(relation) to load its rows into") }
    }

    /// By ``Facts/number``, of a table with partitions.
    func partitions(of number: String) throws -> [String] {
        try connection.rows("SELECT relid::oid FROM pg_partition_tree($1::oid)", [number], as: "list partitions").compactMap { $0[0] }
    }

    /// The names, as SQL quotes them, by ``Facts/number``: of ordinary tables and partitions; none of the system's or of extensions'.
    func tables() throws -> [String: String] {
        let rows = try connection.rows(
            """
            SELECT c.oid, format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
              AND n.nspname !~ '^pg_toast'
              AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
            """, as: "list the tables")
        return Dictionary(rows.map { ($0[0] ?? "", $0[1] ?? "") }) { first, _ in first }
    }

    /// Puts rows into a table, all or none. One that has just been made is filled in the order of the rows, and needs no freezing later.
    func load(_ table: DumpedTable, first statements: [String] = [], _ body: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void)
        throws
    {
        let facts = try existing(table)
        let operation = "load the rows of \(table.relation)"
        try connection.execute("BEGIN", as: operation)
        for statement in statements { try connection.execute(statement, as: operation) }
        // What an extension has put into its own table is not in the dump, and a table with partitions gets more than these.
        let isFilledByThese = !facts.isOfExtension && !facts.isPartitioned
        if isFilledByThese { try connection.execute("TRUNCATE ONLY \(table.relation)", as: operation) }
        let how = isFilledByThese ? "FREEZE, \(inEncoding)" : inEncoding
        try connection.copyIn("COPY \(table.relation) \(table.columns) FROM STDIN WITH (\(how))", as: operation, body)
        try connection.execute("COMMIT", as: operation)
    }

    /// Adds rows to a table, all or none.
    func append(to table: DumpedTable, _ body: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void) throws {
        try connection.copyIn(
            "COPY \(table.relation) \(table.columns) FROM STDIN WITH (\(inEncoding))", as: "load the rows of \(table.relation)", body)
    }

    private var inEncoding: String { "ENCODING '\(encoding.name)'" }

    /// Adds up the rows on these pages, those that a condition chooses; `check` is told after every megabyte or so how many bytes have come.
    func sum(
        _ table: DumpedTable, _ facts: Facts, _ pages: Range<UInt64>?, where condition: String? = nil, _ key: RowKey,
        _ check: (Int) throws -> Void
    ) throws -> RowSum {
        // Extensions say it with the word WHERE.
        let words = facts.condition.trimmingPrefix { $0.isWhitespace }
        let own = words.uppercased().hasPrefix("WHERE") ? "(\(words.dropFirst(5)))" : nil
        let range = pages.map { "ctid >= '(\($0.lowerBound),0)' AND ctid < '(\($0.upperBound),0)'" }
        let filters = [own, range, condition].compactMap { $0 }
        var rows = "\(table.relation) \(table.columns)"
        if facts.isPartitioned || !filters.isEmpty {
            let only = facts.isPartitioned ? "" : "ONLY "
            let filter = filters.isEmpty ? "" : " WHERE \(filters.joined(separator: " AND "))"
            rows = "(SELECT \(table.columnList) FROM \(only)\(table.relation)\(filter))"
        }
        var sum = RowSum()
        var (bytes, checked) = (0, 0)
        try check(0)
        try connection.copyOut("COPY \(rows) TO STDOUT WITH (\(inEncoding))", as: "read the rows of \(table.relation)") { row in
            bytes += row.count
            if bytes - checked > 1 << 20 {
                try check(bytes)
                checked = bytes
            }
            sum.add(row, key)
        }
        return sum
    }

    /// The same of a table that others are filling. A failure leaves the session in the middle of a transaction.
    func readBack(
        _ table: DumpedTable, _ facts: Facts, _ pages: Range<UInt64>, _ key: RowKey, _ check: (Int) throws -> Void
    ) throws -> ReadBack.Step {
        try connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        let snapshot = try connection.text("SELECT pg_current_snapshot()") ?? ""
        let sum = try sum(table, facts, pages, key, check)
        try connection.execute("COMMIT")
        return ReadBack.Step(pages: pages, sum: sum, isLater: Self.isLater(than: snapshot))
    }

    /// `xmin:xmax:xip,…` as `pg_snapshot` has it; the numbers of transactions in rows are the lower 32 bits of those.
    static func isLater(than snapshot: String) -> String {
        let parts = snapshot.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let next = UInt64(parts[1]) else { return "true" }
        let running = parts[2].split(separator: ",").compactMap { UInt64($0) }.map { "\($0 & 0xFFFF_FFFF)" }.joined(separator: ",")
        return "(age(xmin) <= age('\(next & 0xFFFF_FFFF)'::xid) OR xmin = ANY ('{\(running)}'::xid[]))"
    }
}
