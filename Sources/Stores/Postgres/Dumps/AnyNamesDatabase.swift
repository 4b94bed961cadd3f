import HostIO
import Model
import Synchronization

/// A database of our own on a server, made when it is first needed, which goes with the last reference: text in it is whatever its bytes are, so sessions in it
/// can name any database and any role.
final class AnyNamesDatabase: Sendable {
    private let connection: String
    private let name: String
    /// With the session that holds its mark.
    private let marked = Mutex<PostgresConnection?>(nil)

    /// `connection`: to another database.
    init(_ connection: String, _ host: Host) {
        self.connection = connection
        name = "holdfast_names_\(host.randomHex(bytes: 4))"
    }

    deinit {
        guard let session = marked.withLock({ $0 }) else { return }
        try? session.execute("DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
        session.close()
    }

    /// Runs a statement about databases, roles or tablespaces in a session with the server as a whole. One with a name that is no text where that session is
    /// (character_not_in_repertoire) runs here.
    func run(_ statement: [UInt8], in session: PostgresConnection, as operation: String) throws {
        do throws(PostgresError) { return try session.execute(bytes: statement, as: operation) } catch {
            guard error.state == "22021" else { throw error }
        }
        let session = try self.session()
        defer { session.close() }
        try session.execute(bytes: statement, as: operation)
    }

    /// Through which database `pg_dumpall` can ask about every role, whose names it writes into what it asks; nil where any will do.
    func database(forRolesOf session: PostgresConnection) throws -> String? {
        let roles = try session.rows("SELECT rolname FROM pg_roles").compactMap { $0[0] }
        guard roles.contains(where: { $0.unicodeScalars.contains { ByteText.byte(of: $0) != nil } }) else { return nil }
        let present = try session.text(
            "SELECT datname FROM pg_database WHERE pg_encoding_to_char(encoding) = 'SQL_ASCII' AND datallowconn AND datconnlimit <> -2 ORDER BY 1 LIMIT 1"
        )
        if let present { return present }
        try self.session().close()
        return name
    }

    private func session() throws -> PostgresConnection {
        try marked.withLock { marked in
            guard marked == nil else { return }
            let session = try PostgresConnection(connection)
            _ = try session.text("SELECT pg_advisory_lock(\(Self.mark(name)))", as: "mark a database")
            let provider = session.version >= 150_000 ? "LOCALE_PROVIDER libc " : ""
            try session.execute(
                "CREATE DATABASE \(name) TEMPLATE template0 ENCODING 'SQL_ASCII' \(provider)LOCALE 'C'",
                as: "make a database in which any name can be written")
            try session.execute("COMMENT ON DATABASE \(name) IS '\(Self.comment)'")
            marked = session
        }
        return try PostgresConnection(connection, database: name, speaking: .bytes)
    }
}

extension AnyNamesDatabase {
    fileprivate static let comment = "made by Holdfast for the length of a restore"

    /// Removes those of processes that were killed: nobody holds their marks.
    static func removeAbandoned(_ session: PostgresConnection) {
        let found = try? session.rows(
            "SELECT datname FROM pg_database WHERE datname ~ '^holdfast_names_[0-9a-f]{8}$' AND shobj_description(oid, 'pg_database') = $1",
            [comment])
        for name in (found ?? []).compactMap({ $0[0] }) {
            guard (try? session.isTrue("SELECT pg_try_advisory_lock(\(mark(name)))")) == true else { continue }
            try? session.execute("DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
            _ = try? session.rows("SELECT pg_advisory_unlock(\(mark(name)))")
        }
    }

    /// An advisory lock, in the database that all of them are made from: the letters `HOLD`, and its number.
    private static func mark(_ name: String) -> String {
        "\(0x484F_4C44), \(Int32(bitPattern: UInt32(name.suffix(8), radix: 16) ?? 0))"
    }
}

/// A name that is another one where its bytes are others, also where people see the same (composed and decomposed letters).
struct ExactName: Hashable {
    let text: String

    static func == (left: ExactName, right: ExactName) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }
    func hash(into hasher: inout Hasher) { for byte in text.utf8 { hasher.combine(byte) } }
}

/// How a session with a server as a whole asks for a database by its name, which may be no text there.
enum DatabaseName {
    /// Of `pg_database`, with ``parameter(_:)`` as `$1`.
    static let isIt = "namesend(datname) = decode($1, 'hex')"

    static func parameter(_ name: String) -> String {
        ByteText.bytes(name).map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}
