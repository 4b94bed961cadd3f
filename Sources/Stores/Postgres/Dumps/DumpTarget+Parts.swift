import HostIO
import Model

extension DumpTarget {
    func holds(database: String) throws -> Bool {
        let session = try session()
        defer { session.close() }
        return try session.isTrue("SELECT EXISTS (SELECT FROM pg_database WHERE \(DatabaseName.isIt))", [DatabaseName.parameter(database)])
    }

    /// Runs statements that make roles.
    func makeRoles(_ statements: [String]) throws {
        guard !statements.isEmpty else { return }
        let session = try session()
        defer { session.close() }
        for statement in statements { try administer(ByteText.bytes(statement), in: session, as: "make the roles that are missing") }
    }

    /// Loads some entries of a dump into a database that is there; a failure of code `store` has the server's words as its cause.
    func load(_ entries: [DumpEntry], of folder: String, into database: String) throws {
        guard !entries.isEmpty else { return }
        let list = Array((entries.map(\.line).joined(separator: "\n") + "\n").utf8)
        let outcome = try run("pg_restore", on: folder, input: list) { view in
            [
                "--exit-on-error", "--no-password", "--jobs=\(host.processors)", "--use-list=\(view.input)", "-d", connectionText(database),
                view.folder,
            ]
        }
        guard outcome.succeeded else { throw failed("pg_restore", outcome) }
    }

    /// Gives the database `staging` the name `name`; what has that name now gets the name `kept` in the same transaction. Sessions in either end.
    func place(_ staging: String, as name: String, keeping kept: String?) throws {
        let session = try session()
        defer { session.close() }
        let renames = (kept.map { [(name, $0)] } ?? []) + [(staging, name)]
        let text = renames.map { "ALTER DATABASE \(quotedName($0.0)) RENAME TO \(quotedName($0.1))" }.joined(separator: "; ")
        var attempts = 0
        while true {
            for (old, _) in renames {
                _ = try session.rows(Self.endSessions, [DatabaseName.parameter(old)])
            }
            do { return try administer(ByteText.bytes(text), in: session, as: "rename the database") } catch let error as PostgresError {
                // Somebody has come again in between (object_in_use).
                attempts += 1
                guard error.state == "55006", attempts < 20 else { throw error }
            }
        }
    }
}
