import Glibc
import HostIO
import Model

/// The store's database as it is found.
enum LiveDatabase {
    case missing
    /// There is a file, but SQLite cannot read it: it can only be replaced as a whole.
    case unusable(SQLiteError)
    case usable(SQLiteConnection, DatabaseFacts)

    /// Waits `patience` milliseconds for locks, at each step that needs one.
    static func find(
        _ files: DatabaseFiles, for purpose: DatabaseOpening.Purpose = .reading, patience: Int32
    ) throws -> LiveDatabase {
        guard let status = try files.status() else { return .missing }
        guard status.kind == .file else {
            throw Failure(
                .store, "\(files.path): not a file", hint: "correct `path` in the cluster file: an sqlite store is one database file")
        }
        do {
            let connection = try open(files, purpose, patience)
            return .usable(connection, try DatabaseFacts(of: connection))
        } catch let error as SQLiteError where error.isUnusableContent {
            return .unusable(error)
        } catch let error as SQLiteError where error.isForbidden {
            guard let frozen = try FrozenDatabase.find(files) else { throw error }
            let connection = try frozen.connect()
            return .usable(connection, try DatabaseFacts(of: connection))
        }
    }

    /// A database that is there and readable; otherwise a `Failure` of code `store`.
    static func require(_ files: DatabaseFiles, patience: Int32) throws -> (connection: SQLiteConnection, facts: DatabaseFacts) {
        switch try find(files, patience: patience) {
        case .missing:
            throw Failure(
                .store, "\(files.path): no such database",
                hint: "correct `path` in the cluster file, or restore the store from a snapshot or backup")
        case .unusable(let error): throw error.failure
        case .usable(let connection, let facts): return (connection, facts)
        }
    }

    /// Closing the last connection would move a log that a crashed application left into the database; that is left to the
    /// application, so that looking changes nothing.
    private static func open(
        _ files: DatabaseFiles, _ purpose: DatabaseOpening.Purpose, _ patience: Int32
    ) throws -> SQLiteConnection {
        let pending = try files.hasPendingLog()
        let connection = try SQLiteConnection(path: files.path, patience: patience)
        let user = Host.current().user
        switch try DatabaseOpening(of: files, isWAL: connection.hasLogHeader()).manner(for: purpose, folder: files.folder, user: user) {
        case .locked:
            if pending { try connection.turn(.noCheckpointOnClose, on: true) }
            return connection
        case .unlocked:
            connection.close()
            return try FrozenDatabase(files).connect()
        case .refused(let obstacle):
            connection.close()
            throw Failure(.store, "\(files.path): cannot open the database", hint: obstacle.hint, cause: obstacle.text)
        }
    }
}
