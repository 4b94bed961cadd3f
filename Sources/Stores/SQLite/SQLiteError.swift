import CSQLite
package import Model

/// What SQLite said, about which database.
package struct SQLiteError: FailureConvertible, Hashable {
    /// The extended result code (<https://sqlite.org/rescode.html>).
    package let code: Int32
    package let message: String
    package let path: String
    /// What was being done: "open", "copy".
    package let operation: String
    /// Programs that keep this one waiting, when it waited in vain: `python3 (process 4711)`. None: the kernel does not say.
    package var holders: [String] = []

    package init(code: Int32, message: String, path: String, operation: String) {
        self.code = code
        self.message = message
        self.path = path
        self.operation = operation
    }

    /// The low byte: the primary result code.
    package var primaryCode: Int32 { code & 0xFF }

    /// Another connection holds a lock that this one waited for in vain.
    package var isBusy: Bool { primaryCode == SQLITE_BUSY || primaryCode == SQLITE_LOCKED }

    /// The file's content is not an SQLite database that can be read.
    package var isUnusableContent: Bool { primaryCode == SQLITE_NOTADB || primaryCode == SQLITE_CORRUPT }

    /// Rights or a read-only file system are at fault.
    package var isForbidden: Bool { [SQLITE_PERM, SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_AUTH].contains(primaryCode) }

    package var failure: Failure {
        if isBusy { return busyFailure }
        if isForbidden, let obstacle = AccessObstacle.find(path) {
            return Failure(.store, "\(path): cannot \(operation)", hint: obstacle.hint, cause: "\(obstacle.text) (\(message))")
        }
        let code: FailureCode = primaryCode == SQLITE_FULL ? .space : .store
        return Failure(code, "\(path): cannot \(operation)", hint: hint, cause: message)
    }

    private var busyFailure: Failure {
        let programs = holders.joined(separator: ", ")
        return Failure(
            .store, "\(path): \(holders.isEmpty ? "another program" : programs) holds the database locked",
            hint: holders.isEmpty
                ? "another program holds a long transaction on this database; end it, then run the command again"
                : "end the transaction of \(programs), or stop the program, then run the command again",
            cause: "\(message), and stayed so for the time that Holdfast waits")
    }

    private var hint: String {
        switch primaryCode {
        case SQLITE_NOTADB:
            "the file is not an SQLite database, or it is encrypted; correct `path` in the cluster file, or restore the store"
        case SQLITE_CORRUPT: "the database is damaged; restore the store from a snapshot or backup"
        case SQLITE_FULL: "free space on this file system, then run the command again"
        case SQLITE_PERM, SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_AUTH:
            "run as a user who may write the database and its directory (SQLite keeps its -wal and -shm files there)"
        default: "check the disk behind it and the database (sqlite3 FILE 'pragma integrity_check'), then run the command again"
        }
    }
}
