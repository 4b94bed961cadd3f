import Archiving
import HostIO
import Model
import StoreContract

/// A server that dumps are loaded into while it serves.
struct DumpTarget {
    let store: PostgresStore
    let programs: ServerPrograms
    let facts: ServerFacts
    let host: Host
    /// To a database that is never dropped: for sessions of this process, and for programs.
    private let connection: String
    private let connectionOfPrograms: String
    /// Of the sessions of programs.
    private let settings: String
    /// Of a scratch server.
    private let door: ScratchDoor?
    /// Where statements go whose names the others cannot spell.
    private let anyNames: AnyNamesDatabase
    /// A dump uses tablespaces that could not be made: everything goes into that of its database.
    private(set) var omitsTablespaces = false

    init(_ store: PostgresStore, host: Host) throws {
        self.store = store
        self.host = host
        connection = ConnectionText.text(store.access.connection, database: "template1")
        connectionOfPrograms = ConnectionText.ofProgram(connection)
        anyNames = AnyNamesDatabase(connection, host)
        door = nil
        let session = try PostgresConnection(connection)
        defer { session.close() }
        facts = try ServerFacts(of: session)
        settings = SessionSettings.ofPrograms(store.access.connection, facts.rights)
        programs = try ServerPrograms.require(store.access, told: facts.programs, release: "\(facts.major)", store: store.declaration.name)
    }

    init(_ store: PostgresStore, scratch: ScratchServer, _ programs: ServerPrograms, host: Host) throws {
        self.store = store
        self.host = host
        self.programs = programs
        connection = scratch.connection
        connectionOfPrograms = scratch.connectionOfPrograms
        anyNames = AnyNamesDatabase(connection, host)
        door = scratch.door
        let session = try PostgresConnection(connection)
        defer { session.close() }
        facts = try ServerFacts(of: session)
        settings = SessionSettings.text(SessionSettings.all(for: facts.rights))
    }

    /// `dump`: the directory of one that the program reads. Shut in, where the server is.
    func run(
        _ program: String, on dump: String? = nil, input: [UInt8] = [], settings more: String = "", _ arguments: (ProgramView) -> [String]
    ) throws -> ChildProcess.Outcome {
        guard let door else {
            if let account = LocalPeer.account(of: connectionOfPrograms) {
                let view = ProgramView(folder: ServerPrograms.folderOfPeer, input: "/dev/stdin")
                return try programs.process(
                    program, as: account, in: dump, arguments(view), input: input, settings: settings + more, outputLimit: 1 << 20
                ).run()
            }
            let view = ProgramView(folder: dump ?? "", input: "/dev/stdin")
            return try programs.client(program, arguments(view), input: input, settings: settings + more).run()
        }
        let folder = dump.map { ProgramFolder($0) }
        return try programs.shutIn(program, at: door, on: folder, input: input, settings: settings + more, arguments).run()
    }

    /// Nothing in it but what a new server has.
    func isEmpty() throws -> Bool {
        guard facts.databases.allSatisfy({ $0 == "postgres" }) else { return false }
        guard facts.databases.contains("postgres") else { return true }
        let session = try PostgresConnection(connection, database: "postgres")
        defer { session.close() }
        return try TableInventory(of: session, database: "postgres").tables.isEmpty
    }

    /// False for one that is not there.
    func holdsTables(in database: String) throws -> Bool {
        guard facts.databases.contains(database) else { return false }
        let session = try session(database)
        defer { session.close() }
        return try !TableInventory(of: session, database: database).tables.isEmpty
    }

    /// For programs.
    func connectionText(_ database: String) -> String { ConnectionText.text(connectionOfPrograms, database: database) }

    /// With the server as a whole.
    func session() throws -> PostgresConnection { try PostgresConnection(connection, speaking: .bytes) }
    func session(_ database: String) throws -> PostgresConnection { try PostgresConnection(connection, database: database) }

    /// ``AnyNamesDatabase/run(_:in:as:)``
    func administer(_ statement: [UInt8], in session: PostgresConnection, as operation: String) throws {
        try anyNames.run(statement, in: session, as: operation)
    }

    /// ``AnyNamesDatabase/database(forRolesOf:)``
    func databaseForRoles() throws -> String? {
        let session = try session()
        defer { session.close() }
        return try anyNames.database(forRolesOf: session)
    }

    func administer(_ statement: String, as operation: String) throws {
        let session = try session()
        defer { session.close() }
        try administer(ByteText.bytes(statement), in: session, as: operation)
    }

    func roles() throws -> Set<String> {
        let session = try session()
        defer { session.close() }
        return Set(try session.rows("SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_'").compactMap { $0[0] })
    }

