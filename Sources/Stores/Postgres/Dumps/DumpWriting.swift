import HostIO
import Model

/// Writes dumps of a server into a directory (``DumpLayout``), with PostgreSQL's own programs.
struct DumpWriting {
    let store: String
    let programs: ServerPrograms
    /// A connection string.
    let connection: String
    var folder: String
    let jobs: Int
    /// To a scratch server; nil for a server of the operator's, to which programs go with the rights of this process.
    var door: ScratchDoor?
    /// Of the sessions of programs.
    var settings: String
    /// That of the database that is dumped: the text is in it, whatever sessions with the server are set to.
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

    /// `database`: ``AnyNamesDatabase/database(forRolesOf:)``.
    func writeGlobals(through database: String?, _ job: JobControl) throws {
        try makeDirectories(Path.join(folder, DumpLayout.databases))
        let through = database.map { ["--database=\($0)"] } ?? []
        let text = try run("pg_dumpall", nil, job) { _ in
            ["--globals-only", "--encoding=\(TextEncoding.ofBytes.name)", "--no-password"] + through + [
                "-d", ConnectionText.ofProgram(connection),
            ]
        }
        try AtomicFile.write(text, to: Path.join(folder, DumpLayout.globals), mode: 0o600)
    }

    /// Of the dump of a database.
    func place(of database: String) -> String { Path.join(folder, "\(DumpLayout.databases)/\(DumpLayout.folder(of: database))") }

    /// `snapshot`: one that a session of that database has exported. `choosing`: arguments of `pg_dump` that say what is dumped. Gives the
    /// folder of the dump.
    @discardableResult
    func write(
        _ database: String, _ rows: Rows, snapshot: String? = nil, choosing: [String] = [], _ job: JobControl
    ) throws -> String {
        let target = place(of: database)
        if let door {
            try makeDirectories(target)
            try Containment(door.namespaces).give(target)
        }
        // Names in arguments are in the encoding of the dump.
        let chosen = (rows.arguments + choosing).map { encoding.map(TextEncoding.init(name:))?.argument($0) ?? $0 }
        try run("pg_dump", target, job) { target in
            ["--format=directory", "--compress=0", "--no-sync", "--no-password", "--jobs=\(jobs)", "-f", target]
                + ["--lock-wait-timeout=\(LockHolders.patience)"]
                + (encoding.map { ["--encoding=\($0)"] } ?? []) + (snapshot.map { ["--snapshot=\($0)"] } ?? []) + chosen
                + ["-d", ConnectionText.ofProgram(connection, database: database)]
        }
        return target
    }

    /// Has a dump made of them, and keeps nothing of it.
    func readDefinitions(of database: String, _ job: JobControl) throws {
        try run("pg_dump", nil, job) { _ in
            ["--schema-only", "--file=/dev/null", "--no-password", "--lock-wait-timeout=\(LockHolders.patience)"]
                + ["-d", ConnectionText.ofProgram(connection, database: database)]
        }
    }

    private func made(_ folder: String) throws -> String {
        try makeDirectories(folder)
        return folder
    }

    /// What is read back of roles and tablespaces is no longer, either.
    private static let outputLimit = 1 << 26

    /// `arguments` get the path by which the program finds `folder`. Gives what it prints.
    @discardableResult
    private func run(_ program: String, _ folder: String?, _ job: JobControl, _ arguments: (String) -> [String]) throws -> [UInt8] {
        try job.checkCancelled()
        let process =
            if let door {
                try programs.shutIn(
                    program, at: door, on: folder.map { ProgramFolder($0, .writing) }, settings: settings, outputLimit: Self.outputLimit
                ) { arguments($0.folder) }
            } else if let account = LocalPeer.account(of: connection) {
                try programs.process(
                    program, as: account, in: folder.map(made), arguments(ServerPrograms.folderOfPeer), input: [], settings: settings,
                    outputLimit: Self.outputLimit)
            } else {
                programs.client(program, arguments(folder ?? ""), settings: settings, outputLimit: Self.outputLimit)
            }
        let outcome = try process.run()
        try job.checkCancelled()
        if outcome.succeeded, !outcome.truncated { return outcome.output }
        throw Failure(
            .store, "store \(store): \(program) failed", hint: "see what it says; the server's log has more",
            cause: outcome.succeeded ? "it prints too much" : ServerPrograms.words(of: program, outcome))
    }
}
