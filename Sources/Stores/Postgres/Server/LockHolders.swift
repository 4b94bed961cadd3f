import Model

/// Who keeps a database from being read: whoever holds a table so that nobody else may even look at it (`ACCESS EXCLUSIVE`).
enum LockHolders {
    /// How long a table that somebody holds is waited for: milliseconds.
    static let patience = 60_000

    /// `process 4711 (psql, user ada) holds public.account`, at most three of them; nil when nobody does, or when it cannot be seen.
    static func text(_ connection: PostgresConnection) -> String? {
        let rows = try? connection.rows(
            """
            SELECT l.pid, a.application_name, a.usename, p.gid, l.relation::regclass FROM pg_locks l
              LEFT JOIN pg_stat_activity a ON a.pid = l.pid
              LEFT JOIN pg_locks x ON l.pid IS NULL AND x.pid IS NULL AND x.locktype = 'transactionid' AND x.virtualtransaction = l.virtualtransaction
              LEFT JOIN pg_prepared_xacts p ON p.transaction = x.transactionid
            WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()
              AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1, 5 LIMIT 3
            """)
        let lines = (rows ?? []).map { row in
            let table = printable(row[4] ?? "", limit: 150)
            if let name = row[3] {
                return
                    "the prepared transaction \(printable(name, limit: 100)) holds \(table) (COMMIT PREPARED or ROLLBACK PREPARED ends it)"
            }
            let program = [row[1], row[2].map { "user \($0)" }].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: ", ")
            return "process \(row[0] ?? "?")\(program.isEmpty ? "" : " (\(printable(program, limit: 100)))") holds \(table)"
        }
        return lines.isEmpty ? nil : lines.joined(separator: "; ")
    }

    /// A failure of something that reads, with who holds what it waited for.
    static func explained(_ error: any Error, _ connection: PostgresConnection) -> any Error {
        guard var failure = error as? Failure, failure.code == .store, let holders = text(connection) else { return error }
        failure.hint = "let them end, then run the command again"
        failure.cause = [holders, failure.cause].compactMap { $0 }.joined(separator: "; ")
        return failure
    }
}
