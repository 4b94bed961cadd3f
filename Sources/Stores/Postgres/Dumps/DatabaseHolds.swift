import Model

/// What keeps a server from renaming or dropping a database, beside sessions.
struct DatabaseHolds {
    /// To another database of the server.
    let session: PostgresConnection
    let database: String

    private static let isIt = "namesend(database) = decode($1, 'hex')"
    private var name: String { DatabaseName.parameter(database) }

    /// Transactions that were prepared for a commit in two phases. Only who made them can tell how they are to end, so a database that has some stays as it is: what is to
    /// be told of it.
    func prepared() throws -> String? {
        let names = try session.rows(
            "SELECT gid FROM pg_prepared_xacts WHERE \(Self.isIt) ORDER BY 1", [name], as: "list the prepared transactions"
        ).compactMap { $0[0] }
        guard let first = names.first else { return nil }
        let more = names.count > 1 ? " and \(counted(names.count - 1, "other"))" : ""
        let statement = "PREPARED '\(first.replacing("'", with: "''"))'"
        return """
            stays as it is, because of the prepared transaction \(printable(first, limit: 100))\(more): COMMIT \(printable(statement, limit: 200)) or ROLLBACK \
            \(printable(statement, limit: 200)) in it, and restore again
            """
    }

    /// What goes with the database, or does not go on by itself.
    func losses() throws -> [String] {
        let slots = try session.rows(
            "SELECT slot_name FROM pg_replication_slots WHERE \(Self.isIt) ORDER BY 1", [name], as: "list the replication slots"
        ).compactMap { $0[0] }
        let subscriptions = try subscriptions()
        let shown = printable(database, limit: 100)
        return slots.map {
            "the logical replication slot \(printable($0, limit: 100)) of the database \(shown) goes: whoever reads it begins anew"
        }
            + subscriptions.map {
                """
                the subscription \(printable($0, limit: 100)) of the database \(shown) stops; its slot stays at the publisher, and keeps log there until it is used again or \
                dropped
                """
            }
    }

    /// Lets go of what the server would refuse for: subscriptions, whose slots stay at their publishers, and slots that somebody reads. `own`: a session of the database.
    func letGo(_ own: () throws -> PostgresConnection) throws {
        _ = try session.rows(
            "SELECT pg_terminate_backend(active_pid, 10000) FROM pg_replication_slots WHERE \(Self.isIt) AND active", [name])
        let names = try subscriptions()
        guard !names.isEmpty else { return }
        let inside = try own()
        defer { inside.close() }
        for name in names.map(quotedName) {
            try inside.execute(
                "ALTER SUBSCRIPTION \(name) DISABLE; ALTER SUBSCRIPTION \(name) SET (slot_name = NONE); DROP SUBSCRIPTION \(name)",
                as: "let go of a subscription of \(printable(database))")
        }
    }

    private func subscriptions() throws -> [String] {
        try session.rows(
            "SELECT subname FROM pg_subscription JOIN pg_database d ON d.oid = subdbid WHERE \(DatabaseName.isIt) ORDER BY 1", [name],
            as: "list the subscriptions"
        ).compactMap { $0[0] }
    }
}
