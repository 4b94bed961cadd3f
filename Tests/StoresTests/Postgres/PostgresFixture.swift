import Archiving
import HostIO
import Model
import PostgresStore
import StoreContract
import TestSupport
import Testing

/// A small server with its adapter. The server runs from ``fill()`` on.
final class PostgresFixture: StoreUnderTest {
    enum Form: String, CaseIterable, Sendable, CustomTestStringConvertible {
        /// A server on another host, as far as the store knows.
        case files, snapshot, clones, dump

        var testDescription: String { rawValue }

        static let available: [Form] =
            !PostgresServer.isInstalled ? [] : canMount("PostgreSQL on btrfs") ? allCases : [.files, .dump]
    }

    let home: TemporaryDirectory
    let server: PostgresServer
    let store: PostgresStore
    let images: String
    private let mount: MountedFileSystem?

    init(
        _ form: Form = .files, release: PostgresServer.Release = .debian15, settings: [String] = [],
        changing change: (inout PostgresAccess) -> Void = { _ in }
    ) throws {
        home = try TemporaryDirectory()
        mount =
            switch form {
            case .snapshot: try .loop(.btrfs, megabytes: 1024)
            case .clones: try .loop(.xfs, megabytes: 1024)
            case .files, .dump: nil
            }
        if let mount { try Self.openToOthers(mount.path) }
        server = try PostgresServer(release, settings: settings, in: mount?.path, isSubvolume: form == .snapshot)
        images = mount.map { Path.join($0.path, "images") } ?? home.file("images")
        var access = PostgresAccess(
            connection: server.connection, dataDirectory: server.data, service: server.service,
            programs: release == .debian15 ? nil : server.programs)
        if form == .dump { (access.dataDirectory, access.service) = (nil, nil) }
        change(&access)
        let declaration = StoreDeclaration(
            name: "catalog", kind: .postgres, role: .metadata, path: access.dataDirectory ?? access.connection,
            bulkTables: ["public.fact_*"],
            postgres: access)
        store = try PostgresStore(declaration, nativeImageFolder: images, host: .forTests())
    }

    /// The server's user has to reach its directory through those of the test.
    private static func openToOthers(_ path: String) throws {
        var place = path
        while place != "/tmp", place != "/" {
            let folder = try Descriptor.openDirectory(place)
            try folder.setMode(try folder.status().permissions | 0o011)
            place = Path.parent(place)
        }
    }

    var adapter: any StoreAdapter { store }
    var nativeImageFolder: String? { images }
    var isMadeByRestores: Bool { store.declaration.postgres?.dataDirectory != nil }
    var scratchParent: String { home.file("scratch") }

    func fill() throws {
        try server.sql("CREATE DATABASE acme")
        try server.sql(
            """
            CREATE TABLE account (id int PRIMARY KEY, name text NOT NULL, balance int NOT NULL);
            CREATE INDEX account_name ON account (name);
            CREATE TABLE fact_sales (id int PRIMARY KEY, account int REFERENCES account, note text);
            CREATE VIEW rich AS SELECT * FROM account WHERE balance > 500;
            CREATE UNLOGGED TABLE session (id int); INSERT INTO session VALUES (1);
            INSERT INTO account SELECT i, 'name ' || i, i FROM generate_series(1, 300) i;
            INSERT INTO fact_sales SELECT i, i % 300 + 1, md5(i::text) FROM generate_series(1, 1200) i;
            """, in: "acme")
    }

    func damage(_ round: Int) throws {
        try server.sql(
            """
            UPDATE account SET balance = -\(round) WHERE id % 7 = \(round % 3); CREATE TABLE stray_\(round) AS SELECT md5(i::text) FROM generate_series(1, 99) i;
            """, in: "acme")
        switch round % 3 {
        case 0: try server.sql("DELETE FROM fact_sales WHERE id % 3 = 0", in: "acme")
        case 1: try server.sql("DROP TABLE IF EXISTS fact_sales; CREATE ROLE stray_\(round)", in: "acme")
        default: try server.sql("CREATE DATABASE stray_\(round)")
        }
    }

    func content() throws -> [String] {
        guard try statusOfPath(server.data) != nil else { return [] }
        let owner = try Descriptor.openDirectory(server.data).status()
        var lines = ["owner \(owner.uid) mode \(owner.permissions)", try server.program("pg_dumpall", ["--globals-only"])]
        for database in try server.sql("SELECT datname FROM pg_database WHERE datname <> 'template0' ORDER BY 1").split(separator: "\n") {
            lines.append("database \(database)")
            lines.append(try server.program("pg_dump", ["-d", String(database), "--exclude-table-data=session"]))
        }
        return lines.map(Self.withoutKeys)
    }

    /// A dump holds a random key against lines that are meant for `psql`.
    private static func withoutKeys(_ dump: String) -> String {
        dump.split(separator: "\n").filter { !$0.hasPrefix("\\restrict ") && !$0.hasPrefix("\\unrestrict ") }.joined(separator: "\n")
    }

    func surroundings() throws -> [String] {
        let names = { (path: String) in try Descriptor.openDirectory(path).entries().map { FileName.text($0.name) }.sorted() }
        return try names(server.home) + names(server.data)
            + [
                server.sql("SELECT count(*) FROM pg_replication_slots"),
                server.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'holdfast'"),
            ]
    }

    func remove() throws {
        try server.stop()
        try removeContents(of: try Descriptor.openDirectory(server.data))
        try removeTree(server.data)
    }
}
