package import Archiving
package import HostIO
package import Model
import NativeImages
package import StoreContract
import Synchronization

/// One PostgreSQL server with all its databases, captured while it runs.
///
/// An image is the data directory: frozen by the file system, or read between the start and the end of a base backup and completed by
/// the write-ahead log in between. Either is a data directory that a server of the same release recovers from by itself.
package final class PostgresStore: StoreAdapter {
    package let declaration: StoreDeclaration
    let access: PostgresAccess
    let host: Host
    let terms: RestoreTerms
    private let nativeImageFolder: String?
    private let held = Mutex<[String: Held]>([:])
    let rowSums: RowSums
    /// Tables from this size on are dumped by several sessions: 64 MB.
    let pagesOfLargeTables: UInt64
    private let parts = Mutex<[String: any PartRestore]>([:])

    /// What a prepared or captured image holds until its release.
    enum Held: Sendable {
        case files(BackupSession)
        case ended(BackupSession, BackupSession.Ending)
        /// Clones of the files of a backup; they are an image when it has ended and its log is with them.
        case clones(NativeImage, BackupSession, BackupSession.Ending?)
        case snapshot(NativeImage?)
        /// With the directory where the dumps go.
        case dumps(DumpSessions, scratch: String)
    }

    /// Throws `clusterFile` for a store that no cluster file describes: a manifest does not say how a server is reached.
    package convenience init(
        _ declaration: StoreDeclaration, nativeImageFolder: String?, host: Host, pagesOfLargeTables: UInt64 = 8192
    ) throws {
        guard let access = declaration.postgres else {
            throw Failure(
                .clusterFile, "store \(declaration.name): the cluster file does not say how this PostgreSQL server is reached",
                hint: "declare it there with kind: postgres and connection")
        }
        self.init(declaration, access, nativeImageFolder, host, terms: RestoreTerms(), pagesOfLargeTables)
    }

    private init(
        _ declaration: StoreDeclaration, _ access: PostgresAccess, _ nativeImageFolder: String?, _ host: Host, terms: RestoreTerms,
        _ pagesOfLargeTables: UInt64
    ) {
        self.declaration = declaration
        self.access = access
        self.nativeImageFolder = nativeImageFolder
        self.host = host
        self.terms = terms
        self.pagesOfLargeTables = pagesOfLargeTables
        rowSums = RowSums(host)
    }

    package func under(_ terms: RestoreTerms) -> any StoreAdapter {
        PostgresStore(declaration, access, nativeImageFolder, host, terms: terms, pagesOfLargeTables)
    }

    var directory: DataDirectory? { access.dataDirectory.map(DataDirectory.init(path:)) }
    var library: NativeImageLibrary? { nativeImageFolder.map(NativeImageLibrary.init(folder:)) }

    func hold(_ what: Held, as id: String) { held.withLock { $0[id] = what } }
    func heldImage(_ id: String) -> Held? { held.withLock { $0[id] } }
    func letGo(_ id: String) -> Held? { held.withLock { $0.removeValue(forKey: id) } }

    func holdPart(_ part: any PartRestore) { parts.withLock { $0[part.plan.id] = part } }
    func heldPart(_ id: String) -> (any PartRestore)? { parts.withLock { $0[id] } }
    func letGoPart(_ id: String) -> (any PartRestore)? { parts.withLock { $0.removeValue(forKey: id) } }

    package func open() throws -> StoreStatus {
        try asFailure {
            if let closed = try closedStatus() { return closed }
            let (connection, facts) = try connect()
            defer { connection.close() }
            let form = try form(connection, facts)
            var texts = facts.texts
            texts["images"] = form.word
            if case .dump(let why) = form { texts["no-physical-images-because"] = why }
            return StoreStatus(
                version: facts.version, bytes: facts.bytes, nativeImages: form.isNative, imageReason: form.reason,
                notes: try serviceNotes() + gaps(connection, isDumped: form.isDump).map(\.text), facts: texts)
        }
    }

    package func serviceNotes() -> [String] { ServiceNotes.notes(start: access.service?.start, group: directory?.controlGroup()) }

    package func whereabouts() throws -> Whereabouts {
        try asFailure {
            try checkDirectory()
            let connection = try access.session(patience: 5)
            defer { connection.close() }
            if let directory { return try Whereabouts(of: directory.path) }
            // A server on this host says where its files are, to those who may know.
            let place = try? connection.text("SELECT current_setting('data_directory') WHERE inet_server_addr() IS NULL")
            guard let place, try statusOfPath(place) != nil else { return Whereabouts() }
            return try Whereabouts(of: place)
        }
    }

    /// A session and what the server says; what keeps a server from being reached is told with the place of its data.
    func connect() throws -> (PostgresConnection, ServerFacts) {
        try checkDirectory()
        let connection = try access.session()
        return (connection, try ServerFacts(of: connection))
    }

    /// What dumps lack of the server.
    func gaps() throws -> [DatabaseInventory.Gap] {
        let connection = try access.session()
        defer { connection.close() }
        return try gaps(connection, isDumped: true)
    }

    /// What backups lack of the server, unless it was said which databases are wanted.
    func gaps(_ connection: PostgresConnection, isDumped: Bool) throws -> [DatabaseInventory.Gap] {
        let inventory = try DatabaseInventory(of: connection)
        guard access.databases.isEmpty else { return inventory.missing(of: access.databases, isDumped: isDumped) }
        let session = { try PostgresConnection(self.access.connection, database: $0) }
        return isDumped ? inventory.gaps(session) : inventory.gapsOfFiles(session)
    }

    private func checkDirectory() throws {
        guard let directory else { return }
        guard try directory.exists() else {
            throw Failure(
                .store, "\(directory.path): no such directory",
                hint: "check `data-directory` in the cluster file and that its file system is mounted, or restore the store")
        }
        guard try !directory.isClosed() else {
            throw Failure(
                .store, "\(directory.path): its server is down, because this is a standby", hint: "holdfast standby promote starts it")
        }
        guard try !directory.isHalfRestored() else {
            throw Failure(
                .store, "\(directory.path): a restore of it did not end, and no server may start on it",
                hint: "run the restore again, or holdfast snapshot undo")
        }
    }

    func form(_ connection: PostgresConnection, _ facts: ServerFacts) throws -> ImageForm {
        if let obstacle = try ImageForm.obstacle(connection, facts, directory) { return .dump(whyNotFiles: obstacle) }
        guard let directory else { return .dump(whyNotFiles: "no data-directory is given") }
        let support = try FreezeSupport.find(directory, facts, library)
        return switch support.method {
        case .subvolume: .snapshot
        case .clone: .clones
        case nil: .files(whyNotNative: support.reason)
        }
    }

    /// Every error with the store's place in it, and that of a server or of the files as one of the store.
    func asFailure<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try asStoreFailure(body) } catch let error as PostgresError {
            var failure = error.failure
            failure.message = "\(declaration.path): \(failure.message)"
            throw failure
        }
    }

    // MARK: Native images

    package func nativeImages() throws -> [String] { try library?.images() ?? [] }

    package func removeNativeImage(_ id: String) throws { try asFailure { try library?.remove(id) } }

    package func openNativeImage(_ id: String, since: String?) throws -> any EntrySource {
        guard let image = try library?.image(id) else {
            throw Failure(
                .notFound, "store \(declaration.name): native image \(id) is gone",
                hint: "`snapshot validate` tells what is left; restore from another snapshot or from a backup")
        }
        try image.checkIsWhole(declaration.name)
        return DataDirectorySource(image)
    }

    /// Nil for a server that does not answer.
    package func place() throws -> String? {
        guard let (connection, facts) = try? connect() else { return nil }
        defer { connection.close() }
        return facts.systemIdentifier == 0 ? nil : "the PostgreSQL system \(facts.systemIdentifier)"
    }

    package func space() throws -> StoreSpace? { try directory.flatMap { try StoreSpace.local($0.path) } }
}

extension ImageForm {
    var word: String {
        switch self {
        case .snapshot, .clones: "native"
        case .files: "files"
        case .dump: "dump"
        }
    }

    var isNative: Bool {
        switch self {
        case .snapshot, .clones: true
        case .files, .dump: false
        }
    }
}
