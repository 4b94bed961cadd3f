import HostIO
import Model
import StoreContract

/// A server that runs on the store's data directory.
struct LiveServer {
    let connection: PostgresConnection
    let facts: ServerFacts
    private let directory: DataDirectory
    private let programs: ServerPrograms?
    private let access: PostgresAccess

    /// Nil when none runs. Has what it remembers written to the disk (a checkpoint), so that its files tell what it is.
    init?(_ store: PostgresStore, _ directory: DataDirectory) throws {
        guard try directory.exists(), try !directory.isGuarded(), try directory.isInUse() else { return nil }
        access = store.access
        connection = try access.session()
        try connection.execute("CHECKPOINT", as: "write a checkpoint")
        facts = try ServerFacts(of: connection)
        programs = try ServerPrograms.find(store.access, told: facts.programs, major: facts.major)
        self.directory = directory
    }

    func changes(since origin: ImageOrigin) throws -> ChangesSinceImage {
        try ChangesSinceImage.find(connection, facts, directory, programs, since: origin)
    }

    /// Reads what every database says about its relations.
    func readCatalogues() throws {
        for database in facts.databases {
            let session = try PostgresConnection(access.connection, database: database)
            defer { session.close() }
            _ = try session.text(
                "SELECT count(*) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid", as: "read the catalogues of \(database)")
        }
    }

    func check(_ records: LogRecords) throws -> StoreCheck {
        let names = try relationNames.names(of: records.relations.sorted().prefix(20).map { $0 }).map(\.text)
        return StoreCheck(
            differences: records.relations.count + records.others.count, examples: Array((names + records.others.sorted()).prefix(20)))
    }

    var relationNames: RelationNames { RelationNames(connection, access) }
}
