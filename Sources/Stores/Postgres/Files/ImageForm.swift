import HostIO
import Model
import NativeImages

/// How an image of a server is made, and why not in a better way.
enum ImageForm: Sendable {
    /// A snapshot of the file system: one instant, from which the server recovers as after a loss of power.
    case snapshot
    /// Clones of the files, with the log that makes them consistent: a base backup that takes no room and reads nothing.
    case clones
    /// The files of the data directory with the log that makes them consistent.
    case files(whyNotNative: String)
    /// Dumps.
    case dump(whyNotFiles: String)

    var isDump: Bool { if case .dump = self { true } else { false } }

    var reason: String {
        switch self {
        case .snapshot: "the data directory is a btrfs subvolume on the file system of the storage"
        case .clones: "clones of the server's files, which lie on the file system of the storage, with the log that they need"
        case .files(let why): "the files of the server with the log that they need, read while it runs; no native image: \(why)"
        case .dump(let why): "dumps of one exported snapshot: \(why)"
        }
    }

    /// The first PostgreSQL whose interface for backups is used here (`pg_backup_start`).
    static let oldest = 15

    /// Why the files cannot be read as an image; nil when they can.
    static func obstacle(_ connection: PostgresConnection, _ facts: ServerFacts, _ directory: DataDirectory?) throws -> String? {
        guard let directory else { return "no data-directory is given: the server is on another host" }
        if facts.major < oldest { return "PostgreSQL \(facts.version) is older than \(oldest)" }
        if facts.isInRecovery { return "the server is a standby" }
        if facts.walLevel == "minimal" { return "wal_level is minimal; set it to replica" }
        if !facts.mayBackUp { return "the user may not call pg_backup_start and make a replication slot; use a superuser, or grant both" }
        if facts.slots.used >= facts.slots.most { return "all of max_replication_slots (\(facts.slots.most)) are taken; raise it" }
        return try mismatch(connection, directory) ?? unreadable(facts, directory)
    }

    /// Whether the server that answers works on this directory: copies of a server share its identifier, but not what their control files say
    /// of their last checkpoint. It may make one between two looks.
    private static func mismatch(_ connection: PostgresConnection, _ directory: DataDirectory) throws -> String? {
        do {
            for _ in 0..<5 {
                guard let file = try directory.control() else { return "\(directory.path) holds no control file" }
                if try file == ControlFacts(of: connection) { return nil }
            }
            return "\(directory.path) is of another server than the one that answers"
        } catch let error as SystemError {
            return "\(error)"
        }
    }

    private static func unreadable(_ facts: ServerFacts, _ directory: DataDirectory) -> String? {
        let places = [directory.path, directory.file("base"), directory.file("pg_wal")] + facts.tablespaces.map(\.location)
        for place in places {
            do { _ = try Descriptor.openDirectory(place) } catch { return "\(error)" }
        }
        return nil
    }
}
