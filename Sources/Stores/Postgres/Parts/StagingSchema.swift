import HostIO
import Model

/// A schema in somebody's database in which a table is made before it gets its place. It goes at the end of the restore; where that was killed, the next
/// session of Holdfast with the database removes it.
struct StagingSchema {
    let name: String
    /// Holds the mark as long as the schema is in use.
    private let holder: PostgresConnection

    /// In the database of `session`, which holds its mark from now on.
    init(_ name: String, in session: PostgresConnection) throws {
        self.name = name
        holder = session
        let mark = try Self.mark(of: name, session)
        _ = try session.text("SELECT pg_advisory_lock(\(mark))", as: "mark a schema for the table")
        try session.execute(
            "BEGIN; CREATE SCHEMA \(quotedName(name)); COMMENT ON SCHEMA \(quotedName(name)) IS '\(Self.comment)'; COMMIT",
            as: "make a schema for the table")
    }

    func drop() { try? holder.execute("DROP SCHEMA IF EXISTS \(quotedName(name)) CASCADE") }

    /// Removes those that nobody uses any more. They are known by their names, what they say of themselves, and that nobody holds their marks.
    static func removeAbandoned(in session: PostgresConnection) {
        let found = try? session.rows(
            """
            SELECT nspname, hashtext(nspname) FROM pg_namespace WHERE nspname ~ '^holdfast_[0-9a-f]{12}$'
              AND obj_description(oid, 'pg_namespace') = $1 AND pg_has_role(nspowner, 'usage')
            """, [comment])
        for row in found ?? [] {
            guard let name = row[0], let number = row[1] else { continue }
            let mark = "\(family), \(number)"
            guard (try? session.isTrue("SELECT pg_try_advisory_lock(\(mark))")) == true else { continue }
            // One that somebody has come to use meanwhile stays for the next time.
            try? session.execute("SET lock_timeout = '2s'; DROP SCHEMA IF EXISTS \(quotedName(name)) CASCADE")
            try? session.execute("SET lock_timeout = \(LockHolders.patience)")
            _ = try? session.rows("SELECT pg_advisory_unlock(\(mark))")
        }
    }

    private static let comment = "made by Holdfast for a restore of a table, and removed at its end"
    /// Of advisory locks: the letters `HOLD`.
    private static let family = 0x484F_4C44

    private static func mark(of name: String, _ session: PostgresConnection) throws -> String {
        "\(family), \(try session.text("SELECT hashtext($1)", [name]) ?? "0")"
    }
}
