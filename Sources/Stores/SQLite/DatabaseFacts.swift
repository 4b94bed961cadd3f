import CSQLite

/// What a database says about itself, read without walking it.
struct DatabaseFacts: Hashable, Sendable {
    /// `wal`, or `delete` for every rollback mode (the others are each connection's own).
    var journalMode: String
    var pageSize: Int
    var pageCount: Int
    var userVersion: Int64
    var applicationID: Int64
    var encoding: String
    /// Rows of the schema: tables, indexes, views, triggers.
    var objects: Int64

    var isWAL: Bool { journalMode == "wal" }
    var bytes: UInt64 { UInt64(max(0, pageSize)) * UInt64(max(0, pageCount)) }

    /// Reads page 1 and the schema, so that damage there shows; throws ``SQLiteError``.
    init(of connection: SQLiteConnection) throws {
        objects = try connection.integer("SELECT count(*) FROM sqlite_schema") ?? 0
        journalMode = try connection.text("PRAGMA journal_mode") ?? "delete"
        pageSize = Int(try connection.integer("PRAGMA page_size") ?? 0)
        pageCount = Int(try connection.integer("PRAGMA page_count") ?? 0)
        userVersion = try connection.integer("PRAGMA user_version") ?? 0
        applicationID = try connection.integer("PRAGMA application_id") ?? 0
        encoding = try connection.text("PRAGMA encoding") ?? ""
    }

    var texts: [String: String] {
        [
            "journal-mode": journalMode, "page-size": String(pageSize), "page-count": String(pageCount),
            "user-version": String(userVersion), "application-id": String(applicationID), "encoding": encoding,
            "schema-objects": String(objects),
        ]
    }

    static var libraryVersion: String { String(cString: sqlite3_libversion()) }
}
