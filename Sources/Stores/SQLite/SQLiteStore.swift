package import Archiving
package import HostIO
package import Model
package import StoreContract
import Synchronization

/// One SQLite database file, captured and restored through SQLite's own locks while applications use it.
///
/// An image is a directory that holds the one database file, as a plain file without a log: in WAL mode its header still says so, and
/// the next program that opens it is in WAL mode again.
package final class SQLiteStore: StoreAdapter {
    package let declaration: StoreDeclaration
    let host: Host
    private let pins = Mutex<[String: Pin]>([:])
    let last = Mutex<Unpacked?>(nil)
    /// Milliseconds to wait for a lock.
    let patience: Int32

    /// What a capture holds until its release.
    struct Pin: Sendable {
        /// With an open read transaction (WAL mode).
        var connection: SQLiteConnection?
        /// The copy, once it is made.
        var copy: StagedDatabase?
        var facts: DatabaseFacts
        var scratch: String
    }

    struct Unpacked: Sendable {
        /// Scratch directory and tree.
        var key: String
        var database: StagedDatabase
    }

    package init(_ declaration: StoreDeclaration, host: Host, patience: Int32 = 30_000) {
        self.declaration = declaration
        self.patience = patience
        self.host = host
    }

    var files: DatabaseFiles { DatabaseFiles(path: declaration.path) }

    package func open() throws -> StoreStatus {
        try asStoreFailure {
            let (connection, facts) = try LiveDatabase.require(files, patience: patience)
            defer { connection.close() }
            return StoreStatus(
                version: DatabaseFacts.libraryVersion, bytes: facts.bytes, nativeImages: false,
                imageReason: "a database is copied page by page through SQLite, so that programs may go on writing",
                notes: [try ForeignSchema(of: connection).sentence].compactMap { $0 }, held: HeldAmount(bytes: facts.bytes),
                facts: facts.texts)
        }
    }

    /// No descriptor of the database is opened: closing it would drop the locks of this process.
    package func whereabouts() throws -> Whereabouts {
        try asStoreFailure {
            guard try statusOfPath(declaration.path)?.kind == .file else {
                throw Failure(
                    .store, "\(declaration.path): there is no database",
                    hint: "check `path` in the cluster file and that its file system is mounted, or restore the store")
            }
            return try Whereabouts(of: declaration.path)
        }
    }

    func pin(_ id: String) -> Pin? { pins.withLock { $0[id] } }
    func keep(_ pin: Pin, as id: String) { pins.withLock { $0[id] = pin } }

    package func release(_ capture: Capture, outcome: CaptureOutcome) {
        guard let pin = pins.withLock({ $0.removeValue(forKey: capture.imageID) }) else { return }
        try? pin.connection?.execute("ROLLBACK")
        pin.copy?.remove()
    }

    package func nativeImages() throws -> [String] { [] }

    package func removeNativeImage(_ id: String) throws {}

    package func openNativeImage(_ id: String, since: String?) throws -> any EntrySource {
        throw Failure(.notFound, "store \(declaration.name): an sqlite store has no native images", hint: "restore from an archived image")
    }

    package func obstaclesToDestroying(job: JobControl) throws -> [RemovalObstacles] { try asStoreFailure { [try files.obstacles()] } }

    package func destroy(job: JobControl) throws {
        try asStoreFailure { try files.removeAll() }
    }

    package func place() throws -> String? { try FileSystemIdentity.of(declaration.path) }

    package func space() throws -> StoreSpace? { try StoreSpace.local(declaration.path) }

    package func isEmpty() throws -> Bool {
        try asStoreFailure {
            switch try LiveDatabase.find(files, patience: patience) {
            case .missing: true
            case .unusable: false
            case .usable(_, let facts): facts.objects == 0
            }
        }
    }
}
