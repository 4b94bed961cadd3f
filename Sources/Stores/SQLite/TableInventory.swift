import HostIO
import Model

/// The tables of a database, with what is worth recording of each.
struct TableInventory {
    struct Table: Hashable {
        enum Kind: String { case ordinary = "table", virtual, shadow }

        var name: String
        var kind: Kind
        /// Ordinary tables only, and only when asked for.
        var rows: Int64?
    }

    /// In the order of their names; without SQLite's own (`sqlite_…`).
    var tables: [Table]

    init(of connection: SQLiteConnection) throws {
        var tables: [Table] = []
        let list = """
            SELECT name, type FROM pragma_table_list
            WHERE schema = 'main' AND type IN ('table', 'virtual', 'shadow') AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name
            """
        try connection.query(list) { row in
            guard let name = row.text(0), let kind = row.text(1).flatMap(Table.Kind.init(rawValue:)) else { return }
            tables.append(Table(name: name, kind: kind, rows: nil))
        }
        self.tables = tables
    }

    /// Counts the rows of the ordinary tables; reads the smallest b-tree of each. `connection` has stand-ins for collations.
    mutating func countRows(_ connection: SQLiteConnection, job: JobControl) throws {
        for index in tables.indices where tables[index].kind == .ordinary {
            try job.checkCancelled()
            tables[index].rows = try connection.integer("SELECT count(*) FROM \(quoted(tables[index].name))")
        }
    }

    func rows(of name: String) -> UInt64? { tables.first { $0.name == name }?.rows.flatMap { UInt64(exactly: $0) } }
}

/// Bytes of each table with its indexes, from SQLite's `dbstat` (<https://sqlite.org/dbstat.html>).
struct TableSizes {
    private(set) var bytes: [String: UInt64] = [:]
    /// B-trees of each table: itself and its indexes; each keeps one page when it is empty.
    private(set) var trees: [String: Int] = [:]

    /// "page 14 of notes", of the first page that is no page of a tree; nil when there is none.
    private(set) var damage: String?

    /// Nil when this SQLite was built without `dbstat`. Walks the whole database.
    init?(of connection: SQLiteConnection) throws {
        guard try connection.integer("SELECT 1 FROM pragma_module_list WHERE name = 'dbstat'") != nil else { return nil }
        var tables: [String: String] = ["sqlite_schema": "sqlite_schema"]
        try connection.query("SELECT name, tbl_name FROM sqlite_schema") { row in
            if let name = row.text(0) { tables[name] = row.text(1) }
        }
        let sums = "SELECT name, sum(pgsize), min(CASE WHEN pagetype = 'corrupted' THEN pageno END) FROM dbstat GROUP BY name"
        try connection.query(sums) { row in
            guard let name = row.text(0), let table = tables[name] else { return }
            bytes[table] = (bytes[table] ?? 0).addingSaturated(row.integer(1).flatMap { UInt64(exactly: $0) } ?? 0)
            trees[table, default: 0] += 1
            if damage == nil, let page = row.integer(2) { damage = "page \(page) of \(name)" }
        }
    }
}
