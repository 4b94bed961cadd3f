import HostIO
import Model
import StoreContract

/// The tables of one database that hold rows of its own.
struct TableInventory {
    struct Table: Hashable {
        var schema: String
        var name: String
        /// With indexes and long values.
        var bytes: UInt64

        var text: String { "\(schema).\(name)" }
    }

    let database: String
    let tables: [Table]

    /// Ordinary tables and partitions; none of the system's, of extensions' only those whose rows are dumped.
    init(of connection: PostgresConnection, database: String) throws {
        self.database = database
        tables = try connection.rows(
            """
            SELECT n.nspname, c.relname, pg_total_relation_size(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
              AND n.nspname !~ '^pg_toast' AND NOT EXISTS (SELECT 1 FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
                WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e' AND NOT coalesce(c.oid = ANY (e.extconfig), false))
            ORDER BY 1, 2
            """, as: "list the tables of \(database)"
        ).map { Table(schema: $0[0] ?? "", name: $0[1] ?? "", bytes: UInt64($0[2] ?? "") ?? 0) }
    }

    /// Those that match a pattern: by `schema.table`, or by the table's name alone where the pattern has no dot.
    func bulk(_ patterns: [String]) -> [Table] {
        tables.filter { table in
            patterns.contains { TablePattern($0).matches($0.contains(".") ? table.text : table.name) }
        }
    }

    /// Of each table whose rows are in a dump, counted there.
    func keptRows(in dump: String, _ programs: ServerPrograms, _ job: JobControl) throws -> [KeptRows] {
        let contents = try DumpComparison(programs: programs, left: dump, right: dump).contents(dump)
        var files: [String: String] = [:]
        // The entry names the owner last.
        for entry in contents.entries where entry.isData { files[entry.key.droppingLastWord] = "\(entry.number).dat" }
        return try tables.compactMap { table in
            guard let file = files["TABLE DATA \(table.schema) \(table.name)"] else { return nil }
            let (lines, bytes) = try DumpRows.count(Path.join(dump, file), job)
            return KeptRows(table: "\(table.text) in \(database)", rows: lines, bytes: bytes)
        }
    }

    /// Counted: each table is read once.
    func reloadItems(_ left: [Table], _ connection: PostgresConnection, _ job: JobControl) throws -> [ReloadItem] {
        try left.map { table in
            try job.checkCancelled()
            let rows = try connection.text("SELECT count(*) FROM ONLY \(quotedName(table.schema)).\(quotedName(table.name))")
            return ReloadItem(what: "table \(table.text) in \(database)", count: rows.flatMap { UInt64($0) }, bytes: table.bytes)
        }
    }
}

extension String {
    fileprivate var droppingLastWord: String {
        lastIndex(of: " ").map { String(self[..<$0]) } ?? self
    }
}

/// The file of a table's rows in a dump: a line a row, then `\\.` and two empty lines.
enum DumpRows {
    private static let end = Array("\\.\n\n\n".utf8)

    static func count(_ path: String, _ job: JobControl) throws -> (rows: UInt64, bytes: UInt64) {
        let file = try Descriptor.open(path, .read)
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { room.deallocate() }
        var (lines, bytes) = (UInt64(0), UInt64(0))
        while true {
            try job.checkCancelled()
            let count = try file.read(into: room)
            if count == 0 { break }
            bytes += UInt64(count)
            lines += UInt64(newlines(in: UnsafeRawBufferPointer(rebasing: room[..<count])))
        }
        return (lines - min(lines, 3), bytes - min(bytes, UInt64(end.count)))
    }

    private static func newlines(in bytes: UnsafeRawBufferPointer) -> Int {
        var count = 0
        // Added up byte by byte, which the compiler turns into vector instructions.
        for byte in bytes { count &+= byte == 0x0A ? 1 : 0 }
        return count
    }
}
