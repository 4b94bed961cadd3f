import Archiving
import HostIO
import Model
import StoreContract

/// A server on a copy of an image, for one of its databases.
final class PartSource: Sendable {
    let database: String
    let programs: ServerPrograms
    let server: ScratchServer
    /// What the image has of the database and the copy has not.
    let unmade: [UnmadeObject]
    /// Takes dumps.
    let folder: String
    private let store: PostgresStore
    private let anyNames: AnyNamesDatabase
    /// Goes last, with everything in it.
    private let scratch: ScratchDirectory
    private let host: Host

    /// Throws `notFound` when the image has no such database.
    init(
        _ store: PostgresStore, _ image: ImageTree, _ database: String, in scratch: ScratchDirectory, host: Host, job: JobControl
    ) throws {
        self.store = store
        self.scratch = scratch
        self.host = host
        folder = Path.join(scratch.path, "part-\(host.randomHex(bytes: 6))")
        try makeDirectories(folder)
        let served = try ImageDump(store: store, image: image, extent: .whole, host: host).serve(in: folder, job)
        (server, programs) = (served.0, served.1)
        anyNames = AnyNamesDatabase(served.0.connection, host)
        let found: String
        do { found = try Self.find(database, served.0) } catch {
            let error = served.0.explained(error)
            served.0.stop()
            throw error
        }
        self.database = found
        unmade = served.2.filter { $0.database == found }
    }

    /// As it is called, or as it is shown.
    private static func find(_ wanted: String, _ server: ScratchServer) throws -> String {
        let session = try PostgresConnection(server.connection)
        defer { session.close() }
        let known = try DatabaseInventory(of: session).saved
        let exact = known.first { ExactName(text: $0) == ExactName(text: wanted) }
        if let found = exact ?? known.first(where: { PostgresAccess.means(wanted, $0) }) { return found }
        let names = known.map { printable($0, limit: 100) }
        throw Failure(
            .notFound, "there is no database \(printable(wanted)) in the snapshot",
            hint: nearest(to: wanted, among: names).map { "did you mean \($0)?" } ?? "it has \(names.joined(separator: ", "))")
    }

    func close() { server.stop() }

    func session(_ name: String) throws -> PostgresConnection { try PostgresConnection(server.connection, database: name) }
    /// With the server as a whole.
    func session() throws -> PostgresConnection { try PostgresConnection(server.connection) }

    /// On the copy, the database gets another name.
    func rename(to name: String) throws {
        let session = try session()
        defer { session.close() }
        let statement = "ALTER DATABASE \(quotedName(database)) RENAME TO \(quotedName(name))"
        try anyNames.run(ByteText.bytes(statement), in: session, as: "rename the database on the copy")
    }

    /// Dumps of a database, and of what is made of it, are in its encoding.
    func encoding(of name: String) throws -> String? {
        let session = try session(name)
        defer { session.close() }
        return try session.text(RowSession.encodingQuestion)
    }

    /// Runs statements on the copy.
    func execute(_ sql: String, in database: String) throws {
        let session = try session(database)
        defer { session.close() }
        try session.execute(sql)
    }

    /// A dump of `name`, or of what `arguments` choose in it.
    func dump(_ name: String, choosing arguments: [String] = [], _ job: JobControl) throws -> ReadableDump.Outcome {
        let files = Path.join(folder, "source")
        try makeDirectories(Path.join(files, DumpLayout.databases))
        var writing = DumpWriting(
            store: store.declaration.name, programs: programs, connection: server.connectionOfPrograms, folder: files,
            jobs: host.processors, door: server.door, settings: try server.settingsOfPrograms())
        writing.encoding = try encoding(of: name)
        return try ReadableDump(writing: writing, database: name) { try self.session(name) }.write(.all, choosing: arguments, job)
    }

    /// Has the dump that ``dump(_:choosing:_:)`` wrote of `name` loaded by `body`, every table in the order of its rows. Gives what the server refuses.
    func load(
        _ name: String, _ target: DumpTarget, _ job: JobControl, _ body: (DatabaseLoad) throws -> [UnmadeObject]
    ) throws -> [UnmadeObject] {
        let image = ImageTree.source(LocalDirectory(path: Path.join(folder, "source")))
        let dump = try DatabaseDump(name, of: image, in: folder, target.programs, host: host, job: job)
        defer { try? removeTree(dump.folder) }
        return try body(DatabaseLoad(target: target, dump: dump, sums: RowSums(host), job: job, largeTable: .max))
    }

    /// What is not as it was; `names`: what things were called while they were made, and what they are called now. Of what the copy lacks, that of
    /// `table`, or all.
    func outcome(
        _ unmade: [UnmadeObject], _ lost: [DatabaseInventory.Gap], _ more: [String], isSame: Bool, renaming names: [(String, String)],
        of table: String? = nil
    ) -> StorePartOutcome {
        let missing = self.unmade.filter { object in table.map { object.what.contains($0) } ?? true }
        let renamed = { (text: String) in names.reduce(text) { $0.replacing($1.0, with: $1.1) } }
        let words = (missing + unmade).map(\.words) + lost.map(\.text) + more
        var outcome = StorePartOutcome(issues: words.map(renamed), isSame: isSame && lost.isEmpty)
        outcome.remedies = unmade.compactMap(\.laterSQL).map { remedy in
            RestoreRemedy(
                database: renamed(remedy.database), what: renamed(remedy.what), reason: renamed(remedy.reason), sql: renamed(remedy.sql))
        }
        return outcome
    }

    /// Roles that `condition` on `pg_shdepend d` finds for the database; of a database of the copy that is a session's.
    func roles(_ session: PostgresConnection, _ condition: String, _ parameters: [String]) throws -> Set<String> {
        let rows = try session.rows(
            """
            SELECT DISTINCT r.rolname FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid
            WHERE d.refclassid = 'pg_authid'::regclass AND (\(condition))
            """, parameters, as: "list the roles that are needed")
        return Set(rows.compactMap { $0[0] }.filter { $0 != ScratchData.user })
    }

    /// Statements that make these roles as they were, without their memberships.
    func definitions(of roles: [String], _ job: JobControl) throws -> [String] {
        guard !roles.isEmpty else { return [] }
        let files = Path.join(folder, "globals")
        let writing = DumpWriting(
            store: store.declaration.name, programs: programs, connection: server.connectionOfPrograms, folder: files, jobs: 1,
            door: server.door, settings: try server.settingsOfPrograms())
        let session = try session()
        defer { session.close() }
        try writing.writeGlobals(through: anyNames.database(forRolesOf: session), job)
        let statements = SQLStatements(try AtomicFile.read(Path.join(files, DumpLayout.globals), limit: 1 << 26)).map(\.text)
        try removeTree(files)
        let names = roles.flatMap { [$0, quotedName($0)] }
        return statements.filter { statement in
            names.contains { statement == "CREATE ROLE \($0)" || statement.hasPrefix("ALTER ROLE \($0) WITH ") }
        }
    }
}
