import CSQLite
package import HostIO

/// A copy of a whole database through SQLite's online backup API (<https://sqlite.org/c3ref/backup_finish.html>).
///
/// The destination is changed in one transaction: other connections see it before or after, never between. In WAL mode readers of
/// the destination go on meanwhile; in rollback mode they wait. Interrupted, it leaves the destination as it was.
package struct OnlineBackup {
    package let source: SQLiteConnection
    package let destination: SQLiteConnection

    package init(from source: SQLiteConnection, to destination: SQLiteConnection) {
        self.source = source
        self.destination = destination
    }

    package struct Outcome: Hashable, Sendable {
        package var pages: Int
        /// Times that a change of the source by another connection made the copy start again.
        package var restarts: Int
    }

    /// How the source is read.
    package enum Manner: Sendable {
        /// Without letting go between the steps: the source is pinned by a transaction, or belongs to nobody else.
        case pinned
        /// The source is let go between small steps; after this many restarts it is read in one go under a read lock.
        case yielding(restarts: Int)
    }

    /// Pages copied between two looks at the wish to stop: about 4 MiB at the usual page size, a few milliseconds.
    private static let stepPages: Int32 = 1024

    /// `progress` receives the bytes of each step. `pause` is called between the steps of a yielding copy, so that waiting
    /// writers get their turn.
    package func run(
        _ manner: Manner, job: JobControl, pause: () -> Void = {}, progress: (Int) -> Void = { _ in }
    ) throws -> Outcome {
        guard let backup = sqlite3_backup_init(destination.handle, "main", source.handle, "main") else {
            throw destination.error(sqlite3_errcode(destination.handle), "begin copying into the database")
        }
        var finished = false
        defer { if !finished { sqlite3_backup_finish(backup) } }
        var outcome = Outcome(pages: 0, restarts: 0)
        var before: Int32?
        let pageBytes = Int(try source.integer("PRAGMA page_size") ?? 4096)
        while true {
            try job.checkCancelled()
            var step = Self.stepPages
            if case .yielding(let limit) = manner, outcome.restarts >= limit { step = -1 }
            let code = sqlite3_backup_step(backup, step)
            guard code == SQLITE_OK || code == SQLITE_DONE else {
                throw failed(code, finishing: sqlite3_backup_finish(backup), &finished)
            }
            let left = sqlite3_backup_remaining(backup)
            if let before, left >= before { outcome.restarts += 1 }
            progress(pageBytes * Int(max(0, (before ?? sqlite3_backup_pagecount(backup)) - left)))
            before = left
            if code == SQLITE_DONE { break }
            if case .yielding = manner { pause() }
        }
        outcome.pages = Int(sqlite3_backup_pagecount(backup))
        finished = true
        try destination.check(sqlite3_backup_finish(backup), "finish copying into the database")
        return outcome
    }

    /// Which of the two databases the copy failed on cannot be told from the code alone; the destination knows after the finish.
    private func failed(_ code: Int32, finishing: Int32, _ finished: inout Bool) -> SQLiteError {
        finished = true
        let own = sqlite3_errcode(destination.handle)
        if own & 0xFF == code & 0xFF { return destination.error(code, "copy into the database") }
        return source.error(code, "copy the database")
    }
}
