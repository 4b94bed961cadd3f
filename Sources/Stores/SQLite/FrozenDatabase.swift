import HostIO
import Model

/// A database that nobody uses and beside which SQLite can or should make no files for its locks (on a read-only mount, of another owner, left by a program
/// that crashed): it is read without any.
///
/// That is right as long as nobody begins to use it: files that look as before and no index of a log
/// (`-shm`), which every program that uses the database would have made, show it afterwards.
struct FrozenDatabase: Hashable, Sendable {
    private let files: DatabaseFiles
    private let main: FileStatus?
    private let log: FileStatus?
    private let hasIndex: Bool

    /// Nil where the file system may be written.
    static func find(_ files: DatabaseFiles) throws -> FrozenDatabase? {
        try Descriptor.openDirectory(files.folder).isReadOnly() ? FrozenDatabase(files) : nil
    }

    init(_ files: DatabaseFiles) throws {
        self.files = files
        main = try files.status().map(Self.timeless)
        log = try files.status(suffix: "-wal").map { status in
            var status = Self.timeless(status)
            // SQLite, as root, gives a log that it opens the owner that it has.
            status.changed = Timestamp(seconds: 0)
            return status
        }
        hasIndex = try files.status(suffix: "-shm") != nil
    }

    /// Reading moves the time of access.
    private static func timeless(_ status: FileStatus) -> FileStatus {
        var status = status
        status.accessed = Timestamp(seconds: 0)
        return status
    }

    /// With what its log holds, if it has one.
    func connect() throws -> SQLiteConnection {
        let connection = try SQLiteConnection(path: files.path, access: (log?.size ?? 0) > 0 ? .unlockedWithLog : .immutable)
        connection.frozen = self
        try connection.turn(.noCheckpointOnClose, on: true)
        return connection
    }

    /// Called after a copy was made. Throws when somebody has written to it.
    func checkUnchanged() throws {
        guard try FrozenDatabase(files) != self else { return }
        throw Failure(
            .store, "\(files.path): somebody began to use the database while it was copied without locks",
            hint: "run the command again while the application runs: its locks are used then")
    }
}
