import HostIO

/// Whether a database, as a still file of our own, is sound: by `integrity_check`, or as far as that can go where the schema names what only the
/// database's own program has.
struct IntegrityCheck {
    /// In SQLite's words; nil when nothing is damaged.
    private(set) var damage: String?
    /// Tables whose rows could not be checked. The trees of their pages were.
    private(set) var foreign = ForeignSchema()

    init(of database: StagedDatabase, job: JobControl) throws {
        let connection = try database.connect(.existing)
        defer { connection.close() }
        do {
            foreign = try ForeignSchema(of: connection)
            damage = try Self.verdict(connection, "PRAGMA integrity_check(1)")
        } catch let error as SQLiteError where error.isUnusableContent {
            damage = error.message
        } catch let error as SQLiteError where error.isRefusal {
            damage = try checkTables(connection, job)
            connection.close()
            if damage == nil { damage = try Self.checkPages(database, job) }
        }
    }

    /// Nil: sound.
    private static func verdict(_ connection: SQLiteConnection, _ sql: String) throws -> String? {
        do {
            let verdict = try connection.text(sql) ?? "no answer"
            return verdict == "ok" ? nil : verdict
        } catch let error as SQLiteError where error.isUnusableContent {
            return error.message
        }
    }

    /// Those that need nothing foreign, with their indexes.
    private func checkTables(_ connection: SQLiteConnection, _ job: JobControl) throws -> String? {
        for table in try TableInventory(of: connection).tables where !foreign.contains(table.name) {
            try job.checkCancelled()
            do {
                if let damage = try Self.verdict(connection, "PRAGMA integrity_check(\(quoted(table.name)))") { return damage }
            } catch let error as SQLiteError where error.isRefusal {}
        }
        return nil
    }

    /// All trees of pages, whatever their rows mean.
    private static func checkPages(_ database: StagedDatabase, _ job: JobControl) throws -> String? {
        let connection = try database.connect(.existing)
        defer { connection.close() }
        try connection.takeStandIns()
        try connection.execute("PRAGMA ignore_check_constraints = ON")
        do { return try verdict(connection, "PRAGMA quick_check(1)") } catch let error as SQLiteError where error.isRefusal {}
        for table in try TableInventory(of: connection).tables {
            try job.checkCancelled()
            do {
                if let damage = try verdict(connection, "PRAGMA quick_check(\(quoted(table.name)))") { return damage }
            } catch let error as SQLiteError where error.isRefusal {}
        }
        return nil
    }
}
