import HostIO
import Model

/// Sessions that hold one exported snapshot each, a database a session: a snapshot can be used in its own database only.
final class DumpSessions: Sendable {
    struct Session: Sendable {
        var database: String
        var connection: PostgresConnection
        var snapshot: String?
    }

    let facts: ServerFacts
    private let sessions: [Session]

    init(_ store: PostgresStore, _ facts: ServerFacts) throws {
        self.facts = facts
        let wanted = store.access.databases
        if let missing = wanted.first(where: { !facts.databases.contains($0) }) {
            throw Failure(
                .store, "\(store.declaration.path): there is no database \(missing)", hint: "correct `databases` in the cluster file")
        }
        sessions = try facts.databases.filter { wanted.isEmpty || wanted.contains($0) }.map { database in
            Session(database: database, connection: try PostgresConnection(store.access.connection, database: database))
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
