import CSQLite

extension SQLiteConnection {
    private final class Condition {
        let isOver: () -> Bool

        init(_ isOver: @escaping () -> Bool) { self.isOver = isOver }
    }

    /// Runs `body`; a statement that still works when `isOver` says so fails as interrupted. Asked every few thousand steps of SQLite's machine.
    func interrupted<Result>(when isOver: @escaping () -> Bool, _ body: () throws -> Result) rethrows -> Result {
        let condition = Condition(isOver)
        sqlite3_progress_handler(
            handle, 10_000,
            { context in
                guard let context else { return 0 }
                return Unmanaged<Condition>.fromOpaque(context).takeUnretainedValue().isOver() ? 1 : 0
            }, Unmanaged.passUnretained(condition).toOpaque())
        defer { sqlite3_progress_handler(handle, 0, nil, nil) }
        return try withExtendedLifetime(condition) { try body() }
    }

    /// The rows of a statement, a line each, values separated by `|`, nothing for NULL.
    func lines(_ sql: String) throws -> String {
        var lines: [String] = []
        try query(sql) { row in lines.append((0..<row.columns).map { row.text($0) ?? "" }.joined(separator: "|")) }
        return lines.joined(separator: "\n")
    }
}

extension SQLiteRow {
    var columns: Int32 { sqlite3_column_count(statement) }
}

extension SQLiteError {
    var isInterrupted: Bool { primaryCode == SQLITE_INTERRUPT }
}
