import Archiving
import Glibc
import HostIO
import Model

/// A database file and those that SQLite keeps beside it. Nothing here opens the database file itself; see ``SQLiteConnection``.
struct DatabaseFiles: Hashable, Sendable {
    /// Absolute; a symlink at its end is resolved, as SQLite resolves it.
    let path: String

    init(path: String) {
        guard let resolved = realpath(path, nil) else {
            self.path = path
            return
        }
        defer { free(resolved) }
        self.path = String(cString: resolved)
    }

    var folder: String { Path.parent(path) }
    var name: [UInt8] { Array(Path.lastComponent(path).utf8) }

    /// `-journal`: rollback journal; `-wal`, `-shm`: write-ahead log and its index (<https://sqlite.org/tempfiles.html>).
    private static let suffixes = ["-journal", "-wal", "-shm"]

    /// Nil when there is no such file, or no such directory.
    func status(suffix: String = "") throws -> FileStatus? {
        do {
            return try Descriptor.openDirectory(folder).statusIfPresent(of: name + Array(suffix.utf8))
        } catch  where error.isNotFound {
            return nil
        }
    }

    /// Whether there is a write-ahead log or a rollback journal that has something in it.
    func hasPendingLog() throws -> Bool {
        try ["-wal", "-journal"].contains { try (status(suffix: $0)?.size ?? 0) > 0 }
    }

    /// Whether there is a rollback journal that has not been ended (<https://sqlite.org/fileformat.html>, section 3).
    func beginsLikeJournal() throws -> Bool {
        guard let status = try status(suffix: "-journal"), status.kind == .file, status.size >= 8 else { return false }
        return OpenDatabases.isJournal(name + Array("-journal".utf8), in: try Descriptor.openDirectory(folder))
    }

    /// The newest modification of the database or of its log.
    func newestChange() throws -> Timestamp? {
        let log = try status(suffix: "-wal").flatMap { $0.size > 0 ? $0.modified : nil }
        guard let main = try status()?.modified else { return log }
        return log.map { max($0, main) } ?? main
    }

    /// Journals first: left beside another database file, they would be applied to it.
    func removeSidecars() throws {
        let folder = try Descriptor.openDirectory(folder)
        for suffix in Self.suffixes { try Self.removeIfPresent(name + Array(suffix.utf8), in: folder) }
        try folder.sync()
    }

    /// The database and all that stands beside it.
    func removeAll() throws {
        guard try status(suffix: "") != nil || hasSidecars() else { return }
        let folder = try Descriptor.openDirectory(folder)
        try Self.removeIfPresent(name, in: folder)
        for suffix in Self.suffixes { try Self.removeIfPresent(name + Array(suffix.utf8), in: folder) }
    }

    /// What keeps ``removeAll()`` from removing one of them.
    func obstacles() throws -> RemovalObstacles {
        var obstacles = RemovalObstacles(below: folder)
        guard try statusOfPath(folder) != nil else { return obstacles }
        let folder = try Descriptor.openDirectory(folder)
        obstacles.note(itself: folder)
        for suffix in [""] + Self.suffixes { obstacles.note(name + Array(suffix.utf8), in: folder) }
        return obstacles
    }

    private func hasSidecars() throws -> Bool { try Self.suffixes.contains { try status(suffix: $0) != nil } }

    private static func removeIfPresent(_ name: [UInt8], in folder: borrowing Descriptor) throws {
        do { try folder.remove(name) } catch  where error.isNotFound {}
    }
}
