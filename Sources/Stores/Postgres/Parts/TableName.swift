import Model

/// A table in its schema.
struct TableName: Hashable, Sendable, CustomStringConvertible {
    var schema: String
    var name: String

    init(schema: String, name: String) {
        self.schema = schema
        self.name = name
    }

    /// `schema.name`, or `name` alone, which is in `schema`.
    init(parsing text: String, schema: String) {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        self.init(schema: parts.count == 2 ? parts[0] : schema, name: parts[parts.count - 1])
    }

    var description: String { "\(schema).\(name)" }
    var quoted: String { "\(quotedName(schema)).\(quotedName(name))" }

    /// As `pg_dump` writes it, where no part needs quotes; what does is quoted.
    var quotedAsNeeded: String {
        [schema, name].map { part in part.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "_" } ? part : quotedName(part) }.joined(
            separator: ".")
    }

    /// Of anything that is called so in the schema; throws `notFound` when there is no such schema.
    func exists(in session: PostgresConnection) throws -> Bool {
        guard try session.isTrue("SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)", [schema]) else {
            throw Failure(.notFound, "there is no schema \(schema) in the database", hint: "make it first: CREATE SCHEMA")
        }
        return try session.isTrue(
            "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2)",
            [schema, name])
    }

    /// Sequences that belong to the columns of the table `$1`.
    static let sequences = """
        SELECT s.objid FROM pg_depend s JOIN pg_class q ON q.oid = s.objid WHERE s.classid = 'pg_class'::regclass
          AND s.refclassid = 'pg_class'::regclass AND s.refobjid = $1::oid AND s.deptype IN ('a', 'i') AND q.relkind = 'S'
        """

    private func number(in session: PostgresConnection) throws -> String {
        let rows = try session.rows(
            "SELECT c.oid, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2",
            [schema, name])
        guard let row = rows.first, let number = row[0], row[1] == "r" else {
            throw Failure(.refused, "\(self) is not a plain table", hint: "restore the table beside it: --as NAME")
        }
        return number
    }

    /// Throws `refused` when something else refers to the table itself, and would stay with the old one.
    func checkReplaceable(in session: PostgresConnection, _ database: String) throws {
        let users = try session.rows(
            """
            SELECT pg_describe_object(classid, objid, objsubid) FROM pg_depend WHERE deptype = 'n'
              AND (refclassid, refobjid) IN (SELECT 'pg_class'::regclass, $1::oid UNION ALL SELECT 'pg_type'::regclass, reltype FROM pg_class WHERE oid = $1::oid)
              AND NOT (classid = 'pg_constraint'::regclass AND objid IN (SELECT oid FROM pg_constraint WHERE conrelid = $1::oid))
            UNION SELECT 'partition or child ' || inhrelid::regclass FROM pg_inherits WHERE inhparent = $1::oid
            UNION SELECT 'parent ' || inhparent::regclass FROM pg_inherits WHERE inhrelid = $1::oid
            UNION SELECT 'publication ' || pubname FROM pg_publication p JOIN pg_publication_rel r ON r.prpubid = p.oid WHERE r.prrelid = $1::oid
            ORDER BY 1 LIMIT 5
            """, [try number(in: session)], as: "see what uses \(self)"
        ).compactMap { $0[0] }
        guard !users.isEmpty else { return }
        throw Failure(
            .refused, "\(self) in \(database) is used by \(users.joined(separator: ", ")), which would stay with the old table",
            hint: "restore the table beside it (--as NAME) and take over the rows by SQL")
    }

    /// Statements that rename the table, with its indexes and sequences.
    func renames(to newName: String, in session: PostgresConnection) throws -> [String] {
        let number = try number(in: session)
        let indexes = try session.rows(
            "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = $1::oid ORDER BY 1", [number])
        let sequences = try session.rows("SELECT relname FROM pg_class WHERE oid IN (\(Self.sequences)) ORDER BY 1", [number])
        let others = indexes.compactMap { $0[0] }.map { ("INDEX", $0) } + sequences.compactMap { $0[0] }.map { ("SEQUENCE", $0) }
        var taken: Set<String> = [newName]
        return try ["ALTER TABLE \(quoted) RENAME TO \(quotedName(newName))"]
            + others.map { kind, other in
                let name = try free(PartNames.follow(other, from: self.name, to: newName), besides: &taken)
                return "ALTER \(kind) \(quotedName(schema)).\(quotedName(other)) RENAME TO \(quotedName(name))"
            }
    }

    /// What is shortened may be the same as another.
    private func free(_ name: String, besides taken: inout Set<String>) throws -> String {
        let choices = [name] + (2...99).map { PartNames.join(String(name.prefix(40)), "_\($0)") }
        let free = choices.first { !taken.contains($0) } ?? name
        taken.insert(free)
        return free
    }
}

/// A table of an image by what a person calls it.
struct FoundTable {
    let name: TableName
    let number: String
    let rows: UInt64?
    let bytes: UInt64
    let isUnlogged: Bool

    /// Throws `notFound`; `refused` for what is no plain table, or is in several schemas.
    init(_ text: String, in session: PostgresConnection, _ database: String) throws {
        var wanted = TableName(parsing: text, schema: "")
        var rows = try Self.rows(of: wanted, session)
        if rows.isEmpty, let meant = ByteText.meant(by: text) {
            wanted = TableName(parsing: meant, schema: "")
            rows = try Self.rows(of: wanted, session)
        }
        guard let row = rows.first else {
            let names = try TableInventory(of: session, database: database).tables.map(\.text)
            let near = nearest(to: text, among: names + names.map { String($0.split(separator: ".").last ?? "") })
            throw Failure(
                .notFound, "there is no table \(printable(text)) in \(database) as the snapshot has it",
                hint: near.map { "did you mean \($0)?" } ?? "names are written as they are stored, without quotes: schema.table")
        }
        guard rows.count == 1 else {
            let places = rows.compactMap { $0[0] }.map { "\($0).\(wanted.name)" }
            throw Failure(.refused, "there are several: \(places.joined(separator: ", "))", hint: "name the schema: --table SCHEMA.TABLE")
        }
        name = TableName(schema: row[0] ?? "", name: row[1] ?? "")
        number = row[2] ?? ""
        guard row[3] == "r", row[5] == "f" else {
            throw Failure(
                .refused, "\(name) is a view, a foreign table, or part of a partitioned or inherited one, which does not stand alone",
                hint: "restore its database beside the one that is there: leave out --table, and --as NAME")
        }
        isUnlogged = row[4] == "u"
        bytes = UInt64(row[6] ?? "") ?? 0
        self.rows = try session.text("SELECT count(*) FROM ONLY \(name.quoted)").flatMap { UInt64($0) }
    }

    private static func rows(of wanted: TableName, _ session: PostgresConnection) throws -> [[String?]] {
        try session.rows(
            """
            SELECT n.nspname, c.relname, c.oid, c.relkind, c.relpersistence,
              c.relispartition OR EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid OR inhparent = c.oid), pg_total_relation_size(c.oid)
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relname = $1 AND ($2 = '' OR n.nspname = $2) AND c.relkind IN ('r', 'p', 'f', 'v', 'm')
              AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
            """, [wanted.name, wanted.schema], as: "look for the table")
    }
}
