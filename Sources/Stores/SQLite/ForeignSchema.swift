import CSQLite

/// Tables of which the schema names what only the database's own program brings: collations, functions, tokenizers, modules.
/// SQLite can neither check their rows here nor open their virtual tables; their pages are as good as any.
struct ForeignSchema: Hashable, Sendable {
    struct Table: Hashable, Sendable {
        var name: String
        /// In SQLite's words, for people: "no such collation sequence: unicase".
        var reason: String
    }

    /// In the order of their names.
    private(set) var tables: [Table] = []

    init() {}

    /// Compiles statements and runs none; reads the schema and no row. `connection` has no stand-ins.
    init(of connection: SQLiteConnection) throws {
        let (ordinary, virtual) = try Self.names(connection)
        if try connection.refusal(of: "PRAGMA integrity_check") != nil {
            for name in ordinary { try add(name, connection.refusal(of: "PRAGMA integrity_check(\(quoted(name)))")) }
        }
        for name in virtual { try add(name, connection.refusal(of: "SELECT * FROM \(quoted(name))")) }
        tables.sort { $0.name < $1.name }
    }

    private mutating func add(_ name: String, _ reason: String?) throws {
        if let reason { tables.append(Table(name: name, reason: reason)) }
    }

    private static func names(_ connection: SQLiteConnection) throws -> (ordinary: [String], virtual: [String]) {
        var (ordinary, virtual): ([String], [String]) = ([], [])
        let list = """
            SELECT name, type FROM pragma_table_list WHERE schema = 'main' AND type <> 'view' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'
            """
        try connection.query(list) { row in
            guard let name = row.text(0) else { return }
            if row.text(1) == "virtual" { virtual.append(name) } else { ordinary.append(name) }
        }
        return (ordinary, virtual)
    }

    var isEmpty: Bool { tables.isEmpty }

    func contains(_ name: String) -> Bool { tables.contains { $0.name == name } }

    /// "table notes (no such collation sequence: unicase)", of the first few.
    var texts: [String] {
        tables.prefix(Self.most).map { "table \($0.name) (\($0.reason))" }
            + (tables.count > Self.most ? ["\(tables.count - Self.most) more"] : [])
    }

    private static let most = 8

    /// One sentence for people; nil when there is nothing to say.
    var sentence: String? {
        guard !isEmpty else { return nil }
        let what = texts.joined(separator: ", ")
        return "SQLite cannot check \(what) here, because only the database's own program has that: compared page by page instead"
    }
}

extension SQLiteConnection {
    /// Why SQLite cannot compile a statement; nil when it can. Throws whatever else is wrong, such as damage. The statement does not run.
    func refusal(of sql: String) throws(SQLiteError) -> String? {
        var prepared: OpaquePointer?
        let code = sqlite3_prepare_v2(handle, sql, -1, &prepared, nil)
        sqlite3_finalize(prepared)
        guard code != SQLITE_OK else { return nil }
        let problem = error(code, sql)
        guard problem.isRefusal else { throw problem }
        return problem.message
    }

    /// Lets every collation that this SQLite lacks be one by bytes. Good for whatever only goes through pages and rows: nothing may be sorted, sought or
    /// written by it.
    func takeStandIns() throws(SQLiteError) {
        let code = sqlite3_collation_needed(handle, nil) { _, handle, _, name in
            sqlite3_create_collation_v2(
                handle, name, SQLITE_UTF8, nil,
                { _, leftCount, left, rightCount, right in
                    let left = UnsafeRawBufferPointer(start: left, count: Int(leftCount))
                    let right = UnsafeRawBufferPointer(start: right, count: Int(rightCount))
                    if left.lexicographicallyPrecedes(right) { return -1 }
                    return left.elementsEqual(right) ? 0 : 1
                }, nil)
        }
        try check(code, "take stand-ins for collations")
    }
}

extension SQLiteError {
    /// SQLite cannot make sense of a statement, for want of a name that it uses. Damage, locks and disks have codes of their own.
    var isRefusal: Bool { primaryCode == SQLITE_ERROR }
}
