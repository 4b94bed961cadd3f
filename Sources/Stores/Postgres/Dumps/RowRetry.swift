import HostIO
import Model

/// Loads the rows of tables that the server has refused at first: with the rows of all others there, and then without what the rows break.
struct RowRetry {
    let load: DatabaseLoad
    let job: JobControl

    private var target: DumpTarget { load.target }
    private var dump: DatabaseDump { load.dump }

    /// `refused`: tables, with the server's words. Others whose rows go into one of the same tables are loaded again with them.
    func run(_ refused: [(table: DumpedTable, error: PostgresError)]) throws -> [UnmadeObject] {
        var known: Set<ExactName> = []
        return try refused.flatMap { found -> [UnmadeObject] in
            guard known.insert(ExactName(text: found.table.relation)).inserted else { return [] }
            return try retry(dump.tables.filter { ExactName(text: $0.relation) == ExactName(text: found.table.relation) }, found.error)
        }
    }

    private func retry(_ tables: [DumpedTable], _ first: PostgresError) throws -> [UnmadeObject] {
        guard let relation = tables.first?.relation else { return [] }
        let session = try RowSession(target, dump)
        defer { session.connection.close() }
        let facts = try session.existing(tables[0])
        // An extension has put rows of its own into its tables.
        guard !facts.isOfExtension else { return [.rows(of: relation, dump.name, first.message)] }
        let empty = facts.isPartitioned ? "TRUNCATE \(relation)" : "TRUNCATE ONLY \(relation)"
        guard let refused = try attempt(tables, session, empty) else { return [] }
        var rules = try LoosenedRules(of: relation, in: session.connection, database: dump.name)
        if try rules.loosen(\.isCheck, session.connection), try attempt(tables, session, empty) == nil {
            return try rules.fasten(session.connection, refused)
        }
        // A column that is not generated any more cannot become so again with its values: no more of them than need be.
        for column in tables.count == 1 && !facts.isPartitioned ? rules.generated : [] {
            guard try attempt(tables, session, empty, first: column.loosen) == nil else { continue }
            rules.noteLoosened(column)
            return try rules.fasten(session.connection, refused)
        }
        if try rules.loosen(\.isGenerated, session.connection), try attempt(tables, session, empty) == nil {
            return try rules.fasten(session.connection, refused)
        }
        return try rules.fasten(session.connection, nil) + [.rows(of: relation, dump.name, refused.message)]
    }

    /// Nil when all rows are there; else none is.
    private func attempt(
        _ tables: [DumpedTable], _ session: RowSession, _ empty: String, first statements: [String] = []
    ) throws -> PostgresError? {
        try session.connection.execute(empty, as: "load rows again")
        for table in tables {
            try job.checkCancelled()
            do { try load.load(table, session, StopFlag(), first: statements) } catch let problem as PostgresError where problem.isRefusal {
                try session.connection.execute("ROLLBACK")
                try session.connection.execute(empty, as: "leave rows out")
                return problem
            }
        }
        return nil
    }
}

/// Rules of one table that its rows may break: its checks, those of the domains of its columns, and how columns are generated.
private struct LoosenedRules {
    struct Rule {
        /// In words.
        var what: String
        var loosen: [String]
        var fasten: [String]
        /// What makes it whole later; nil for one that rows had broken before.
        var remedy: String?
        /// How a column is generated, not what is checked.
        var isGenerated = false
        var isCheck: Bool { !isGenerated }
    }

    private let database: String
    private let relation: String
    private let rules: [Rule]
    private var loosened: [Rule] = []

    init(of relation: String, in connection: PostgresConnection, database: String) throws {
        self.relation = relation
        self.database = database
        rules =
            try Self.checks(relation, connection) + Self.domains(relation, connection) + Self.generated(relation, connection)
    }

    var generated: [Rule] { rules.filter(\.isGenerated) }

    mutating func noteLoosened(_ rule: Rule) { loosened.append(rule) }

    /// Those of a kind, all or none; false when none is.
    mutating func loosen(_ isOfKind: (Rule) -> Bool, _ connection: PostgresConnection) throws -> Bool {
        let chosen = rules.filter(isOfKind)
        guard !chosen.isEmpty else { return false }
        do throws(PostgresError) {
            try connection.execute(chosen.flatMap(\.loosen).joined(separator: "; "), as: "put off the rules of \(relation)")
        } catch {
            guard error.isRefusal else { throw error }
            return false
        }
        loosened += chosen
        return true
    }

