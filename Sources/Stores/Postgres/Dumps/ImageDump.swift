import Archiving
import HostIO
import Model
import ResticFormat
import StoreContract
import Synchronization

/// Turns an image of files into dumps, through a server on a copy of it: which proves that one starts on it.
struct ImageDump {
    let store: PostgresStore
    let image: ImageTree
    let extent: StoreExtent
    let host: Host
    private let opened = OpenedDatabases()

    private final class OpenedDatabases: Sendable {
        private let gaps = Mutex<[DatabaseInventory.Gap]>([])
        var all: [DatabaseInventory.Gap] { gaps.withLock { $0 } }
        func add(_ more: [DatabaseInventory.Gap]) { gaps.withLock { $0 += more } }
    }

    init(store: PostgresStore, image: ImageTree, extent: StoreExtent, host: Host) {
        (self.store, self.image, self.extent, self.host) = (store, image, extent, host)
    }

    /// What a backup that is made of it lacks; of dumps that was told when they were made.
    private func gaps(_ server: ScratchServer) throws -> [EntryIssue] {
        guard try DumpLayout.databases(in: image) == nil else { return [] }
        let connection = try PostgresConnection(server.connection)
        defer { connection.close() }
        guard store.access.databases.isEmpty else {
            return try DatabaseInventory(of: connection).missing(of: store.access.databases).map(\.issue)
        }
        let found = try DatabaseInventory(of: connection).gapsOfFiles { try PostgresConnection(server.connection, database: $0) }
        return (opened.all + found).map(\.issue)
    }

    /// Starts the server and begins to dump from it.
    func begin(in scratch: String, _ job: JobControl) throws -> DumpingServer {
        let name = store.declaration.name
        let folder = Path.join(scratch, "dump-\(host.randomHex(bytes: 6))")
        try makeDirectories(Path.join(folder, "files"))
        job.begin(phase: "starting a server on the image of \(name)")
        let isDumps = try DumpLayout.databases(in: image) != nil
        let (server, programs, unmade) = try serve(in: folder, job)
        do {
            job.begin(phase: "dumping \(name)")
            let writing = DumpWriting(
                store: name, programs: programs, connection: server.connectionOfPrograms, folder: Path.join(folder, "files"),
                jobs: host.processors, door: server.door, settings: try server.settingsOfPrograms())
            if isDumps {
                try copyGlobals(to: writing.folder)
            } else {
                let session = try PostgresConnection(server.connection)
                defer { session.close() }
                let anyNames = AnyNamesDatabase(server.connection, host)
                try writing.writeGlobals(through: anyNames.database(forRolesOf: session), job)
                try nameLocations(in: Path.join(writing.folder, DumpLayout.globals))
            }
            return try DumpingServer(store, server, writing, extent, try databases(server), unmade.map(\.loss) + gaps(server), job: job)
        } catch {
            let error = server.explained(error)
            server.stop()
            throw error
        }
    }

    /// A server with what is in the image, the programs that go with it, and what of the image it has not.
    func serve(in folder: String, _ job: JobControl) throws -> (ScratchServer, ServerPrograms, [UnmadeObject]) {
        try DumpLayout.databases(in: image) != nil ? loaded(folder, job) : started(folder, job)
    }

    private func started(_ folder: String, _ job: JobControl) throws -> (ScratchServer, ServerPrograms, [UnmadeObject]) {
        let name = store.declaration.name
        let origin = try ImageOrigin(of: image, named: name, store.access)
        let programs = try ServerPrograms.require(store.access, told: nil, release: origin.release, store: name)
        let server = try ScratchServer(image, store: name, programs, in: folder, host: host, job: job)
        do {
            let connection = try PostgresConnection(server.connection)
            defer { connection.close() }
            opened.add(try DatabaseInventory.openAll(connection))
            opened.add(try PreparedTransactions.rollBack(connection) { try PostgresConnection(server.connection, database: $0) })
        } catch {
            let error = server.explained(error)
            server.stop()
            throw error
        }
        return (server, programs, [])
    }

