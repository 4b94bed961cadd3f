import HostIO
import Model

/// Makes what a dump describes, statement by statement, so that what the server refuses is known by itself and keeps nothing else from being made.
struct ObjectLoad {
    let target: DumpTarget
    let database: String
    /// Of its dump; files of rows are not looked at.
    let folder: String
    let entries: [DumpEntry]
    let job: JobControl

    /// The database, and everything that comes before its rows.
    func makeBeforeRows() throws -> [UnmadeObject] {
        try makeDatabase() + run(statements.section("pre-data", of: entries.filter { !$0.isOfDatabase }))
    }

    /// The same in a database that is there; what is there already is not made again.
    func makeBeside() throws -> [UnmadeObject] {
        try run(statements.section("pre-data", of: entries.filter { !$0.isOfDatabase }))
    }

    /// What comes after the rows and is not there yet.
    func makeAfterRows() throws -> [UnmadeObject] {
        try run(statements.section("post-data", of: entries.filter { !$0.isOfDatabase }))
    }

    private var statements: DumpStatements { DumpStatements(programs: target.programs, folder: folder) }

    /// Without anything in it.
    func makeDatabase() throws -> [UnmadeObject] {
        let session = try target.session()
        defer { session.close() }
        let described = DumpedDatabase(entries)
        return try described.statements.compactMap { statement in
            guard let refused = try refusal(toAdminister: statement.bytes, in: session) else { return nil }
            var object = unmadeObject(statement, refused)
            if statement.makesDatabase {
                object.reason += "; it is there \(try makeSimpler(statement, described, session))"
                object.remedy = nil
            }
            return object
        }
    }

    /// Of whatever of its properties this server cannot have, text in its encoding comes first. Says how it is made.
    private func makeSimpler(
        _ statement: SQLStatements.Statement, _ described: DumpedDatabase, _ session: PostgresConnection
    ) throws -> String {
        if let elsewhere = statement.withoutTablespace, try refusal(toAdminister: elsewhere, in: session) == nil {
            return "in the server's tablespace"
        }
        let provider = session.version >= 150_000 ? " LOCALE_PROVIDER libc" : ""
        let simple =
            "CREATE DATABASE \(quotedName(database)) TEMPLATE template0 ENCODING '\(described.encoding ?? "UTF8")'\(provider) LOCALE 'C'"
        try target.administer(ByteText.bytes(simple), in: session, as: "make the database \(printable(database))")
        return "with the locale C and the server's tablespace"
    }

    private func refusal(toAdminister statement: [UInt8], in session: PostgresConnection) throws -> PostgresError? {
        do { try target.administer(statement, in: session, as: "make what a dump describes") } catch let error as PostgresError {
            guard error.isRefusal else { throw error }
            return error
        }
        return nil
    }

    private func run(_ script: [UInt8]) throws -> [UnmadeObject] {
        let session = try target.session(database)
        defer { session.close() }
        // Event triggers are among what is made, and are not to judge the rest of it.
        if session.rights.isSuperuser { try session.execute("SET session_replication_role = replica") }
        var unmade: [UnmadeObject] = []
        for statement in SQLStatements(script) {
            try job.checkCancelled()
            if target.omitsTablespaces, statement.bytes.starts(with: Array("SET default_tablespace".utf8)) { continue }
            guard let refused = try refusal(of: statement.bytes, in: session), !refused.saysItIsThere(statement.text) else { continue }
            unmade.append(try constraintForNewRows(statement, refused, session) ?? unmadeObject(statement, refused))
        }
        return unmade
    }

    /// Nil when the server has done it.
    private func refusal(of statement: [UInt8], in session: PostgresConnection) throws -> PostgresError? {
        do throws(PostgresError) { try session.execute(bytes: statement, as: "make what a dump describes") } catch {
            guard error.isRefusal else { throw error }
            return error
        }
        return nil
    }

    private func unmadeObject(_ statement: SQLStatements.Statement, _ refused: PostgresError) -> UnmadeObject {
        UnmadeObject(
            database, printable(statement.line(limit: 160), limit: 160), refused.message, remedy: statement.text + ";")
    }

    /// A foreign key that rows break (foreign_key_violation) still holds for those to come.
    private func constraintForNewRows(
        _ statement: SQLStatements.Statement, _ refused: PostgresError, _ session: PostgresConnection
    ) throws -> UnmadeObject? {
        guard refused.state == "23503", let added = AddedConstraint(statement.bytes),
            try refusal(of: statement.bytes + Array(" NOT VALID".utf8), in: session) == nil
        else { return nil }
        var object = unmadeObject(statement, refused)
        object.reason += "; it is there, and holds for new rows only (NOT VALID)"
        object.remedy = "ALTER TABLE \(added.table) VALIDATE CONSTRAINT \(added.name);"
        return object
    }
}

/// `ALTER TABLE ONLY public.child ADD CONSTRAINT child_fkey FOREIGN KEY …`, as `pg_dump` writes it.
struct AddedConstraint {
    /// As SQL quotes it.
    let table: String
    let name: String

    init?(_ statement: [UInt8]) {
        let words = SQLWords.split(statement).map { ByteText.text(statement[$0]) }
        guard words.count > 6, words.prefix(2) == ["ALTER", "TABLE"] else { return nil }
        let first = words[2] == "ONLY" ? 3 : 2
        guard words[(first + 1)...].prefix(2) == ["ADD", "CONSTRAINT"], words.count > first + 3 else { return nil }
        (table, name) = (words[first], words[first + 3])
    }
}

extension SQLStatements.Statement {
    /// All of it, or its beginning, in one line.
    func line(limit: Int) -> String {
        let words = ByteText.text(bytes.prefix(limit * 4)).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return words.count > limit ? words.prefix(limit) + "…" : words
    }
}
