import Model

/// Names of relations by the numbers of their files.
struct RelationNames {
    private let connection: PostgresConnection
    private let access: PostgresAccess

    init(_ connection: PostgresConnection, _ access: PostgresAccess) {
        self.connection = connection
        self.access = access
    }

    /// `table public.accounts in acme`; `file 16384 in acme` for one that has no name any more. Of a shared catalogue without a database.
    func names(of relations: [LogRecords.Relation]) throws -> [String] {
        var names: [String] = []
        let byDatabase = Dictionary(grouping: relations, by: \.database)
        for database in byDatabase.keys.sorted() {
            let found = byDatabase[database] ?? []
            guard database != 0 else {
                names += try found.map { try name(of: $0, connection) }
                continue
            }
            let datname = try connection.text("SELECT datname FROM pg_database WHERE oid = $1::oid AND datallowconn", ["\(database)"])
            guard let datname, let session = try? PostgresConnection(access.connection, database: datname) else {
                names.append("database \(datname ?? "number \(database)")")
                continue
            }
            defer { session.close() }
            names += try found.map { "\(try name(of: $0, session)) in \(datname)" }
        }
        return names
    }

    private func name(of relation: LogRecords.Relation, _ session: PostgresConnection) throws -> String {
        let row = try session.rows(
            """
            SELECT CASE relkind WHEN 'i' THEN 'index' WHEN 'S' THEN 'sequence' WHEN 't' THEN 'long values' WHEN 'm' THEN 'view' ELSE 'table' END,
              oid::regclass::text FROM pg_class WHERE oid = pg_filenode_relation(
                (SELECT CASE WHEN $1::oid = dattablespace THEN 0 ELSE $1::oid END FROM pg_database WHERE datname = current_database()), $2::oid)
            """, ["\(relation.tablespace)", "\(relation.file)"], as: "name a relation"
        ).first
        guard let row, let kind = row[0], let name = row[1] else { return "file \(relation.file)" }
        return "\(kind) \(name)"
    }
}
