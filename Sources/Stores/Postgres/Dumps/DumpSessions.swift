import HostIO
import Model

/// Sessions that hold one exported snapshot each, a database a session: a snapshot can be used in its own database only.
final class DumpSessions: Sendable {
    struct Session: Sendable {
        var database: String
        var connection: PostgresConnection
        var snapshot: String?

        /// Another one that sees what this one has pinned.
        func beside(_ text: String) throws -> PostgresConnection {
            let other = try PostgresConnection(text, database: database)
            guard let snapshot else { return other }
            try other.execute(
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT '\(snapshot)'", as: "read what is dumped")
            return other
        }
    }

    let facts: ServerFacts
    private let sessions: [Session]

    init(_ store: PostgresStore, _ facts: ServerFacts) throws {
        self.facts = facts
        sessions = try facts.databases.filter(store.access.wants).map { database in
            let connection = try PostgresConnection(store.access.connection, database: database)
            if !facts.isInRecovery { StagingSchema.removeAbandoned(in: connection) }
            return Session(database: database, connection: connection)
        }
    }

    private init(_ facts: ServerFacts, _ sessions: [Session]) {
        self.facts = facts
        self.sessions = sessions
    }

    /// Each pins what it sees now: one call a session.
    func pin() throws -> DumpSessions {
        let pinned = try sessions.map { session in
            var session = session
            try session.connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            session.snapshot = try session.connection.text("SELECT pg_export_snapshot()", as: "export a snapshot of \(session.database)")
            return session
        }
        return DumpSessions(facts, pinned)
    }

    var pinned: [Session] { sessions.filter { $0.snapshot != nil } }

    func close() { for session in sessions { session.connection.close() } }
}
