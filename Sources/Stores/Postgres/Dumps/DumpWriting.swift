import HostIO
import Model

/// Writes dumps of a server into a directory (``DumpLayout``), with PostgreSQL's own programs.
struct DumpWriting {
    let store: String
    let programs: ServerPrograms
    /// A connection string.
    let connection: String
    let folder: String
    let jobs: Int
    /// What the programs hold, for a connection through it.
    var holding: String?
    /// Of the database that is dumped: the text is in it, whatever sessions with the server are set to.
    var encoding: String?

    /// What of a database is dumped.
    enum Rows {
        case all
        /// Without the rows of these.
        case besides([TableInventory.Table])
        case none

        var arguments: [String] {
            switch self {
            case .all: []
            case .besides(let tables): tables.map { "--exclude-table-data=\(quotedName($0.schema)).\(quotedName($0.name))" }
            case .none: ["--schema-only"]
            }
        }
    }

    func writeGlobals(_ job: JobControl) throws {
        try makeDirectories(Path.join(folder, DumpLayout.databases))
        let file = Path.join(folder, DumpLayout.globals)
        try run("pg_dumpall", ["--globals-only", "--no-password", "-f", file, "-d", connection], job)
    }

    /// `snapshot`: one that a session of that database has exported. `choosing`: arguments of `pg_dump` that say what is dumped. Gives the
    /// folder of the dump.
    @discardableResult
    func write(
        _ database: String, _ rows: Rows, snapshot: String? = nil, choosing: [String] = [], _ job: JobControl
    ) throws -> String {
        let target = Path.join(folder, "\(DumpLayout.databases)/\(DumpLayout.folder(of: database))")
        let arguments =
            ["--format=directory", "--compress=0", "--no-sync", "--no-password", "--jobs=\(jobs)", "-f", target]
            + (encoding.map { ["--encoding=\($0)"] } ?? []) + (snapshot.map { ["--snapshot=\($0)"] } ?? []) + rows.arguments + choosing
        try run("pg_dump", arguments + ["-d", ConnectionText.text(connection, database: database)], job)
        return target
    }

    private func run(_ program: String, _ arguments: [String], _ job: JobControl) throws {
        try job.checkCancelled()
        let outcome = try programs.process(program, arguments, holding: holding).run()
        try job.checkCancelled()
        guard !outcome.succeeded else { return }
        throw Failure(
            .store, "store \(store): \(program) failed", hint: "see what it says; the server's log has more",
            cause: printableLines(outcome.errorText, limit: 400))
    }
}
