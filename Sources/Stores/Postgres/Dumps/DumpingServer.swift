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

    private let work: Work
    private let thread: WorkerThread
    private var dumps: GrowingDumps { work.dumps }

    /// Databases in their order, by the folders of their dumps.
    private final class SharedInventories: Sendable {
        let tables = Mutex<[(folder: String, inventory: TableInventory)]>([])
        let reload = Mutex<[ReloadItem]>([])
    }

    /// Owns the server from now on, also when it throws.
    init(
        _ store: PostgresStore, _ server: ScratchServer, _ writing: DumpWriting, _ extent: StoreExtent, _ databases: [String],
        _ lacking: [EntryIssue], job: JobControl
    ) throws {
        let dumps = GrowingDumps(folder: writing.folder, jobs: writing.jobs, lacking: lacking, host: store.host, job: job)
        let work = Work(store: store, server: server, writing: writing, extent: extent, dumps: dumps, job: job)
        self.work = work
        thread = try WorkerThread(named: "dump") {
            defer { server.stop() }
            do {
                for database in databases { try work.dump(database) }
                dumps.end()
            } catch {
                let error = server.explained(error)
                dumps.fail(error)
                throw error
            }
        }
    }

    /// What the thread does.
    private struct Work: Sendable {
        let store: PostgresStore
        let server: ScratchServer
        let writing: DumpWriting
        let extent: StoreExtent
        let dumps: GrowingDumps
        let job: JobControl
        let inventories = SharedInventories()

        func dump(_ database: String) throws {
            let folder = DumpLayout.folder(of: database)
            try makeDirectories(Path.join(writing.folder, "\(DumpLayout.databases)/\(folder)"))
            dumps.begin(folder)
            let connection = try PostgresConnection(server.connection, database: database)
            defer { connection.close() }
            let inventory = try TableInventory(of: connection, database: database)
            let left =
                switch extent {
                case .whole: [TableInventory.Table]()
                case .withoutBulkRows: inventory.bulk(store.declaration.bulkTables)
                case .structure: inventory.tables
                }
            let rows = extent == .structure ? DumpWriting.Rows.none : left.isEmpty ? .all : .besides(left)
            let files = try RowFiles(of: try write(rows, of: database, folder, connection), connection, writing.programs)
            let reload = try inventory.reloadItems(left, connection, job)
            inventories.reload.withLock { $0 += reload }
            inventories.tables.withLock { $0.append((folder, inventory)) }
            try dumps.end(folder) { try files.file(of: $0) }
        }

        /// Gives the directory of the dump.
        private func write(
            _ rows: DumpWriting.Rows, of database: String, _ folder: String, _ connection: PostgresConnection
        ) throws -> String {
            var writing = writing
            writing.encoding = try connection.text(RowSession.encodingQuestion)
            // Of names in another encoding nothing is understood here.
            guard writing.encoding == "UTF8" else { return try writing.write(database, rows, job) }
            let divisions = try RowDivision.divisions(of: connection, from: store.pagesOfLargeTables)
            let tap = try server.tap(database, divisions, in: "\(writing.folder)-rows") { [dumps] in try dumps.add($0, of: folder) }
            defer { tap.close() }
            writing.door?.folder = tap.folder
            do { return try writing.write(database, rows, job) } catch {
                let error = server.explained(error is Cancelled ? error : tap.problem ?? error)
                // Before the tap is waited for, which waits for readers.
                dumps.fail(error)
                throw error
            }
        }
    }

    func finish() throws -> RebuiltContents {
        try thread.join()
        let kept = try work.inventories.tables.withLock { $0 }.flatMap { folder, inventory in
            let dump = dumps.path(of: folder)
            let counts = try DumpRows.count(in: dump, work.job).merging(dumps.counts(in: folder)) { $1 }
            return try inventory.keptRows(in: dump, counts, work.writing.programs)
        }
        return RebuiltContents(reload: work.inventories.reload.withLock { $0 }, kept: kept)
    }

    /// Programs that speak to the server end with it.
    func close() {
        dumps.fail(Cancelled())
        work.server.stop()
        try? thread.join()
    }
}
