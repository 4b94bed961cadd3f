import HostIO
import Model
import StoreContract

/// Takes rows out of a copy of a database and leaves everything else: schema, indexes, views, triggers, `user_version`.
struct DatabaseReduction {
    let extent: StoreExtent
    let patterns: [TablePattern]

    /// What was taken out, for whoever has to load it again. The file is rebuilt, so that no row is left in its free space; where SQLite cannot do that
    /// for want of what only the database's own program has, free space is zeroed instead, and the file stays as long as it was.
    func run(_ database: StagedDatabase, _ job: JobControl) throws -> [ReloadItem] {
        guard extent != .whole else { return [] }
        let (reload, wasWAL) = try takeOut(database, job)
        let connection = try database.connect(.existing)
        defer { connection.close() }
        try connection.execute("PRAGMA journal_mode = OFF")
        if let refusal = try rebuild(connection) {
            job.log("\(database.name) cannot be rebuilt (\(refusal)): its free space is zeroed instead")
            try connection.query("PRAGMA incremental_vacuum") { _ in }
            try FreeSpaceScrub(of: database).run(connection, job)
        }
        if wasWAL { try connection.query("PRAGMA journal_mode = WAL") { _ in } }
        return reload
    }

    /// Why SQLite cannot; nil when it has.
    private func rebuild(_ connection: SQLiteConnection) throws -> String? {
        do { try connection.execute("VACUUM") } catch {
            guard error.isRefusal else { throw error }
            return error.message
        }
        return nil
    }

    /// By way of stand-ins for collations: tables are emptied as a whole, and no row is compared.
    private func takeOut(_ database: StagedDatabase, _ job: JobControl) throws -> (reload: [ReloadItem], wasWAL: Bool) {
        let connection = try database.connect(.existing)
        defer { connection.close() }
        try connection.takeStandIns()
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
        return (reload, wasWAL)
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
    /// in its shadow tables. One whose module is not built into this SQLite stays; its shadow tables were emptied as ordinary ones. Of one that
    /// cannot be opened for want of a tokenizer, the shadow tables are emptied but for its settings; its program rebuilds it.
    private func recreate(_ name: String, _ connection: SQLiteConnection) throws -> UInt64? {
        guard let definition = try connection.text("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?1", [name]) else {
            return nil
        }
        if try connection.refusal(of: "SELECT * FROM \(quoted(name))") == nil {
            try connection.execute("DROP TABLE \(quoted(name)); \(definition)")
            return nil
        }
        for shadow in try TableInventory(of: connection).tables
        where shadow.kind == .shadow && shadow.name.hasPrefix("\(name)_") && !shadow.name.hasSuffix("_config") {
            _ = try empty(shadow.name, connection)
        }
        return nil
    }
}
