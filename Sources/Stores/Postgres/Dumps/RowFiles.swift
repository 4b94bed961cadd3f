import Model

/// Which file of a dump the rows belong into that a statement of `pg_dump` reads.
struct RowFiles {
    /// By `COPY public.account (id, name)`.
    private var files: [String: String] = [:]
    /// By `COPY (SELECT id, name FROM public.account `, as a part of a table's rows is asked for: its columns, or `*` where it has none.
    private var filesOfParts: [(begin: String, file: String)] = []

    /// `dump`: the directory of one that is whole.
    init(of dump: String, _ programs: ServerPrograms) throws {
        let entries = try DumpComparison(programs: programs, left: dump, right: dump).contents(dump).entries.filter(\.isData)
        for (entry, statement) in zip(entries, try DumpStatements(programs: programs, folder: dump).copies(of: entries)) {
            let target = try CopiedTable(statement)
            files[String(statement.dropLast(DumpStatements.end.utf8.count))] = entry.rowsName
            let columns = target.columnList.isEmpty ? "*" : target.columnList
            filesOfParts.append(("COPY (SELECT \(columns) FROM \(target.relation) ", entry.rowsName))
        }
    }

    func file(of rows: RowStream) throws -> String {
        let statement = String(rows.statement.dropLast(RowStream.statementEnd.utf8.count))
        if let file = files[statement] ?? filesOfParts.first(where: { statement.hasPrefix($0.begin) })?.file { return file }
        throw Failure(.store, "pg_dump has read rows that are not in its dump: \(printable(rows.statement, limit: 200))")
    }
}
