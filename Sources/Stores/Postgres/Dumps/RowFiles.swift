import Model

/// Which file of a dump the rows belong into that a statement of `pg_dump` reads. By the number of the table: names are quoted in one place and
/// not in the other, and rows of a partition may be meant for the table that it is a part of.
struct RowFiles {
    /// By `pg_class.oid`.
    private var files: [String: String] = [:]
    private var numbers: [[UInt8]: String] = [:]

    /// `dump`: the directory of one of the database that `connection` is with, and that is whole.
    init(of dump: String, _ connection: PostgresConnection, _ programs: ServerPrograms) throws {
        for entry in try DumpContents(of: dump).entries where entry.isData {
            files[entry.tableNumber] = entry.rowsName
        }
        let tables = try connection.rows(
            "SELECT c.oid, format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r'",
            as: "list the tables")
        for table in tables { numbers[Array((table[1] ?? "").utf8)] = table[0] ?? "" }
    }

    func file(of rows: RowStream) throws -> String {
        let relation = CopiedTable(rows.statement)?.relation
        if let file = relation.flatMap({ numbers[Array($0.utf8)] }).flatMap({ files[$0] }) { return file }
        throw Failure(.store, "pg_dump has read rows that are not in its dump: \(printable(rows.statement, limit: 200))")
    }
}
