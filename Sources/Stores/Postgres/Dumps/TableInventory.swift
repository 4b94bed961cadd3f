import Glibc
import HostIO
import Model
import StoreContract

/// The tables of one database that hold rows of its own.
struct TableInventory {
    struct Table: Hashable {
        /// `pg_class.oid`.
        var number: String
        var schema: String
        var name: String
        /// With indexes and long values.
        var bytes: UInt64
        /// Its rows are made anew by a restore.
        var isMaterializedView = false
        /// The table that is divided by hashes, whose partition this is: which of them holds a row may be another one in each server.
        var divided: String?

        var text: String { "\(schema).\(name)" }
    }

    let database: String
    let tables: [Table]

    /// Ordinary tables and partitions; none of the system's, of extensions' only those whose rows are dumped.
    init(of connection: PostgresConnection, database: String) throws {
        self.database = database
        tables = try connection.rows(
            """
            SELECT c.oid, n.nspname, c.relname, pg_total_relation_size(c.oid), c.relkind = 'm', CASE WHEN c.relispartition THEN (
              SELECT an.nspname || '.' || ac.relname FROM pg_partition_ancestors(c.oid) WITH ORDINALITY a (number, level)
                JOIN pg_partitioned_table p ON p.partrelid = a.number AND p.partstrat = 'h'
                JOIN pg_class ac ON ac.oid = a.number JOIN pg_namespace an ON an.oid = ac.relnamespace ORDER BY level DESC LIMIT 1) END
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
              AND n.nspname !~ '^pg_toast' AND NOT EXISTS (SELECT 1 FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
                WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e' AND NOT coalesce(c.oid = ANY (e.extconfig), false))
            ORDER BY 2, 3
            """, as: "list the tables of \(database)"
        ).map { row in
            Table(
                number: row[0] ?? "", schema: row[1] ?? "", name: row[2] ?? "", bytes: row[3].flatMap { UInt64($0) } ?? 0,
                isMaterializedView: row[4] == "t", divided: row[5])
        }
    }

    /// Those that match a pattern: by `schema.table`, or by the table's name alone where the pattern has no dot.
    func bulk(_ patterns: [String]) -> [Table] {
        tables.filter { table in
            patterns.contains { TablePattern($0).matches($0.contains(".") ? table.text : table.name) }
        }
    }

    /// Of each table whose rows are in a dump of this database, from what was counted in its files, by their names.
    func keptRows(in dump: String, _ counts: [String: DumpRows], _ programs: ServerPrograms) throws -> [KeptRows] {
        let entries = try DumpContents(of: dump).entries.filter(\.isData)
        let files = Dictionary(entries.map { ($0.tableNumber, $0.rowsName) }) { first, _ in first }
        return tables.compactMap { table in
            guard let rows = files[table.number].flatMap({ counts[$0] }) else { return nil }
            return KeptRows(table: "\(table.text) in \(database)", rows: rows.count, bytes: rows.bytes)
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

/// The rows of a table as a dump has them, a line a row, counted.
struct DumpRows: Sendable {
    private(set) var count: UInt64 = 0
    private(set) var bytes: UInt64 = 0

    static func += (rows: inout DumpRows, more: DumpRows) {
        rows.count = rows.count.addingSaturated(more.count)
        rows.bytes = rows.bytes.addingSaturated(more.bytes)
    }

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        self.bytes += UInt64(bytes.count)
        count += Self.newlines(in: bytes)
    }

    /// The C library looks at many bytes at once.
    private static func newlines(in bytes: UnsafeRawBufferPointer) -> UInt64 {
        guard var place = bytes.baseAddress else { return 0 }
        let end = place + bytes.count
        var found: UInt64 = 0
        while let newline = memchr(place, 0x0A, end - place) {
            found += 1
            place = UnsafeRawPointer(newline) + 1
        }
        return found
    }

    /// Of all tables of a dump, by their files.
    static func count(in dump: String, _ job: JobControl) throws -> [String: DumpRows] {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { room.deallocate() }
        let folder = try Descriptor.openDirectory(dump)
        let names = try folder.entries().map(\.name).filter(isName)
        return try Dictionary(
            uniqueKeysWithValues: names.map { name in
                let file = try folder.openPlainFile(name)
                var rows = DumpRows()
                while true {
                    try job.checkCancelled()
                    let count = try file.read(into: room)
                    if count == 0 { return (FileName.text(name), rows.withoutEnd) }
                    rows.add(UnsafeRawBufferPointer(rebasing: room[..<count]))
                }
            })
    }

    /// `3434.dat`: the number of an entry.
    private static func isName(_ file: [UInt8]) -> Bool {
        file.ends(with: ".dat") && file.count > 4 && file.dropLast(4).allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    /// Of a file, which has more than its rows.
    private var withoutEnd: DumpRows {
        var rows = self
        rows.count -= min(count, 3)
        rows.bytes -= min(bytes, UInt64(RowStream.end.count))
        return rows
    }
}
