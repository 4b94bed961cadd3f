package import Model

/// What a PostgreSQL server or libpq said.
package struct PostgresError: FailureConvertible, Hashable {
    /// Five characters (PostgreSQL, appendix "Error Codes"); empty when no server answered.
    package let state: String
    /// One line.
    package let message: String
    /// The server, without secrets.
    package let server: String
    /// What was being done: "connect", "begin a backup".
    package let operation: String

    package init(state: String, message: String, server: String, operation: String) {
        self.state = state
        self.message = message
        self.server = server
        self.operation = operation
    }

    /// No server answers there, or it is starting up or shutting down.
    package var isUnreachable: Bool { state.isEmpty || state.hasPrefix("57P") || state.hasPrefix("08") }

    /// Somebody has cancelled it (query_canceled).
    var isCancelled: Bool { state == "57014" }

    package var failure: Failure { Failure(.store, "\(server): cannot \(operation)", hint: hint, cause: message) }

    private var hint: String {
        switch state {
        case "": "check that the server runs and that `connection` in the cluster file leads to it"
        case "28000", "28P01":
            "give `connection` a user that pg_hba.conf lets in from here (a pg_ident.conf map for peer, passfile= for a password)"
        case "42501": "connect as a superuser, or grant what is missing"
        case "3D000": "name a database that exists: dbname= in `connection`, and `databases`"
        case "53300", "53400": "raise max_connections or max_replication_slots, or close what is open, then run the command again"
        case "55P03": "somebody holds a lock on it (pg_locks); run the command again when they have ended"
        case "55000": "see the server's settings (wal_level, max_replication_slots), then run the command again"
        case "57P01", "57P02", "57P03": "the server is starting or stopping; run the command again when it serves"
        default: "see the server's log, then run the command again"
        }
    }
}
