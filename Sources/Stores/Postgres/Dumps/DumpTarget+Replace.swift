import HostIO
import Model

extension DumpTarget {
    /// Makes a database with `make`; one of that name that is there is moved aside first, and goes only when the new one is whole. On a
    /// failure it comes back.
    ///
    /// A server whose database is dropped writes out all that it has in memory, so one that nobody has touched goes before there is much.
    func replace(_ database: String, _ make: () throws -> Void) throws {
        let aside = "\(database.prefix(40))_holdfast_\(host.randomHex(bytes: 4))"
        let isThere = facts.databases.contains(database)
        let isUntouched = try isThere && isUntouched(database)
        if isUntouched { try drop(database) } else if isThere { try rename(database, to: aside) }
        do { try make() } catch {
            try? drop(database)
            if isUntouched { try makeUntouched(database) } else if isThere { try rename(aside, to: database) }
            throw error
        }
        if isThere, !isUntouched { try drop(aside) }
    }

    /// Sessions in it end.
    private func rename(_ database: String, to name: String) throws {
        let session = try session()
        defer { session.close() }
        _ = try session.rows("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1", [database])
        try session.execute(
            "ALTER DATABASE \(quotedName(database)) RENAME TO \(quotedName(name))", as: "move the database \(database) aside")
    }

    /// As `initdb` has made it: the one called `postgres`, with no object but those of the server's own (whose numbers are below 16384,
    /// FirstNormalObjectId in `access/transam.h`), and with no settings and rights.
    private func isUntouched(_ database: String) throws -> Bool {
        guard database == "postgres" else { return false }
        let session = try session(database)
        defer { session.close() }
        let catalogues = [
            "class", "namespace", "proc", "type", "extension", "operator", "cast", "language", "largeobject_metadata", "default_acl",
            "foreign_data_wrapper", "event_trigger", "publication", "ts_config", "ts_dict", "ts_parser", "ts_template", "am",
        ]
        let objects = catalogues.map { "SELECT oid FROM pg_\($0) WHERE oid >= 16384" }.joined(separator: " UNION ALL ")
        return try session.isTrue(
            """
            SELECT NOT EXISTS (\(objects)) AND NOT EXISTS (SELECT FROM pg_db_role_setting WHERE setdatabase = d.oid)
              AND NOT EXISTS (SELECT FROM pg_subscription WHERE subdbid = d.oid) AND d.datacl IS NULL AND d.datconnlimit = -1
              AND d.datdba = t.datdba AND d.encoding = t.encoding AND d.datcollate = t.datcollate AND d.datctype = t.datctype
              AND d.datlocprovider = t.datlocprovider AND d.dattablespace = t.dattablespace
            FROM pg_database d, pg_database t WHERE d.datname = current_database() AND t.datname = 'template0'
            """)
    }

    private func makeUntouched(_ database: String) throws {
        let session = try session()
        defer { session.close() }
        try session.execute("CREATE DATABASE \(quotedName(database)) TEMPLATE template0", as: "make the database \(database) again")
    }
}