    /// Puts them back, for rows to come. `refused`: why they were put off, when rows came by that.
    func fasten(_ connection: PostgresConnection, _ refused: PostgresError?) throws -> [UnmadeObject] {
        try loosened.compactMap { rule in
            do throws(PostgresError) {
                for statement in rule.fasten { try connection.execute(statement, as: "restore \(rule.what)") }
            } catch {
                guard error.isRefusal else { throw error }
                return UnmadeObject(database, printable(rule.what, limit: 200), error.message, remedy: rule.fasten.joined(separator: "; "))
            }
            // A table that is empty becomes what it was, and most of what was put off holds. A column would lose the values that it has.
            guard let remedy = rule.remedy else { return nil }
            if !rule.isGenerated || refused == nil, (try? connection.execute(remedy, as: "restore \(rule.what)")) != nil { return nil }
            guard let refused else { return nil }
            let state = rule.isGenerated ? "its values are missing" : "it is there, and holds for new rows only (NOT VALID)"
            return UnmadeObject(database, printable(rule.what, limit: 200), "\(refused.message); \(state)", remedy: rule.remedy)
        }
    }

    private static func checks(_ relation: String, _ connection: PostgresConnection) throws -> [Rule] {
        try connection.rows(
            """
            SELECT quote_ident(conname), pg_get_constraintdef(oid), convalidated FROM pg_constraint
            WHERE conrelid = to_regclass($1) AND contype = 'c' AND conislocal AND coninhcount = 0
            """, [relation], as: "list the checks of \(relation)"
        ).map { row in
            check(row[0] ?? "", of: relation, "TABLE \(relation)", row[1] ?? "", isValid: row[2] == "t")
        }
    }

    private static func domains(_ relation: String, _ connection: PostgresConnection) throws -> [Rule] {
        try connection.rows(
            """
            SELECT DISTINCT c.contypid::regtype::text, quote_ident(c.conname), pg_get_constraintdef(c.oid), c.convalidated
            FROM pg_constraint c JOIN pg_attribute a ON a.atttypid = c.contypid
            WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped AND c.contype = 'c'
            """, [relation], as: "list the domains of \(relation)"
        ).map { row in
            let domain = row[0] ?? ""
            return check(row[1] ?? "", of: "the domain \(domain)", "DOMAIN \(domain)", row[2] ?? "", isValid: row[3] == "t")
        }
    }

    private static func generated(_ relation: String, _ connection: PostgresConnection) throws -> [Rule] {
        try connection.rows(
            """
            SELECT quote_ident(a.attname), format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid), a.attnotnull
            FROM pg_attribute a JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            WHERE a.attrelid = to_regclass($1) AND a.attgenerated = 's' AND NOT a.attisdropped
            """, [relation], as: "list the generated columns of \(relation)"
        ).map { row in
            let (name, type, expression) = (row[0] ?? "", row[1] ?? "", row[2] ?? "")
            let (column, isNeverNull) = ("ALTER TABLE \(relation) ALTER COLUMN \(name)", row[3] == "t")
            return Rule(
                what: "the generated column \(name) of \(relation)",
                loosen: ["\(column) DROP EXPRESSION"] + (isNeverNull ? ["\(column) DROP NOT NULL"] : []), fasten: [],
                remedy:
                    "ALTER TABLE \(relation) DROP COLUMN \(name), ADD COLUMN \(name) \(type) GENERATED ALWAYS AS (\(expression)) STORED\(isNeverNull ? " NOT NULL" : "");",
                isGenerated: true)
        }
    }

    /// `object`: as `ALTER` takes it. `definition`: as `pg_get_constraintdef` has it.
    private static func check(_ name: String, of owner: String, _ object: String, _ definition: String, isValid: Bool) -> Rule {
        let mark = " NOT VALID"
        let marked = definition.hasSuffix(mark) ? definition : definition + mark
        return Rule(
            what: "the constraint \(name) of \(owner)", loosen: ["ALTER \(object) DROP CONSTRAINT \(name)"],
            fasten: ["ALTER \(object) ADD CONSTRAINT \(name) \(marked)"],
            remedy: isValid ? "ALTER \(object) VALIDATE CONSTRAINT \(name);" : nil)
    }
}
