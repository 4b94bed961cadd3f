import CSQLite
import HostIO

/// How a store's database differs from an image: both as still files of our own with the same page size.
struct DatabaseComparison {
    private(set) var differingPages = 0
    /// Names as people read them: `table accounts`, `index accounts_email`.
    private(set) var created: [String] = []
    private(set) var deleted: [String] = []
    private(set) var replaced: [String] = []
    private(set) var unchanged = 0
    /// Damage keeps SQLite from telling what is in the live database.
    private(set) var isLiveDamaged = false

    private struct Named: Hashable {
        var kind: String
        var name: String
        var text: String { "\(kind) \(name)" }
    }

    private struct Definition: Hashable {
        var table: String
        var sql: String
    }

    init(live: StagedDatabase, image: StagedDatabase, pageSize: Int, job: JobControl) throws {
        let pages = try PageComparison(live.path, image.path, pageSize: pageSize, job: job)
        differingPages = pages.count
        let before = try live.connect(.existing)
        let after = try image.connect(.existing)
        defer {
            before.close()
            after.close()
        }
        guard let new = try Self.unlessDamaged({ try Self.definitions(after) }) else {
            if pages.count > 0 { replaced = ["\(image.name), as damaged as it was"] }
            return
        }
        if pages.count == 0 {
            unchanged = new.count
            return
        }
        guard let old = try Self.unlessDamaged({ try Self.definitions(before) }),
            let touchedBefore = try Self.unlessDamaged({ try Self.touchedTables(before, pages) })
        else {
            isLiveDamaged = true
            replaced = ["\(live.name), which is damaged: undo cannot bring back what was left of it"]
            return
        }
        let touched = touchedBefore.union(try Self.unlessDamaged { try Self.touchedTables(after, pages) } ?? [])
        for (named, definition) in new {
            guard let present = old[named] else {
                created.append(named.text)
                continue
            }
            let rewritten = named.kind == "table" && touched.contains(named.name)
            if rewritten || present != definition { replaced.append(named.text) } else { unchanged += 1 }
        }
        deleted = old.keys.filter { new[$0] == nil }.map(\.text)
        if created.isEmpty, deleted.isEmpty, replaced.isEmpty { replaced.append("header or free pages") }
        created.sort()
        deleted.sort()
        replaced.sort()
    }

    var isEqual: Bool { differingPages == 0 }
    var differences: Int { created.count + deleted.count + replaced.count }

    /// A few of each, at most `limit`.
    func examples(limit: Int) -> [String] {
        let all =
            deleted.prefix(8).map { "delete \($0)" } + replaced.prefix(8).map { "replace \($0)" } + created.prefix(8).map { "create \($0)" }
        return Array(all.prefix(limit))
    }

    /// Nil when the database is damaged. A wild page number makes SQLite say that the disk is full, also where nothing is written.
    private static func unlessDamaged<Found>(_ look: () throws -> Found) throws -> Found? {
        do {
            return try look()
        } catch let error as SQLiteError where error.isUnusableContent || error.primaryCode == SQLITE_FULL {
            return nil
        }
    }

    private static func definitions(_ connection: SQLiteConnection) throws -> [Named: Definition] {
        var found: [Named: Definition] = [:]
        try connection.query("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!'") { row in
            guard let kind = row.text(0), let name = row.text(1) else { return }
            found[Named(kind: kind, name: name)] = Definition(table: row.text(2) ?? "", sql: row.text(3) ?? "")
        }
        return found
    }

    /// Tables that own a differing page, themselves or through an index; all tables when this SQLite has no `dbstat`.
    private static func touchedTables(_ connection: SQLiteConnection, _ pages: PageComparison) throws -> Set<String> {
        var tables: [String: String] = [:]
        try connection.query("SELECT name, tbl_name FROM sqlite_schema") { row in
            if let name = row.text(0) { tables[name] = row.text(1) }
        }
        guard try connection.integer("SELECT 1 FROM pragma_module_list WHERE name = 'dbstat'") != nil else { return Set(tables.values) }
        var touched: Set<String> = []
        try connection.query("SELECT pageno, name FROM dbstat") { row in
            guard let page = row.integer(0).flatMap({ Int(exactly: $0) }), pages.contains(page), let name = row.text(1) else { return }
            touched.insert(tables[name] ?? name)
        }
        return touched
    }
}
