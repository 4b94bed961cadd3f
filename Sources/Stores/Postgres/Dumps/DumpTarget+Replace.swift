import HostIO
import Model

extension DumpTarget {
    /// Makes a database with `make`; one of that name that is there is moved aside first, and goes only when the new one is whole. On a
    /// failure it comes back. Gives what is to be told of one that stays aside.
    ///
    /// A server writes out all that it has in memory when a database is dropped, so one that nobody has touched goes before there is much.
    @discardableResult
    func replace(_ database: String, _ make: () throws -> Void) throws -> [UnmadeObject] {
        guard facts.databases.contains(database) else {
            try orElse(make) { _ in try? drop(database) }
            return []
        }
        if let owner = try ownerOfUntouched(database) {
            try drop(database)
            try orElse(make) {
                try? drop(database)
                try bringBack(database, "CREATE DATABASE \(quotedName(database)) TEMPLATE template0 OWNER \(quotedName(owner))", after: $0)
                try? comment(database)
            }
            return []
        }
        let aside = PartNames.join(database, "_holdfast_\(host.randomHex(bytes: 4))")
        try rename(database, to: aside)
        try orElse(make) {
            try? drop(database)
            try bringBack(database, "ALTER DATABASE \(quotedName(aside)) RENAME TO \(quotedName(database))", after: $0)
        }
        do { try drop(aside) } catch let error as PostgresError where error.isRefusal {
            let remedy = "DROP DATABASE \(quotedName(aside)) WITH (FORCE)"
            return [UnmadeObject(database, "the database as it was", "it stays as \(aside): \(error.message)", remedy: remedy)]
        }
        return []
    }

    private func orElse(_ make: () throws -> Void, _ mend: (any Error) throws -> Void) throws {
        do { try make() } catch {
            try mend(error)
            throw error
        }
    }

    /// When that fails, too, the first failure is told, with what is to be done by hand.
    private func bringBack(_ database: String, _ statement: String, after error: any Error) throws {
        do {
            try administer(statement, as: "bring the database back")
        } catch let second {
            var failure = Failure(describing: error)
            failure.hint = "the database \(database) could not be brought back (\(Failure(describing: second).summary)); run: \(statement)"
            throw failure
        }
    }

    /// Sessions in it end.
    private func rename(_ database: String, to name: String) throws {
        let session = try session()
        defer { session.close() }
        _ = try session.rows(Self.endSessions, [DatabaseName.parameter(database)])
        try administer(
            ByteText.bytes("ALTER DATABASE \(quotedName(database)) RENAME TO \(quotedName(name))"), in: session,
            as: "move the database \(printable(database)) aside")
    }

    static let endSessions = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE \(DatabaseName.isIt)"

    /// What `initdb` says of the database `postgres`.
    private static let comment = "default administrative connection database"

    private func comment(_ database: String) throws {
        let session = try session()
        defer { session.close() }
        try session.execute("COMMENT ON DATABASE \(quotedName(database)) IS '\(Self.comment)'")
    }

    /// The owner of a database that is as `initdb` has made it: the one called `postgres`, with no object but those of the server's own (whose
    /// numbers are below 16384, FirstNormalObjectId in `access/transam.h`), all of which it has, and with nobody's rights, settings, comments
    /// and replication slots. Nil for any other, and where it is not a superuser who asks.
    private func ownerOfUntouched(_ database: String) throws -> String? {
        guard database == "postgres" else { return nil }
        let session = try session(database)
        defer { session.close() }
        let objects = Self.catalogues.map { "SELECT FROM pg_\($0) WHERE oid >= 16384" }.joined(separator: " UNION ALL ")
        // What `initdb` grants in the information schema is not recorded.
        let rights = [
            ("namespace", "nspacl", "nspname <> 'information_schema'"), ("proc", "proacl", "true"), ("type", "typacl", "true"),
            ("class", "relacl", "relnamespace <> 'information_schema'::regnamespace"), ("language", "lanacl", "true"),
        ].map { catalogue, column, filter in
            """
            SELECT FROM pg_\(catalogue) o WHERE \(filter) AND o.\(column) IS DISTINCT FROM (SELECT i.initprivs FROM pg_init_privs i
              WHERE i.classoid = 'pg_\(catalogue)'::regclass AND i.objoid = o.oid AND i.objsubid = 0)
            """
        }.joined(separator: " UNION ALL ")
        // What a database says of itself, but for what differs between any two.
        let own = "'{oid,datname,datistemplate,datallowconn,datfrozenxid,datminmxid,datlastsysoid,datcollversion,datacl}'::text[]"
        return try session.rows(
            """
            SELECT pg_get_userbyid(d.datdba) FROM pg_database d, pg_database t
            WHERE d.datname = current_database() AND t.datname = 'template0' AND (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
              AND to_jsonb(d) - \(own) = to_jsonb(t) - \(own) AND d.datacl IS NULL
              AND NOT EXISTS (\(objects)) AND NOT EXISTS (SELECT FROM pg_depend WHERE objid >= 16384 OR refobjid >= 16384)
              AND EXISTS (SELECT FROM pg_namespace WHERE nspname = 'public') AND EXISTS (SELECT FROM pg_extension WHERE extname = 'plpgsql')
              AND NOT EXISTS (\(rights)) AND NOT EXISTS (SELECT FROM pg_shdepend WHERE dbid = d.oid)
              AND NOT EXISTS (SELECT FROM pg_db_role_setting WHERE setdatabase = d.oid)
              AND NOT EXISTS (SELECT FROM pg_subscription WHERE subdbid = d.oid)
              AND NOT EXISTS (SELECT FROM pg_replication_slots WHERE database = d.datname)
              AND NOT EXISTS (SELECT FROM pg_seclabel)
              AND NOT EXISTS (SELECT FROM pg_shseclabel WHERE classoid = 'pg_database'::regclass AND objoid = d.oid)
              AND shobj_description(d.oid, 'pg_database') = '\(Self.comment)'
            """
        ).first?[0]
    }

    /// Of objects that somebody can make in a database.
    private static let catalogues = [
        "class", "namespace", "proc", "type", "extension", "operator", "opclass", "opfamily", "cast", "transform", "collation",
        "conversion", "language", "am", "largeobject_metadata", "statistic_ext", "default_acl", "foreign_data_wrapper",
        "foreign_server", "event_trigger", "publication", "ts_config", "ts_dict", "ts_parser", "ts_template",
    ]
}
