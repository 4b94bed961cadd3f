/// What of a data directory is part of an image: as `pg_basebackup` does it (basebackup.c), and without the server's own text log.
package enum DataDirectoryRules {
    /// A directory, by what its entries are.
    package enum Place: Hashable, Sendable {
        case root
        /// Kept without its entries.
        case emptied
        /// `pg_wal`; what is needed of it comes with the end of a backup.
        case log
        /// `pg_tblspc`, whose links become directories.
        case tablespaces
        /// Of one tablespace: a directory for each release that uses it.
        case tablespace
        /// Its directories are databases.
        case databases
        case database
        case shared
        case other
    }

    private static let emptied: Set<[UInt8]> = names(
        "pg_stat_tmp", "pg_replslot", "pg_dynshmem", "pg_notify", "pg_serial", "pg_snapshots", "pg_subtrans")
    /// The label of a base backup, by which a server knows where to begin its recovery.
    static let label = "backup_label"

    private static let leftOutAtRoot: Set<[UInt8]> = names(
        "postgresql.auto.conf.tmp", "current_logfiles", "current_logfiles.tmp", label, "backup_label.old", "tablespace_map",
        "tablespace_map.old", "backup_manifest", "postmaster.pid", "postmaster.opts", "recovery.signal", "standby.signal", "log", "pg_log",
        "lost+found", DataDirectory.guardName)

    /// Neither compared nor touched by a restore: what belongs to the running of this server.
    static let untouched: Set<[UInt8]> = names(
        "postmaster.opts", "current_logfiles", "backup_label.old", "tablespace_map.old", "log", "pg_log", "lost+found", "PG_VERSION",
        DataDirectory.guardName)

    /// Directories whose entries are no part of an image, or come to it at its end: not worth a clone.
    static let notCloned: Set<[UInt8]> = emptied.union(names("pg_wal", "log", "pg_log"))

    private static func names(_ names: String...) -> Set<[UInt8]> { Set(names.map { Array($0.utf8) }) }

    package static func place(of name: [UInt8], in parent: Place) -> Place {
        switch parent {
        case .root:
            if emptied.contains(name) { return .emptied }
            switch String(decoding: name, as: UTF8.self) {
            case "pg_wal": return .log
            case "pg_tblspc": return .tablespaces
            case "base": return .databases
            case "global": return .shared
            default: return .other
            }
        case .tablespaces: return .tablespace
        case .tablespace: return .databases
        case .databases: return .database
        case .emptied, .log, .database, .shared, .other: return .other
        }
    }

    /// Of the names in a directory those that are kept.
    package static func kept(_ names: [[UInt8]], in place: Place) -> [[UInt8]] {
        switch place {
        case .emptied: return []
        case .root: return names.filter { !leftOutAtRoot.contains($0) && !isTransient($0) }
        case .tablespace: return names.filter { $0.starts(with: Array("PG_".utf8)) }
        case .database:
            let unlogged = Set(names.compactMap { name in RelationFile(name).flatMap { $0.fork == .initial ? $0.relation : nil } })
            return names.filter { !isTransient($0) && isKept($0, unlogged: unlogged) }
        default: return names.filter { !isTransient($0) }
        }
    }

    /// Of an unlogged relation only the fork from which it is made empty; of a temporary one nothing.
    private static func isKept(_ name: [UInt8], unlogged: Set<Substring>) -> Bool {
        guard let file = RelationFile(name) else { return true }
        return !file.isTemporary && (file.fork == .initial || !unlogged.contains(file.relation))
    }

    private static func isTransient(_ name: [UInt8]) -> Bool {
        name.starts(with: Array("pgsql_tmp".utf8)) || name.starts(with: Array("pg_internal.init".utf8))
    }
}

/// The name of a file of a relation: `16384`, `16384.2`, `16384_fsm`, `t3_16384` (relpath.c).
package struct RelationFile: Hashable {
    package enum Fork: String { case main = "", map = "fsm", visibility = "vm", initial = "init" }

    /// Digits.
    package let relation: Substring
    package let fork: Fork
    package let isTemporary: Bool

    /// Nil when it is no such name.
    package init?(_ name: [UInt8]) {
        var rest = String(decoding: name, as: UTF8.self)[...]
        isTemporary = rest.first == "t"
        if isTemporary {
            guard let line = rest.firstIndex(of: "_"), Self.isNumber(rest[..<line].dropFirst()) else { return nil }
            rest = rest[rest.index(after: line)...]
        }
        if let dot = rest.lastIndex(of: ".") {
            guard Self.isNumber(rest[rest.index(after: dot)...]) else { return nil }
            rest = rest[..<dot]
        }
        let parts = rest.split(separator: "_", maxSplits: 1, omittingEmptySubsequences: false)
        guard Self.isNumber(parts[0]), let fork = Fork(rawValue: parts.count > 1 ? String(parts[1]) : ""), parts.count == 1 || fork != .main
        else { return nil }
        relation = parts[0]
        self.fork = fork
    }

    private static func isNumber(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
