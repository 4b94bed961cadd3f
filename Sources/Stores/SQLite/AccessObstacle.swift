import HostIO

/// What keeps this user from working on a database, as the system tells it: SQLite says no more than that it cannot.
struct AccessObstacle: Hashable, Sendable {
    let text: String
    let hint: String

    private static let log = "a database in WAL mode needs its files -wal and -shm there"

    /// Nil: nothing is in the way now. Never opens the database itself; see ``SQLiteConnection``.
    static func find(_ path: String) -> AccessObstacle? {
        let folder = Path.parent(path)
        if (try? Descriptor.openDirectory(folder).isReadOnly()) ?? false {
            return AccessObstacle(
                text: "its directory \(folder) lies on a file system that is mounted read-only, and \(log)",
                hint: "mount the file system read-write")
        }
        guard mayUse(folder, .enter) else {
            return AccessObstacle(text: "user \(user) may not enter its directory \(folder)", hint: hint("may enter that directory"))
        }
        guard mayUse(path, .read) else {
            return AccessObstacle(text: "user \(user) may not read it", hint: hint("may read the database"))
        }
        guard mayUse(folder, .write) else {
            return AccessObstacle(
                text: "user \(user) may not write its directory \(folder), and \(log)",
                hint: hint("may write that directory, for instance as the database's owner"))
        }
        guard mayUse(path, .write) else {
            return AccessObstacle(text: "user \(user) may not write it", hint: hint("may write the database"))
        }
        return nil
    }

    /// For a journal that only a writer can take back.
    static func journal(_ folder: String, _ user: String) -> AccessObstacle {
        AccessObstacle(
            text:
                "the last transaction was broken off, its journal has to be applied first, and user \(user) may not write both the database and \(folder)",
            hint:
                "start the program that the database belongs to, or open it once with `sqlite3`, as a user who may write it and its directory"
        )
    }

    /// For files of this user's that would keep the database's own program out.
    static func foreignFiles(_ folder: String, _ user: String) -> AccessObstacle {
        AccessObstacle(
            text: "\(log), and user \(user) would leave them in \(folder) so that the owner of the database could not use them",
            hint: "run as root or as the owner of the database, or while the program that it belongs to runs")
    }

    private static var user: String { Host.current().user }

    private static func hint(_ right: String) -> String { "run as a user who \(right), or give the user the right" }
}
