import Archiving
import Model

/// Which databases of a server are saved, and what is to be told of the others.
struct DatabaseInventory: Sendable {
    /// By name: all that one may connect to, templates of users' own among them. Without `template0` and `template1`, which every server has.
    private(set) var saved: [String] = []
    /// Those of them that others are made from.
    private(set) var templates: Set<String> = []
    /// An interrupted `DROP DATABASE` has left them; nobody can connect (`pg_database.datconnlimit` is -2).
    private(set) var invalid: [String] = []
    /// Whole, and closed to everybody (`ALLOW_CONNECTIONS false`).
    private(set) var closed: [String] = []

    init(of connection: PostgresConnection) throws {
        let rows = try connection.rows(
            """
            SELECT datname, datistemplate, datallowconn, datconnlimit = -2 FROM pg_database WHERE datname NOT IN ('template0', 'template1')
            ORDER BY datname
            """, as: "list the databases")
        for row in rows {
            guard let name = row[0] else { continue }
            if row[3] == "t" { invalid.append(name) } else if row[2] != "t" { closed.append(name) } else { saved.append(name) }
            if row[1] == "t" { templates.insert(name) }
        }
    }

    /// Something that dumps of the server lack.
    struct Gap: Hashable, Sendable {
        var database: String
        var words: String
        /// Somebody's data is missing by it.
        var isLoss = false
        /// What of the database, where it is not all of it.
        var part: String?

        static func rows(of table: String, in database: String, _ reason: String) -> Gap {
            let words = "cannot be read, so its rows are left out: \(printable(reason, limit: 500))"
            return Gap(database: database, words: words, isLoss: true, part: table)
        }

        static func refused(_ database: String, _ failure: Failure) -> Gap {
            Gap(
                database: database,
                words: "cannot be dumped, so all of it is left out: \(printable(failure.cause ?? failure.message, limit: 500))",
                isLoss: true)
        }

        /// Declared, and not on the server.
        static func missing(_ database: String) -> Gap {
            Gap(database: database, words: "is not there, though `databases` in the cluster file names it", isLoss: true)
        }

        /// Where a restore looks for what an image lacks.
        var path: String { ([database] + (part.map { [$0] } ?? [])).map { printable($0, limit: 200) }.joined(separator: "/") }
        var text: String {
            "\(part.map { "\(printable($0, limit: 200)) in " } ?? "")the database \(printable(database, limit: 100)) \(words)"
        }
        var issue: EntryIssue { EntryIssue(kind: isLoss ? .unreadable : .leftOut, path: path, detail: words) }
    }

    /// Those of the wanted ones that cannot be saved.
    func missing(of wanted: [String], isDumped: Bool = true) -> [Gap] {
        let lacking = wanted.compactMap { written in
            let known = saved + closed + invalid
            let name = known.first { PostgresAccess.means(written, $0) } ?? written
            return saved.contains(name) || !isDumped && closed.contains(name) ? nil : name
        }
        return lacking.map { name in
            if closed.contains(name) { return Self.closed(name) }
            return invalid.contains(name) ? Self.invalid(name, isLoss: true) : .missing(name)
        }
    }

    private static func closed(_ name: String) -> Gap {
        Gap(
            database: name,
            words:
                "allows no connections, so it cannot be dumped and is left out: ALTER DATABASE \(quotedName(name)) ALLOW_CONNECTIONS true",
            isLoss: true)
    }

    private static func invalid(_ name: String, isLoss: Bool = false) -> Gap {
        Gap(
            database: name,
            words: "cannot be read since a DROP DATABASE of it was interrupted, and is left out: DROP DATABASE \(quotedName(name))",
            isLoss: isLoss)
    }

    /// Of dumps that are made of the server itself.
    func gaps(_ session: (String) throws -> PostgresConnection) -> [Gap] {
        closed.map(Self.closed) + gapsOfFiles(session)
    }

    /// Of what is made of its files, where ``openAll(_:)`` has opened those that are closed.
    func gapsOfFiles(_ session: (String) throws -> PostgresConnection) -> [Gap] {
        let unreadable = invalid.map { Self.invalid($0) }
        guard let template = try? session("template1") else { return unreadable }
        defer { template.close() }
        guard (try? template.isTrue(Self.isChanged)) == true else { return unreadable }
        let words =
            "was changed, and what was put into it is not kept: put it into a template of its own (CREATE DATABASE … IS_TEMPLATE true)"
        return unreadable + [Gap(database: "template1", words: words)]
    }

    /// Objects that a server makes itself have numbers below 16384 (FirstNormalObjectId in `access/transam.h`).
    private static let isChanged = """
        SELECT EXISTS (SELECT FROM pg_depend WHERE objid >= 16384 OR refobjid >= 16384)
          OR EXISTS (SELECT FROM pg_db_role_setting WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = 'template1'))
        """

    /// On a scratch server: gives those that were closed.
    static func openAll(_ connection: PostgresConnection) throws -> [Gap] {
        try connection.rows(
            """
            UPDATE pg_database SET datallowconn = true WHERE NOT datallowconn AND datname <> 'template0' AND datconnlimit <> -2 RETURNING datname
            """, as: "open the databases of the copy"
        ).compactMap { $0[0] }.sorted().map { Gap(database: $0, words: "allows no connections; restored from this, it allows them") }
    }
}

/// Transactions that were prepared for a commit in two phases and are in a copy of a server's files: nobody will end them there, and they hold their locks.
enum PreparedTransactions {
    /// On a scratch server: rolls them back, and gives what that leaves out.
    static func rollBack(_ connection: PostgresConnection, _ session: (String) throws -> PostgresConnection) throws -> [DatabaseInventory
        .Gap]
    {
        try connection.rows("SELECT gid, database FROM pg_prepared_xacts ORDER BY 1", as: "list the prepared transactions").map { row in
            let (name, database) = (row[0] ?? "", row[1] ?? "")
            let own = try session(database)
            defer { own.close() }
            try own.execute("ROLLBACK PREPARED \(quotedText(name))", as: "roll back a prepared transaction")
            return DatabaseInventory.Gap(
                database: database,
                words:
                    "has the prepared transaction \(printable(name, limit: 100)), neither committed nor rolled back: what it did is left out"
            )
        }
    }
}

/// Another source, with something to tell of all of it.
struct ToldSource: EntrySource {
    let source: any EntrySource
    let gaps: [DatabaseInventory.Gap]

    var description: String { source.description }
    var width: Int { source.width }

    func root() throws -> any SourceDirectory { try source.root() }
    func giveUp(_ error: any Error) { source.giveUp(error) }

    func conclude(_ issues: IssueCollector) {
        source.conclude(issues)
        for gap in gaps { issues.add(gap.issue) }
    }
}
