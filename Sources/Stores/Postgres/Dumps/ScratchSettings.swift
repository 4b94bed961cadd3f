/// The configuration of a scratch server. Of what an image says only this is taken over: how many locks its server had, and libraries without which its
/// tables cannot be read. All else would let the image run or load something, write elsewhere, or block.
struct ScratchSettings: Hashable, Sendable {
    /// `max_locks_per_transaction`: a dump locks every table of a database.
    var locks: UInt32 = Self.leastLocks
    /// `shared_preload_libraries`.
    var libraries: [String] = []
    /// Of the programs.
    var release: Int
    /// Libraries of extensions that can only be made where the server began with them. What they would run beside the sessions does not begin.
    var preloaded: [Preload] = []

    /// An extension, and a database that has it.
    struct Preload: Hashable, Sendable {
        var library: String
        var database: String
    }

    static let leastLocks: UInt32 = 64
    static let mostLocks: UInt32 = 16_384

    /// Libraries whose tables have an access method or triggers that only work when they are loaded with the server. Others watch, log or schedule: what
    /// they do is not wanted here.
    static let needed: Set<String> = ["citus", "citus_columnar", "timescaledb", "pg_duckdb", "orioledb"]

    init(release: Int, locks: UInt32 = 0, configured: [String] = [], isInstalled: (String) -> Bool = { _ in false }) {
        self.release = release
        self.locks = min(max(locks, Self.leastLocks), Self.mostLocks)
        libraries = configured.filter { Self.needed.contains($0) && isInstalled($0) }
    }

    /// `socket`, `access`: as the server sees them.
    func text(socket: String, access: String) -> String {
        var lines = [
            "listen_addresses = ''", "unix_socket_directories = '\(socket)'", "port = \(ScratchPlace.port)", "hba_file = '\(access)'",
            "ident_file = '\(access)'", "fsync = off", "full_page_writes = off", "synchronous_commit = off", "autovacuum = off",
            "archive_mode = off", "ssl = off", "allow_in_place_tablespaces = on", "max_wal_size = 8GB",
            "max_prepared_transactions = 1000", "max_connections = 400", "max_locks_per_transaction = \(locks)",
            "max_logical_replication_workers = 0", "lc_messages = 'C'", "log_min_messages = warning", "log_destination = 'stderr'",
            "logging_collector = off",
            "shared_preload_libraries = '\((libraries + preloaded.map(\.library).filter { !libraries.contains($0) }).joined(separator: ","))'",
        ]
        // No background workers: a scheduler would run what the image has scheduled.
        if !preloaded.isEmpty { lines.append("max_worker_processes = 0") }
        // It is made in one database alone, which it has to be told beforehand.
        for own in preloaded where own.library == "pg_cron" {
            lines += ["cron.database_name = \(Self.quoted(own.database))", "cron.launch_active_jobs = off"]
        }
        // They would run on every connection (since 17), with the rights of who connects.
        if release >= 17 { lines.append("event_triggers = off") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// As a configuration file takes it (`GUC_scanstr` in `guc-file.l`).
    private static func quoted(_ value: String) -> String {
        let escaped = value.unicodeScalars.map { scalar in
            switch scalar {
            case "'", "\\": "\\\(scalar)"
            case "\n": "\\n"
            case "\r": "\\r"
            default: String(scalar)
            }
        }
        return "'\(escaped.joined())'"
    }

    /// Settings of a session, which no setting of a database or a role overrides: no library of an image's choice is loaded, and none of its triggers on
    /// commands forbids anything.
    static let session = "-c session_preload_libraries= -c local_preload_libraries= -c session_replication_role=replica"
}
