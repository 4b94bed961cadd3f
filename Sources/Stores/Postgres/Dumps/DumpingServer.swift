import Archiving
import HostIO
import Model
import StoreContract
import Synchronization

/// A scratch server that is being dumped, database by database, on a thread of its own; its dumps are read while they are written, their rows
/// before they are.
final class DumpingServer: StoreRebuilding {
    let shape = ChunkShape.contentDefined
    var source: any EntrySource { dumps }

    private let dumps: GrowingDumps
    private let server: ScratchServer
    private let thread: WorkerThread
    private let inventories: SharedInventories
    private let programs: ServerPrograms
    private let job: JobControl

    /// Databases in their order, by the folders of their dumps.
    private final class SharedInventories: Sendable {
        let tables = Mutex<[(folder: String, inventory: TableInventory)]>([])
        let reload = Mutex<[ReloadItem]>([])
    }

    /// Owns the server from now on, also when it throws.
    init(
        _ store: PostgresStore, _ server: ScratchServer, _ writing: DumpWriting, _ extent: StoreExtent, _ databases: [String],
        job: JobControl
    ) throws {
        let dumps = GrowingDumps(folder: writing.folder, jobs: writing.jobs, host: store.host, job: job)
        let inventories = SharedInventories()
        (self.server, self.dumps, self.inventories, self.job, programs) = (server, dumps, inventories, job, writing.programs)
        thread = try WorkerThread(named: "dump") {
            do {
                defer { server.stop() }
                for database in databases {
                    let folder = DumpLayout.folder(of: database)
                    try makeDirectories(Path.join(writing.folder, "\(DumpLayout.databases)/\(folder)"))
                    dumps.begin(folder)
                    let rows = try Self.dump(database, store, server, writing, extent, dumps, inventories, job)
                    try dumps.end(folder) { try rows.file(of: $0) }
                }
                dumps.end()
            } catch {
                dumps.fail(error)
                throw error
            }
        }
    }

    private static func dump(
        _ database: String, _ store: PostgresStore, _ server: ScratchServer, _ writing: DumpWriting, _ extent: StoreExtent,
        _ dumps: GrowingDumps, _ inventories: SharedInventories, _ job: JobControl
    ) throws -> RowFiles {
        let connection = try PostgresConnection(server.connection, database: database)
        defer { connection.close() }
        let inventory = try TableInventory(of: connection, database: database)
        let left =
            switch extent {
            case .whole: [TableInventory.Table]()
            case .withoutBulkRows: inventory.bulk(store.declaration.bulkTables)
            case .structure: inventory.tables
            }
        let folder = DumpLayout.folder(of: database)
        var writing = writing
        writing.encoding = try connection.text(RowSession.encodingQuestion)
        // Of names in another encoding nothing is understood here.
        let tap = writing.encoding == "UTF8" ? try tap(database, store, server, connection, writing, dumps) : nil
        defer { tap?.close() }
        if let tap { writing.holding = tap.folder }
        let rows = extent == .structure ? DumpWriting.Rows.none : left.isEmpty ? .all : .besides(left)
        let dump: String
        do { dump = try writing.write(database, rows, job) } catch {
            // Before the tap is waited for, which waits for readers.
            dumps.fail(error)
            throw error
        }
        let reload = try inventory.reloadItems(left, connection, job)
        inventories.reload.withLock { $0 += reload }
        inventories.tables.withLock { $0.append((folder, inventory)) }
        return try RowFiles(of: dump, connection, writing.programs)
    }

    private static func tap(
        _ database: String, _ store: PostgresStore, _ server: ScratchServer, _ connection: PostgresConnection, _ writing: DumpWriting,
        _ dumps: GrowingDumps
    ) throws -> RowTap {
        let divisions = try RowDivision.divisions(of: connection, from: store.pagesOfLargeTables)
        let folder = DumpLayout.folder(of: database)
        return try server.tap(database, divisions, in: "\(writing.folder)-rows") { try dumps.add($0, of: folder) }
    }

    func finish() throws -> RebuiltContents {
        try thread.join()
        let kept = try inventories.tables.withLock { $0 }.flatMap { folder, inventory in
            let dump = dumps.path(of: folder)
            let counts = try DumpRows.count(in: dump, job).merging(dumps.counts(in: folder)) { $1 }
            return try inventory.keptRows(in: dump, counts, programs)
        }
        return RebuiltContents(reload: inventories.reload.withLock { $0 }, kept: kept)
    }

    /// Programs that speak to the server end with it.
    func close() {
        dumps.fail(Cancelled())
        server.stop()
        try? thread.join()
    }
}
