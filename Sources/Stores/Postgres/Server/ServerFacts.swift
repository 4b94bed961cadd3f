/// What a running server says about itself.
struct ServerFacts: Sendable {
    struct Tablespace: Hashable, Sendable {
        var number: String
        var location: String
    }

    /// `15.18 (Debian 15.18-0+deb12u1)`.
    var version: String
    var versionNumber: Int
    /// Of the session that asked.
    var rights: SessionRights
    var systemIdentifier: UInt64
    var timeline: UInt32
    var isInRecovery: Bool
    var programs: String?
    var walLevel: String
    var hasChecksums: Bool
    var segmentSize: UInt64
    /// Slots that may exist, and that do.
    var slots: (most: Int, used: Int)
    /// May call `pg_backup_start`, `pg_backup_stop`, and make a replication slot.
    var mayBackUp: Bool
    var tablespaces: [Tablespace]
    /// Those that are saved (``DatabaseInventory``).
    var databases: [String]
    /// Those of them that others are made from.
    var templates: Set<String>
    /// Of all databases; nil when this user may not see it.
    var bytes: UInt64?

    init(of connection: PostgresConnection) throws {
        let row = try connection.rows(Self.query, as: "ask about the server").first ?? []
        func text(_ index: Int) -> String { index < row.count ? row[index] ?? "" : "" }
        versionNumber = connection.version
        rights = connection.rights
        version = text(0)
        systemIdentifier = UInt64(text(1)) ?? 0
        timeline = UInt32(text(2)) ?? 1
        isInRecovery = text(3) == "t"
        walLevel = text(4)
        hasChecksums = text(5) == "on"
        segmentSize = UInt64(text(6)) ?? 16 << 20
        slots = (Int(text(7)) ?? 0, Int(text(8)) ?? 0)
        mayBackUp = text(9) == "t"
        bytes = UInt64(text(10))
        programs = Self.programs(connection)
        tablespaces = try connection.rows(
            "SELECT oid::text, pg_tablespace_location(oid) FROM pg_tablespace WHERE pg_tablespace_location(oid) LIKE '/%' ORDER BY oid"
        ).map { Tablespace(number: $0[0] ?? "", location: $0[1] ?? "") }
        let inventory = try DatabaseInventory(of: connection)
        databases = inventory.saved
        templates = inventory.templates
    }

    /// Of the time line: the file that is written now, because the control file shows the one of the last checkpoint.
    private static let query = """
        SELECT current_setting('server_version'), (SELECT system_identifier FROM pg_control_system()),
          CASE WHEN pg_is_in_recovery() THEN (SELECT timeline_id::int FROM pg_control_checkpoint())
               ELSE ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int END,
          pg_is_in_recovery(), current_setting('wal_level'), current_setting('data_checksums'),
          (SELECT setting::bigint * CASE unit WHEN 'B' THEN 1 ELSE 1048576 END FROM pg_settings WHERE name = 'wal_segment_size'),
          current_setting('max_replication_slots'), (SELECT count(*) FROM pg_replication_slots),
          coalesce((SELECT bool_and(has_function_privilege(oid, 'execute')) FROM pg_proc WHERE proname IN ('pg_backup_start', 'pg_backup_stop')),
            false) AND (SELECT rolsuper OR rolreplication FROM pg_roles WHERE rolname = current_user),
          (SELECT sum(CASE WHEN has_database_privilege(oid, 'connect') THEN pg_database_size(oid) END)::bigint FROM pg_database)
        """

    /// Superusers only.
    private static func programs(_ connection: PostgresConnection) -> String? {
        try? connection.text("SELECT setting FROM pg_config WHERE name = 'BINDIR'")
    }

    var major: Int { versionNumber / 10_000 }

    var texts: [String: String] {
        [
            "system-identifier": String(systemIdentifier), "timeline": String(timeline), "wal-level": walLevel,
            "checksums": hasChecksums ? "on" : "off", "databases": databases.joined(separator: " "),
            "tablespaces": String(tablespaces.count), "standby": isInRecovery ? "yes" : "no",
        ]
    }
}
