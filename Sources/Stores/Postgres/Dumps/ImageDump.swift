import Archiving
import HostIO
import Model
import StoreContract

/// Turns an image of files into dumps, through a server on a copy of it: which proves that one starts on it.
struct ImageDump {
    let store: PostgresStore
    let image: ImageTree
    let extent: StoreExtent
    let host: Host

    /// Starts the server and begins to dump from it.
    func begin(in scratch: String, _ job: JobControl) throws -> DumpingServer {
        let name = store.declaration.name
        let folder = Path.join(scratch, "dump-\(host.randomHex(bytes: 6))")
        try makeDirectories(Path.join(folder, "files"))
        job.begin(phase: "starting a server on the image of \(name)")
        let isDumps = try DumpLayout.databases(in: image) != nil
        let (server, programs) = try serve(in: folder, job)
        do {
            job.begin(phase: "dumping \(name)")
            let writing = DumpWriting(
                store: name, programs: programs, connection: server.connectionOfPrograms, folder: Path.join(folder, "files"),
                jobs: host.processors, door: server.door)
            if isDumps { try copyGlobals(to: writing.folder) } else { try writing.writeGlobals(job) }
            return try DumpingServer(store, server, writing, extent, try databases(server), job: job)
        } catch {
            let error = server.explained(error)
            server.stop()
            throw error
        }
    }

    /// A server with what is in the image, and the programs that go with it.
    func serve(in folder: String, _ job: JobControl) throws -> (ScratchServer, ServerPrograms) {
        try DumpLayout.databases(in: image) != nil ? loaded(folder, job) : started(folder, job)
    }

    private func started(_ folder: String, _ job: JobControl) throws -> (ScratchServer, ServerPrograms) {
        let name = store.declaration.name
        let origin = try ImageOrigin(of: image, named: name, store.access)
        let programs = try ServerPrograms.require(store.access, told: nil, release: origin.release, store: name)
        return (try ScratchServer(image, store: name, programs, in: folder, host: host, job: job), programs)
    }

    /// A new server with the dumps of the image in it.
    private func loaded(_ folder: String, _ job: JobControl) throws -> (ScratchServer, ServerPrograms) {
        let name = store.declaration.name
        let programs = try ServerPrograms.newest(store.access, store: name)
        let server = try ScratchServer(emptyFor: name, programs, in: folder, host: host, job: job)
        do {
            var target = try DumpTarget(store, scratch: server, programs, host: host)
            _ = try target.loadGlobals(try image.bytes(of: [DumpLayout.globals], limit: 1 << 26) ?? [])
            for database in try DumpLayout.databases(in: image) ?? [] {
                try job.checkCancelled()
                let dump = try DatabaseDump(database, of: image, in: folder, programs, host: host, job: job)
                defer { try? removeTree(dump.folder) }
                try DatabaseLoad(target: target, dump: dump, sums: store.rowSums, job: job).run()
            }
            return (server, programs)
        } catch {
            let error = server.explained(error)
            server.stop()
            throw error
        }
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
        let all = try connection.rows("SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY 1").compactMap {
            $0[0]
        }
        let wanted = store.access.databases
        return wanted.isEmpty ? all : all.filter(wanted.contains)
    }
}
