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
                let refused = try databases.compactMap { try work.dump($0) }
                if let first = refused.first, refused.count == databases.count { throw first }
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

        /// Gives why it cannot be dumped, where that is about the database alone.
        func dump(_ database: String) throws -> Failure? {
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
            let dump: ReadableDump.Outcome
            do { dump = try write(rows, of: database, folder, connection) } catch let refused as RefusedDatabase { return refused.failure }
            dumps.add(lost: dump.lost.map(\.issue))
            let files = try RowFiles(of: dump.folder, connection, writing.programs)
            let reload = try inventory.reloadItems(left, connection, job)
            inventories.reload.withLock { $0 += reload }
            inventories.tables.withLock { $0.append((folder, inventory)) }
            try dumps.end(folder) { try files.file(of: $0) }
            return nil
        }

        /// Throws ``RefusedDatabase``, and has it left out.
        private func write(
            _ rows: DumpWriting.Rows, of database: String, _ folder: String, _ connection: PostgresConnection
        ) throws -> ReadableDump.Outcome {
            var dump = ReadableDump(writing: writing, database: database) { try PostgresConnection(server.connection, database: database) }
            dump.writing.encoding = try connection.text(RowSession.encodingQuestion)
            // Of names in another encoding nothing is understood here.
            guard dump.writing.encoding == "UTF8" else { return try write(dump, rows, folder) { $0 } }
            let divisions = try RowDivision.divisions(of: connection, from: store.pagesOfLargeTables)
            let tap = try server.tap(database, divisions, in: "\(writing.folder)-rows") { [dumps] in try dumps.add($0, of: folder) }
            defer { tap.close() }
            dump.writing.door?.folder = tap.folder
            dump.again = { [dumps] in dumps.beginAgain(folder) }
            return try write(dump, rows, folder) { tap.problem ?? $0 }
        }

        /// Whoever reads knows of a failure before it is thrown: the end of a tap waits for readers.
        private func write(
            _ dump: ReadableDump, _ rows: DumpWriting.Rows, _ folder: String, _ reason: (any Error) -> any Error
        ) throws -> ReadableDump.Outcome {
            do { return try dump.write(rows, job) } catch {
                let error = error is Cancelled ? error : server.explained(reason(error))
                if let failure = error as? Failure, failure.code == .store, (try? dump.isReadable(job)) == false {
                    dumps.leaveOut(folder, DatabaseInventory.Gap.refused(dump.database, failure).issue)
                    throw RefusedDatabase(failure: failure)
                }
                dumps.fail(error)
                throw error
            }
        }

        private struct RefusedDatabase: Error { var failure: Failure }
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