    func writing(into folder: String) -> DumpWriting {
        DumpWriting(
            store: store.declaration.name, programs: programs, connection: store.access.connection, folder: folder, jobs: host.processors,
            settings: settings)
    }

    // MARK: Loading

    /// Roles, their memberships and tablespaces, as `pg_dumpall` writes them. Gives what could not be made.
    mutating func loadGlobals(_ bytes: [UInt8]) throws -> [String] {
        let load = GlobalsLoad(target: self, places: door != nil ? .inside : .named(store.access.tablespaces ?? [:]))
        let outcome = try load.run(bytes)
        omitsTablespaces = outcome.lacksTablespaces
        return outcome.issues
    }

    /// Whether the database is in the encoding of the one that was dumped.
    func hasEncoding(of dump: DatabaseDump) throws -> Bool {
        let wanted = DumpedDatabase(dump.entries).encoding
        let session = try session(dump.name)
        defer { session.close() }
        return try wanted == nil || session.text(RowSession.encodingQuestion) == wanted
    }

    /// Loads what `options` say of the dump in `folder`. Durable with ``makeDurable()``.
    func restore(_ folder: String, _ options: [String], stopsAtErrors: Bool = true) throws {
        let outcome = try run("pg_restore", on: folder, settings: ServerPrograms.relaxed) { view in
            (stopsAtErrors ? ["--exit-on-error"] : []) + ["--no-password"] + (omitsTablespaces ? ["--no-tablespaces"] : []) + options
                + [view.folder]
        }
        guard outcome.succeeded else { throw failed("pg_restore", outcome) }
    }

    /// For programs.
    var administration: String { connectionOfPrograms }

    func drop(_ database: String) throws {
        let session = try session()
        defer { session.close() }
        let operation = "drop the database \(printable(database))"
        if try session.isTrue("SELECT datistemplate FROM pg_database WHERE \(DatabaseName.isIt)", [DatabaseName.parameter(database)]) {
            try administer(ByteText.bytes("ALTER DATABASE \(quotedName(database)) IS_TEMPLATE false"), in: session, as: operation)
        }
        try DatabaseHolds(session: session, database: database).letGo { try self.session(database) }
        try administer(ByteText.bytes("DROP DATABASE IF EXISTS \(quotedName(database)) WITH (FORCE)"), in: session, as: operation)
    }

    /// Those of other servers' dumps that own nothing any more.
    func dropRoles(besides wanted: Set<String>) throws -> [String] {
        let session = try session()
        defer { session.close() }
        return try roles().subtracting(wanted).sorted().filter { role in
            (try? administer(ByteText.bytes("DROP ROLE \(quotedName(role))"), in: session, as: "drop a role")) == nil
        }
    }

    /// Takes out all that somebody has put into it.
    func empty() throws {
        for database in facts.databases { try drop(database) }
        let session = try session()
        defer { session.close() }
        try session.execute("CREATE DATABASE postgres TEMPLATE template0")
        let user = try session.text("SELECT current_user") ?? ""
        _ = try dropRoles(besides: [user])
    }

    /// Has the server look at what is in a database, so that it plans well. Code of that database runs for it, and may fail: what is to be told then.
    func analysis(_ database: String) throws -> EntryIssue? {
        let outcome = try run("vacuumdb") { _ in
            ["--analyze-only", "--quiet", "--no-password", "--jobs=\(host.processors)", "-d", connectionText(database)]
        }
        guard !outcome.succeeded else { return nil }
        try session(database).close()
        let words = ServerPrograms.words(of: "vacuumdb", outcome)
        return EntryIssue(
            kind: .metadata, path: "\(printable(database, limit: 100)): statistics",
            detail: "ANALYZE stopped, so queries may be slow at first; run it by hand: \(words)")
    }

    /// What restores have left that were killed, of the kinds that nobody needs.
    func removeAbandoned() throws {
        let session = try session()
        defer { session.close() }
        AnyNamesDatabase.removeAbandoned(session)
        for database in facts.databases {
            guard let session = try? self.session(database) else { continue }
            StagingSchema.removeAbandoned(in: session)
            session.close()
        }
    }

    /// What was committed without waiting for the disk is there after a crash from now on.
    func makeDurable() throws {
        let session = try session()
        defer { session.close() }
        try session.execute("SET synchronous_commit = on; SELECT pg_current_xact_id()", as: "write to the disk")
    }

    func failed(_ program: String, _ outcome: ChildProcess.Outcome) -> Failure {
        Failure(
            .store, "\(store.declaration.path): \(program) failed", hint: "see what it says; the server's log has more",
            cause: ServerPrograms.words(of: program, outcome))
    }
}
