import Synchronization

/// What is set in every session of Holdfast, its own ones and those of the programs that it starts. A server, a database and a role may have any
/// other value (`ALTER SYSTEM`, `ALTER DATABASE … SET`, `ALTER ROLE … SET`); what a session asks for when it begins goes before all of them
/// (manual of PostgreSQL, "Setting Parameters").
enum SessionSettings {
    struct Setting: Hashable, Sendable {
        var name: String
        var value: String

        init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }

    /// Goes before what the operator's own connection asks for, so that a role which that names is taken.
    static let beforeOperator = [Setting("role", "none")]

    /// Anybody may set these, in every release.
    static let common: [Setting] = [
        // Nothing is forbidden, cut short, or ended by its first error.
        Setting("default_transaction_read_only", "off"), Setting("default_transaction_deferrable", "off"),
        Setting("default_transaction_isolation", "read committed"), Setting("statement_timeout", "0"), Setting("lock_timeout", "0"),
        Setting("idle_in_transaction_session_timeout", "0"), Setting("exit_on_error", "off"),
        Setting("client_min_messages", "warning"), Setting("local_preload_libraries", ""), Setting("vacuum_cost_delay", "0"),
        // All rows are read, or it is an error; and what is found does not depend on luck.
        Setting("row_security", "off"), Setting("gin_fuzzy_search_limit", "0"), Setting("synchronize_seqscans", "off"),
        Setting("backslash_quote", "safe_encoding"), Setting("standard_conforming_strings", "on"), Setting("transform_null_equals", "off"),
        Setting("quote_all_identifiers", "off"),
        // Values are written and read in one form, wherever the server stands.
        Setting("DateStyle", "ISO, MDY"), Setting("IntervalStyle", "postgres"), Setting("TimeZone", "UTC"),
        Setting("extra_float_digits", "3"), Setting("bytea_output", "hex"), Setting("lc_monetary", "C"), Setting("array_nulls", "on"),
        Setting("xmloption", "content"), Setting("xmlbinary", "base64"),
        // What is made is of the usual kind, unless it is said of it.
        Setting("default_tablespace", ""), Setting("temp_tablespaces", ""), Setting("default_table_access_method", "heap"),
        Setting("check_function_bodies", "off"),
    ]

    /// For statements of our own, which name what they mean, and wait for nobody without end.
    static let own = [Setting("search_path", "pg_catalog"), Setting("lock_timeout", "\(LockHolders.patience)")]

    /// Superusers alone may set these.
    static let privileged: [Setting] = [
        Setting("session_preload_libraries", ""), Setting("session_replication_role", "origin"), Setting("zero_damaged_pages", "off"),
        Setting("ignore_checksum_failure", "off"), Setting("temp_file_limit", "-1"), Setting("lc_messages", "C"),
        Setting("lo_compat_privileges", "off"), Setting("commit_delay", "0"),
    ]

    /// All that somebody with these rights can set.
    static func all(for rights: SessionRights) -> [Setting] {
        var settings = common
        if rights.release >= 14 { settings.append(Setting("idle_session_timeout", "0")) }
        if rights.release >= 17 { settings.append(Setting("transaction_timeout", "0")) }
        guard rights.isSuperuser else { return settings }
        settings += privileged
        if rights.release >= 14 { settings.append(Setting("debug_discard_caches", "0")) }
        // Those on logins run with the rights of who connects.
        if rights.release >= 17 { settings.append(Setting("event_triggers", "off")) }
        return settings
    }

    /// As `options` of a connection and PGOPTIONS take them.
    static func text(_ settings: [Setting]) -> String {
        settings.map { setting in
            // What a shell would take for the end of a word has a backslash before it (`pg_split_opts`).
            let value = setting.value.replacing("\\", with: "\\\\").replacing(" ", with: "\\ ")
            return "-c \(setting.name)=\(value)"
        }.joined(separator: " ")
    }

    /// `operators`: what the connection itself asks for.
    static func options(_ settings: [Setting], operators: String?) -> String {
        [text(beforeOperator), operators, text(settings)].compactMap { $0 }.joined(separator: " ")
    }

    /// Those of programs that connect by `connection` with such rights.
    static func ofPrograms(_ connection: String, _ rights: SessionRights) -> String {
        options(all(for: rights), operators: ConnectionText.options(of: connection))
    }

    /// Sets what was not asked for when the session began.
    static func statement(_ settings: [Setting]) -> String {
        "SELECT " + settings.map { "pg_catalog.set_config('\($0.name)', '\($0.value)', false)" }.joined(separator: ", ")
    }
}

/// What decides which settings a session can have.
struct SessionRights: Hashable, Sendable {
    /// Of the server: 15.
    var release: Int
    var isSuperuser: Bool

    /// Of those who have connected so before, by the connection. A server may be another by now, and a role have other rights.
    private static let known = Mutex<[String: SessionRights]>([:])

    static func known(of connection: String) -> SessionRights? { known.withLock { $0[connection] } }
    static func remember(_ rights: SessionRights?, of connection: String) { known.withLock { $0[connection] = rights } }
}
