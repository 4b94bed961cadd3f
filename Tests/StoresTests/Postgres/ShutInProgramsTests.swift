import Glibc
import HostIO
import Model
@testable import PostgresStore
import TestSupport
import Testing

private let kinds: [Containment.Namespaces] = Containment.possible == .none ? [.none] : [Containment.possible, .none]

/// What programs are that speak to a scratch server or read a dump: by what the kernel says of them from outside, and from inside.
@Suite(.enabled(if: PostgresServer.isInstalled), .timeLimit(.minutes(2))) struct ShutInProgramsTests {
    private let home: TemporaryDirectory
    private let programs = ServerPrograms(folder: "/usr/lib/postgresql/15/bin")

    init() throws { home = try TemporaryDirectory() }

    private func makeServer(_ namespaces: Containment.Namespaces) throws -> ScratchServer {
        try ScratchServer(
            emptyFor: "catalog", programs, in: home.file("scratch"), host: .forTests(), namespaces: namespaces, job: JobControl())
    }

    /// Runs a program that has to wait for a lock, and gives what the kernel says of it meanwhile.
    private func look(at name: String, on server: ScratchServer, _ program: @escaping @Sendable () throws -> Void) throws -> SeenProcess {
        let session = try PostgresConnection(server.connection, database: "postgres")
        defer { session.close() }
        try session.execute("DROP TABLE IF EXISTS public.held; CREATE TABLE public.held (id int)")
        try session.execute("BEGIN; LOCK TABLE public.held IN ACCESS EXCLUSIVE MODE")
        let ended = Monitor<Bool>(false)
        let running = try WorkerThread(named: "program") {
            defer { ended.change { $0 = true } }
            try program()
        }
        let watching = try PostgresConnection(server.connection, database: "postgres")
        defer { watching.close() }
        while !ended.read({ $0 }), try !watching.isTrue("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)") { sched_yield() }
        let seen = try SeenProcess(named: name)
        try session.execute("COMMIT")
        try running.join()
        return try #require(seen)
    }

    @Test(arguments: kinds) func `programs that speak to a scratch server have no rights and see no others`(_ kind: Containment.Namespaces)
        throws
    {
        let server = try makeServer(kind)
        defer { server.stop() }
        let files = home.file("files")
        try makeDirectories(Path.join(files, DumpLayout.databases))
        let writing = DumpWriting(
            store: "catalog", programs: programs, connection: server.connectionOfPrograms, folder: files, jobs: 2, door: server.door,
            settings: try server.settingsOfPrograms())
        let dump = try look(at: "pg_dump", on: server) { try writing.write("postgres", .all, JobControl()) }
        try expectShutIn(dump, kind)
        let amcheck = try look(at: "pg_amcheck", on: server) { [programs] in
            let outcome = try programs.shutIn("pg_amcheck", at: server.door) { _ in
                ["--all", "--install-missing", "--no-password", "--maintenance-db=\(server.connectionOfPrograms)"]
            }.run()
            #expect(outcome.succeeded, "\(outcome.errorText)")
        }
        try expectShutIn(amcheck, kind)
        try writing.writeGlobals(through: nil, JobControl())
        let globals = String(decoding: try AtomicFile.read(Path.join(files, DumpLayout.globals)), as: UTF8.self)
        #expect(globals.contains("CREATE ROLE"))
    }

    private func expectShutIn(_ process: SeenProcess, _ kind: Containment.Namespaces) throws {
        if geteuid() == 0 { #expect(process.users.allSatisfy { $0 != 0 && $0 != getpwnam("postgres")?.pointee.pw_uid }, "\(process)") }
        #expect(process.capabilities.allSatisfy { $0 == 0 } && process.capabilities.count == 5, "\(process)")
        #expect(process.hasNoNewPrivileges)
        guard kind != .none else { return }
        for (name, place) in process.namespaces { #expect(try SeenProcess.namespace(name, of: "self") != place, "\(name)") }
    }

    @Test(arguments: kinds) func `a dump is loaded into a scratch server by programs that are shut in`(_ kind: Containment.Namespaces)
        throws
    {
        let server = try makeServer(kind)
        defer { server.stop() }
        let session = try PostgresConnection(server.connection, database: "postgres")
        defer { session.close() }
        try session.execute("CREATE TABLE public.one AS SELECT 1 AS id; SELECT lo_from_bytea(0, 'large')")
        let files = home.file("files")
        let writing = DumpWriting(
            store: "catalog", programs: programs, connection: server.connectionOfPrograms, folder: files, jobs: 2, door: server.door,
            settings: try server.settingsOfPrograms())
        let dump = try writing.write("postgres", .all, JobControl())
        let comparison = DumpComparison(programs: programs, left: dump, right: dump)
        let entries = try DumpContents(of: dump).entries
        #expect(entries.contains(where: \.isData) && entries.contains(where: \.isLargeObject))
        #expect(try comparison.areSame(JobControl()))
        #expect(try !DumpStatements(programs: programs, folder: dump).section("pre-data", of: entries).isEmpty)
        try session.execute("CREATE DATABASE other")
        let store = try PostgresStore(
            StoreDeclaration(
                name: "catalog", kind: .postgres, role: .metadata, path: "x", postgres: PostgresAccess(connection: server.connection)),
            nativeImageFolder: nil, host: .forTests())
        let target = try DumpTarget(store, scratch: server, programs, host: .forTests())
        try target.load(entries.filter { !$0.key.hasPrefix("DATABASE") }, of: dump, into: "other")
        #expect(try target.analysis("other") == nil)
        let other = try PostgresConnection(server.connection, database: "other")
        defer { other.close() }
        #expect(try other.text("SELECT count(*) FROM public.one") == "1")
    }

    @Test(.enabled(if: Containment.possible != .none))
    func `a program that reads a dump sees the system and the dump alone, and cannot change it`() throws {
        let dump = try home.folder("dump")
        try AtomicFile.write([1], to: Path.join(dump, "toc.dat"), mode: 0o600)
        let script = "ls -A /; ls /dump; touch /dump/x; cat /dump/toc.dat >/dev/null && echo read; setpriv --dump; cat \"$3\""
        let outcome = try programs.shutIn("pg_restore", on: ProgramFolder(dump), script: script, input: Array("a list\n".utf8)) { view in
            [view.folder, view.input]
        }.run()
        let lines = outcome.outputText.split(separator: "\n")
        let names = lines.prefix { $0 != "toc.dat" }.filter { !["lib32", "libx32", "lib64", "var"].contains($0) }
        #expect(names == ["bin", "dev", "dump", "etc", "input", "lib", "sbin", "usr"], "\(outcome)")
        #expect(lines.contains("read") && lines.last == "a list" && outcome.errorText.contains("Read-only"), "\(outcome)")
        #expect(outcome.outputText.contains("no_new_privs: 1") && outcome.outputText.contains("Capability bounding set: [none]"))
        #expect(try statusOfPath(Path.join(dump, "x")) == nil)
    }
}

/// A process that this one has started.
private struct SeenProcess: CustomStringConvertible {
    /// Real, effective, saved, of files.
    private(set) var users: [UInt32] = []
    /// Inheritable, permitted, effective, bounding, ambient.
    private(set) var capabilities: [UInt64] = []
    private(set) var hasNoNewPrivileges = false
    private(set) var namespaces: [String: String] = [:]
    let description: String

    /// Nil when there is none of that name.
    init?(named wanted: String) throws {
        for name in try Descriptor.openDirectory("/proc").entries().map({ FileName.text($0.name) }) where Int(name) != nil {
            guard let bytes = try? AtomicFile.read("/proc/\(name)/status") else { continue }
            let text = String(decoding: bytes, as: UTF8.self)
            let fields = Dictionary(
                text.split(separator: "\n").map { line in
                    let parts = line.split(separator: ":", maxSplits: 1)
                    return (String(parts[0]), parts.count > 1 ? parts[1].split(whereSeparator: \.isWhitespace).map(String.init) : [])
                }
            ) { first, _ in first }
            guard fields["Name"] == [wanted], fields["PPid"] == ["\(getpid())"] else { continue }
            description = text
            users = (fields["Uid"] ?? []).compactMap { UInt32($0) }
            capabilities = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].compactMap {
                fields[$0]?.first.flatMap { UInt64($0, radix: 16) }
            }
            hasNoNewPrivileges = fields["NoNewPrivs"] == ["1"]
            for kind in ["mnt", "pid", "net", "ipc", "uts"] { namespaces[kind] = try Self.namespace(kind, of: name) }
            return
        }
        return nil
    }

    static func namespace(_ kind: String, of process: String) throws -> String {
        FileName.text(try Descriptor.openDirectory("/proc/\(process)/ns").readSymlink(Array(kind.utf8)))
    }
}
