import HostIO
import Model
import StoreContract

/// Takes rows out of a copy of a database and leaves everything else: schema, indexes, views, triggers, `user_version`.
struct DatabaseReduction {
    let extent: StoreExtent
    let patterns: [TablePattern]

    /// What was taken out, for whoever has to load it again. The file is rebuilt, so that no row is left in its free space.
    func run(_ database: StagedDatabase, _ job: JobControl) throws -> [ReloadItem] {
        guard extent != .whole else { return [] }
        let connection = try database.connect(.existing)
        defer { connection.close() }
        let wasWAL = try DatabaseFacts(of: connection).isWAL
        try connection.turn(.triggers, on: false)
        try connection.turn(.foreignKeys, on: false)
        try connection.execute("PRAGMA journal_mode = OFF; PRAGMA secure_delete = OFF")
        let inventory = try TableInventory(of: connection)
        let sizes = try TableSizes(of: connection)
        var reload: [ReloadItem] = []
        for table in inventory.tables where table.kind != .shadow && isEmptied(table.name) {
            try job.checkCancelled()
            let rows = table.kind == .virtual ? try recreate(table.name, connection) : try empty(table.name, connection)
            reload.append(ReloadItem(what: "table \(table.name)", count: rows, bytes: sizes?.bytes[table.name]))
        }
        try connection.execute("VACUUM")
        if wasWAL { try connection.query("PRAGMA journal_mode = WAL") { _ in } }
        return reload
    }

    private func isEmptied(_ name: String) -> Bool { extent == .structure || patterns.contains { $0.matches(name) } }

    /// The statistics of the query planner hold samples of rows; they go too. Without triggers this frees pages and visits no row.
    private func empty(_ name: String, _ connection: SQLiteConnection) throws -> UInt64? {
        let rows = try connection.integer("SELECT count(*) FROM \(quoted(name))")
        try connection.execute("DELETE FROM \(quoted(name))")
        var statistics: [String] = []
        try connection.query("SELECT name FROM sqlite_schema WHERE name GLOB 'sqlite_stat[0-9]'") { row in
            if let name = row.text(0) { statistics.append(name) }
        }
        for table in statistics { try connection.query("DELETE FROM \(quoted(table)) WHERE tbl = ?1", [name]) { _ in } }
        return rows.flatMap { UInt64(exactly: $0) }
    }

    /// A virtual table (full-text, R-tree) is made anew from its own definition: emptying it row by row would leave terms of the text
    /// in its shadow tables. One whose module is not built into this SQLite stays; its shadow tables were emptied as ordinary ones.
    private func recreate(_ name: String, _ connection: SQLiteConnection) throws -> UInt64? {
        guard let definition = try connection.text("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?1", [name]),
            let module = try connection.text("SELECT 1 FROM pragma_table_list(?1) WHERE ncol > 0", [name]), module == "1"
        else { return nil }
        try connection.execute("DROP TABLE \(quoted(name)); \(definition)")
        return nil
    }
}