    /// A new server with the dumps of the image in it.
    private func loaded(_ folder: String, _ job: JobControl) throws -> (ScratchServer, ServerPrograms, [UnmadeObject]) {
        let name = store.declaration.name
        let programs = try ServerPrograms.newest(store.access, store: name)
        let server = try emptyServer(programs, folder, job)
        do {
            var target = try DumpTarget(store, scratch: server, programs, host: host)
            _ = try target.loadGlobals(try image.bytes(of: [DumpLayout.globals], limit: 1 << 26) ?? [])
            var unmade: [UnmadeObject] = []
            for database in try DumpLayout.databases(in: image) ?? [] {
                try job.checkCancelled()
                let dump = try DatabaseDump(database, of: image, in: folder, programs, host: host, job: job)
                defer { try? removeTree(dump.folder) }
                unmade += try DatabaseLoad(target: target, dump: dump, sums: store.rowSums, job: job).run()
            }
            return (server, programs, unmade)
        } catch {
            let error = server.explained(error)
            server.stop()
            throw error
        }
    }

    /// One that can make the extensions of the image, as far as their libraries are here: started anew with those that it has to begin with.
    private func emptyServer(_ programs: ServerPrograms, _ folder: String, _ job: JobControl) throws -> ScratchServer {
        let name = store.declaration.name
        let needs = try DumpNeeds(image, job: job)
        let server = try ScratchServer(emptyFor: name, programs, in: folder, host: host, job: job)
        let installed = needs.extensions.filter(programs.hasLibrary)
        guard !installed.isEmpty else { return server }
        let libraries = Set(DumpNeeds.toPreload(installed, on: try PostgresConnection(server.connection)))
        guard !libraries.isEmpty else { return server }
        let preloaded = libraries.sorted().compactMap { library in
            needs.databases.first { $0.extensions.contains(library) }.map { ScratchSettings.Preload(library: library, database: $0.name) }
        }
        job.log("store \(name): a server on a copy of the image begins with \(libraries.sorted().joined(separator: ", "))")
        server.stop()
        // Each goes with its files when nobody holds it any more: they are in places of their own.
        let places = ["preloaded", "plain"].map { Path.join(folder, $0) }
        for place in places { try makeDirectories(place) }
        do { return try ScratchServer(emptyFor: name, programs, in: places[0], preloaded: preloaded, host: host, job: job) } catch {
            try job.checkCancelled()
            // What needs them is named as what cannot be made.
            job.log("store \(name): it does not begin with them: \(Failure(describing: error).summary)")
            return try ScratchServer(emptyFor: name, programs, in: places[1], host: host, job: job)
        }
    }

    /// On the copy tablespaces are directories below `pg_tblspc`; what is kept says where they were on the server.
    private func nameLocations(in file: String) throws {
        var text = try AtomicFile.read(file, limit: 1 << 26)
        for node in try image.entries(of: ["pg_tblspc"]) ?? [] {
            guard let former = node.extendedAttributes.first(where: { $0.name == DataDirectorySource.tablespaceAttribute })?.value else {
                continue
            }
            let place = quotedText(ByteText.text(former))
            text.replace(Array(" LOCATION 'pg_tblspc/\(FileName.text(node.name))';".utf8), with: ByteText.bytes(" LOCATION \(place);"))
        }
        try AtomicFile.write(text, to: file, mode: 0o600)
    }

    /// A server that was made for them has one role more.
    private func copyGlobals(to folder: String) throws {
        try makeDirectories(Path.join(folder, DumpLayout.databases))
        let bytes = try image.bytes(of: [DumpLayout.globals], limit: 1 << 26) ?? []
        try AtomicFile.write(bytes, to: Path.join(folder, DumpLayout.globals), mode: 0o600)
    }

    private func databases(_ server: ScratchServer) throws -> [String] {
        let connection = try PostgresConnection(server.connection)
        defer { connection.close() }
        return try DatabaseInventory(of: connection).saved.filter(store.access.wants)
    }
}
