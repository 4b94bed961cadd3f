import HostIO
import Model

/// Dumps a database of a server, and where rows of it cannot be read, everything else: one value that is too long for text, one damaged page keeps nothing
/// else from being saved.
struct ReadableDump {
    var writing: DumpWriting
    let database: String
    /// One with the database, which sees what is dumped.
    let session: () throws -> PostgresConnection
    /// Before the dump is written again, into the same directory.
    var again: () throws -> Void = {}

    struct Outcome {
        /// Of the dump.
        var folder: String
        /// Whose rows are not in it.
        var lost: [DatabaseInventory.Gap]
    }

    /// `snapshot`, `choosing`: as ``DumpWriting/write(_:_:snapshot:choosing:_:)`` takes them. What keeps all of the database from being dumped is thrown.
    func write(_ rows: DumpWriting.Rows, snapshot: String? = nil, choosing: [String] = [], _ job: JobControl) throws -> Outcome {
        do {
            return Outcome(folder: try writing.write(database, rows, snapshot: snapshot, choosing: choosing, job), lost: [])
        } catch let failure as Failure where failure.code == .store {
            try job.checkCancelled()
            guard let more = try unreadable(besides: rows, job) else { throw failure }
            try again()
            try removeContents(of: Descriptor.openDirectory(writing.place(of: database)))
            let folder = try writing.write(database, more.rows, snapshot: snapshot, choosing: choosing + more.arguments, job)
            return Outcome(folder: folder, lost: more.gaps)
        }
    }

    /// False where a server that answers does not give its definitions, either.
    func isReadable(_ job: JobControl) throws -> Bool {
        do { try writing.readDefinitions(of: database, job) } catch let failure as Failure where failure.code == .store {
            let session = try session()
            defer { session.close() }
            return LockHolders.text(session) != nil
        }
        return true
    }

    private struct Unreadable {
        var rows: DumpWriting.Rows
        var arguments: [String] = []
        var gaps: [DatabaseInventory.Gap] = []
    }

    /// Nil where all of it can be read, or nothing.
    private func unreadable(besides rows: DumpWriting.Rows, _ job: JobControl) throws -> Unreadable? {
        let chosen: [TableInventory.Table]
        switch rows {
        case .all: chosen = []
        case .besides(let tables): chosen = tables
        case .none: return nil
        }
        let session = try session()
        defer { session.close() }
        // It is a lock that is waited for.
        guard LockHolders.text(session) == nil else { return nil }
        job.begin(phase: "looking for what cannot be read in \(database)")
        let tables = try TableInventory(of: session, database: database).tables.filter { !$0.isMaterializedView && !chosen.contains($0) }
        var found = Unreadable(rows: rows)
        var lost: [TableInventory.Table] = []
        for table in tables {
            try job.checkCancelled()
            let name = "\(quotedName(table.schema)).\(quotedName(table.name))"
            guard let problem = try problem(reading: name) else { continue }
            lost.append(table)
            found.gaps.append(gap(table.text, problem))
        }
        // Read by superusers alone.
        if session.rights.isSuperuser, let problem = try problem(reading: "pg_catalog.pg_largeobject") {
            found.arguments.append("--no-blobs")
            found.gaps.append(gap("its large objects", problem))
        }
        found.rows = .besides(chosen + lost)
        return found.gaps.isEmpty ? nil : found
    }

    private func gap(_ what: String, _ problem: PostgresError) -> DatabaseInventory.Gap {
        let wayOut =
            writing.door == nil ? "" : "; images of the server's files have them as they are: snapshots, and backups made with --physical"
        return .rows(of: what, in: database, problem.message + wayOut)
    }

    /// What the server says of the rows of one table; nil when it gives them.
    private func problem(reading table: String) throws -> PostgresError? {
        let session = try session()
        defer { session.close() }
        do { try session.copyOut("COPY \(table) TO STDOUT", as: "read \(table)") { _ in } } catch let error as PostgresError {
            guard error.isOfContents else { throw error }
            return error
        }
        return nil
    }
}

extension PostgresError {
    /// It is about what is in a table, damage of its files included, and not about the server, its room or its time (PostgreSQL, appendix "Error Codes"):
    /// asked again, the server says the same.
    var isOfContents: Bool {
        guard !state.isEmpty, state != "55P03" else { return false }
        // Of those about resources: a value that takes more memory than there is.
        return state == "53200" || !["08", "53", "57"].contains(state.prefix(2))
    }
}
