import CSQLite
import HostIO

/// One connection to one database file.
///
/// Never open the file of a live database by other means while a connection of this process exists: closing any descriptor of it
/// drops all POSIX locks that the process holds on it (<https://sqlite.org/howtocorrupt.html>, section 2.2).
package final class SQLiteConnection: @unchecked Sendable {
    // Opened with SQLITE_OPEN_FULLMUTEX, so that SQLite serialises calls from several threads; `closed` changes at the very end.
    let handle: OpaquePointer
    package let path: String
    private var closed = false
    /// Set right after it was opened without locks.
    var frozen: FrozenDatabase?

    package enum Access: Sendable {
        /// The file must exist.
        case existing
        /// The file is made when it is missing.
        case creating
        /// Read without locks and without a log, which is not there (<https://sqlite.org/uri.html>, `immutable`).
        case immutable
        /// Read without locks, but with the log; its index is made in memory (<https://sqlite.org/wal.html>, section 8).
        case unlockedWithLog

        fileprivate var flags: Int32 {
            switch self {
            case .existing: SQLITE_OPEN_READWRITE
            case .creating: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            case .immutable, .unlockedWithLog: SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
            }
        }

        fileprivate func name(of path: String) -> String {
            switch self {
            case .existing, .creating: path
            case .immutable: "file:\(escaped(path))?immutable=1"
            case .unlockedWithLog: "file:\(escaped(path))?vfs=unix-none"
            }
        }

        /// For a URI.
        private func escaped(_ path: String) -> String {
            let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-".utf8)
            return path.utf8.map { byte in
                plain.contains(byte) ? String(UnicodeScalar(byte)) : "%\(byte < 16 ? "0" : "")\(String(byte, radix: 16))"
            }.joined()
        }
    }

    /// Waits up to `patience` milliseconds for a lock before a call fails as busy.
    package init(path: String, access: Access = .existing, patience: Int32 = 30_000) throws(SQLiteError) {
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(access.name(of: path), &opened, access.flags | SQLITE_OPEN_FULLMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard code == SQLITE_OK, let opened else {
            let message = opened.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(code))
            sqlite3_close_v2(opened)
            throw SQLiteError(code: code, message: message, path: path, operation: "open the database")
        }
        handle = opened
        self.path = path
        wait(atMost: patience)
        if access == .unlockedWithLog { try execute("PRAGMA locking_mode = EXCLUSIVE") }
    }

    /// Polls more often than SQLite's own handler, whose pauses grow to a tenth of a second: beside an application that writes all the time,
    /// a lock is free for a moment only.
    private func wait(atMost patience: Int32) {
        guard patience > 0 else { return }
        sqlite3_busy_handler(
            handle,
            { context, calls in
                guard Int(calls) * Int(SQLiteConnection.pause) < Int(bitPattern: context) else { return 0 }
                sqlite3_sleep(SQLiteConnection.pause)
                return 1
            }, UnsafeMutableRawPointer(bitPattern: Int(patience)))
    }

    /// Milliseconds.
    private static let pause: Int32 = 2

    deinit { close() }

    /// Lets go of the file now. No call may follow.
    package func close() {
        if !closed { sqlite3_close_v2(handle) }
        closed = true
    }

    /// Whether the header says that the database is in WAL mode. Takes no lock and makes no file, so a log may say otherwise.
    func hasLogHeader() -> Bool {
        var header = [UInt8](repeating: 0, count: 20)
        return holdfast_sqlite_header(handle, &header, Int32(header.count)) == SQLITE_OK && header[18] == 2
    }

    /// A switch of `sqlite3_db_config`.
    package enum Switch: Sendable {
        case triggers, foreignKeys, noCheckpointOnClose, defensive

        fileprivate var verb: Int32 {
            switch self {
            case .triggers: SQLITE_DBCONFIG_ENABLE_TRIGGER
            case .foreignKeys: SQLITE_DBCONFIG_ENABLE_FKEY
            case .noCheckpointOnClose: SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE
            case .defensive: SQLITE_DBCONFIG_DEFENSIVE
            }
        }
    }

    package func turn(_ what: Switch, on: Bool) throws(SQLiteError) {
        try check(holdfast_sqlite_configure(handle, what.verb, on ? 1 : 0), "configure the connection")
    }

    /// Runs statements that give no rows (rows are ignored), separated by semicolons.
    package func execute(_ sql: String) throws(SQLiteError) {
        try check(sqlite3_exec(handle, sql, nil, nil, nil), sql)
    }

    /// Runs one statement and gives each row to `body`; rows are only valid inside it.
    package func query(_ sql: String, _ texts: [String] = [], _ body: (SQLiteRow) throws -> Void) throws {
        var prepared: OpaquePointer?
        try check(sqlite3_prepare_v2(handle, sql, -1, &prepared, nil), sql)
        guard let prepared else { return }
        defer { sqlite3_finalize(prepared) }
        for (index, text) in texts.enumerated() {
            try check(holdfast_sqlite_bind_text(prepared, Int32(index + 1), text, Int32(text.utf8.count)), sql)
        }
        while true {
            let code = sqlite3_step(prepared)
            if code == SQLITE_DONE { return }
            guard code == SQLITE_ROW else { throw error(code, sql) }
            try body(SQLiteRow(statement: prepared))
        }
    }

    /// The first column of the first row, or nil when there is no row or it is NULL.
    package func integer(_ sql: String, _ texts: [String] = []) throws -> Int64? {
        var value: Int64?
        try query(sql, texts) { row in value = value ?? row.integer(0) }
        return value
    }

    package func text(_ sql: String, _ texts: [String] = []) throws -> String? {
        var value: String?
        try query(sql, texts) { row in value = value ?? row.text(0) }
        return value
    }

    func check(_ code: Int32, _ operation: String) throws(SQLiteError) {
        if code != SQLITE_OK { throw error(code, operation) }
    }

    func error(_ code: Int32, _ operation: String) -> SQLiteError {
        let own = sqlite3_extended_errcode(handle)
        let same = own & 0xFF == code & 0xFF
        let message = same ? String(cString: sqlite3_errmsg(handle)) : String(cString: sqlite3_errstr(code))
        var error = SQLiteError(code: same ? own : code, message: message, path: path, operation: operation)
        if error.isBusy { error.holders = DatabaseLocks(of: DatabaseFiles(path: path)).holders.map(nameOfProcess) }
        return error
    }
}

/// The present row of a statement.
package struct SQLiteRow {
    let statement: OpaquePointer

    /// Nil for NULL.
    package func integer(_ column: Int32) -> Int64? {
        sqlite3_column_type(statement, column) == SQLITE_NULL ? nil : sqlite3_column_int64(statement, column)
    }

    /// Nil for NULL; bytes that are not UTF-8 are replaced.
    package func text(_ column: Int32) -> String? {
        guard let bytes = sqlite3_column_text(statement, column) else { return nil }
        let count = Int(sqlite3_column_bytes(statement, column))
        return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }
}

/// A name as SQL quotes it.
func quoted(_ name: String) -> String {
    "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
}
