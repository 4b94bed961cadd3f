import Model

/// Names of relations by the numbers of their files.
struct RelationNames {
    private let connection: PostgresConnection
    private let access: PostgresAccess

    init(_ connection: PostgresConnection, _ access: PostgresAccess) {
        self.connection = connection
        self.access = access
    }

    /// What people know of a relation.
    enum Name: Hashable {
        /// `table public.accounts in acme`: itself, or the table whose long values it has.
        case known(String)
        /// Of a database; nil of all.
        case catalogue(String?)
        /// It has no name any more in that database.
        case gone(String)

        var text: String {
            switch self {
            case .known(let text): text
            case .catalogue(let database): database.map { "the catalogues of \($0)" } ?? "the catalogues of the server"
            case .gone(let database): "a table or index that \(database) does not have now"
            }
        }
    }

    /// Each once, in the order of the databases.
    func names(of relations: [LogRecords.Relation]) throws -> [Name] {
        var names: [Name] = []
        let byDatabase = Dictionary(grouping: relations, by: \.database)
        for database in byDatabase.keys.sorted() {
            for name in try self.names(of: byDatabase[database] ?? [], inDatabase: database) where !names.contains(name) {
                names.append(name)
            }
        }
        return names
    }

    private func names(of relations: [LogRecords.Relation], inDatabase number: UInt32) throws -> [Name] {
        guard number != 0 else { return [.catalogue(nil)] }
        let database = try name(ofDatabase: number)
        guard let database, let session = try? PostgresConnection(access.connection, database: database) else {
            return [.known("database \(database ?? "number \(number)")")]
        }
        defer { session.close() }
        return try relations.map { try name(of: $0, in: database, session) }
    }

    /// Nil when there is none, or when nobody may connect to it.
    func name(ofDatabase number: UInt32) throws -> String? {
        try connection.text("SELECT datname FROM pg_database WHERE oid = $1::oid AND datallowconn", ["\(number)"])
    }

    /// The large objects of a database are in one of its catalogues.
    private func name(of relation: LogRecords.Relation, in database: String, _ session: PostgresConnection) throws -> Name {
        let row = try session.rows(
            """
            SELECT CASE c.relkind WHEN 'i' THEN 'index' WHEN 'S' THEN 'sequence' WHEN 'm' THEN 'view' ELSE 'table' END, c.oid::regclass::text,
              c.oid < 16384, c.oid IN ('pg_largeobject'::regclass, 'pg_largeobject_loid_pn_index'::regclass)
            FROM (SELECT pg_filenode_relation(
                (SELECT CASE WHEN $1::oid = dattablespace THEN 0 ELSE $1::oid END FROM pg_database WHERE datname = current_database()), $2::oid
              )::oid AS oid) f, pg_class c
            WHERE c.oid = coalesce((SELECT t.oid FROM pg_class t WHERE t.reltoastrelid =
                coalesce((SELECT i.indrelid FROM pg_index i WHERE i.indexrelid = f.oid), f.oid)), f.oid)
            """, ["\(relation.tablespace)", "\(relation.file)"], as: "name a relation"
        ).first
        guard let row, let kind = row[0], let name = row[1] else { return .gone(database) }
        if row[3] == "t" { return .known("large objects in \(database)") }
        return row[2] == "t" ? .catalogue(database) : .known("\(kind) \(name) in \(database)")
    }
}
