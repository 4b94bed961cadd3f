import Archiving
import Glibc
import HostIO
import Model
@testable import PostgresStore
import StoreContract
import TestSupport
import Testing

/// What SQL that runs as the superuser of a scratch server can read, write and reach.
@Suite(.enabled(if: PostgresServer.isInstalled), .timeLimit(.minutes(2))) struct ScratchContainmentTests {
    private let home: TemporaryDirectory
    private let programs = ServerPrograms(folder: "/usr/lib/postgresql/15/bin")

    init() throws { home = try TemporaryDirectory() }

    private func makeServer(_ namespaces: Containment.Namespaces = Containment.possible) throws -> ScratchServer {
        try ScratchServer(
            emptyFor: "catalog", programs, in: home.file("scratch"), host: .forTests(), namespaces: namespaces, job: JobControl())
    }

    /// What a shell that the server starts prints.
    private func shell(_ command: String, on server: ScratchServer) throws -> String {
        let session = try PostgresConnection(server.connection, database: "postgres")
        defer { session.close() }
        try session.execute("DROP TABLE IF EXISTS public.said; CREATE TABLE public.said (line text)")
        let options = "(FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02')"
        try session.execute("COPY public.said FROM PROGRAM $run$ ( \(command) ) 2>&1; true $run$ WITH \(options)")
        return try session.rows("SELECT line FROM public.said").compactMap { $0[0] }.joined(separator: "\n")
    }

    @Test(.enabled(if: Containment.possible != .none)) func `it sees no file of the host but those of the system`() throws {
        let secret = home.file("password")
        try AtomicFile.write(Array("hunter2".utf8), to: secret, mode: 0o644)
        let server = try makeServer()
        defer { server.stop() }
        let names = try shell("ls -A /", on: server).split(separator: "\n").filter { !["lib32", "libx32", "lib64", "var"].contains($0) }
        #expect(names == ["bin", "data", "dev", "etc", "lib", "sbin", "socket", "usr"])
        for path in [secret, "/etc/shadow", "/root", "/home", "/proc/1/environ", "/run/postgresql", "/etc/ssh", "/tmp", "/sys", home.path] {
            #expect(try shell("ls -d \(path)", on: server).contains("No such file"), "\(path)")
        }
        #expect(try shell("cat /etc/passwd", on: server).split(separator: "\n").count == 2)
        #expect(try shell("ls -A /dev", on: server) == "full\nnull\nrandom\nshm\nurandom\nzero")
        for path in ["/x", "/usr/x", "/etc/x", "/dev/x", "/bin/x", "/lib/x"] {
            #expect(try !shell("touch \(path) && echo written", on: server).contains("written"), "\(path)")
        }
        #expect(try shell("cp /usr/bin/true /data/x && /data/x && echo ran", on: server).contains("Permission denied"))
    }

    @Test(.enabled(if: Containment.possible != .none)) func `it reaches no network, no process and no rights`() throws {
        let listener = try LocalListening()
        let server = try makeServer()
        defer { server.stop() }
        let connect = "exec 3<>/dev/tcp/127.0.0.1/\(listener.port) && echo connected"
        #expect(try ChildProcess(["/bin/bash", "-c", connect]).run().outputText.contains("connected"), "the host itself can")
        #expect(try !shell("bash -c '\(connect)'", on: server).contains("connected"))
        #expect(try shell("bash -c 'kill -0 \(getpid()) && echo alive'", on: server).contains("No such process"))
        let rights = try shell("setpriv --dump", on: server)
        #expect(rights.contains("no_new_privs: 1") && rights.contains("Capability bounding set: [none]"), "\(rights)")
        #expect(rights.contains("Supplementary groups: [none]") || geteuid() != 0, "\(rights)")
        let environment = try shell("env", on: server).split(separator: "\n").map { $0.prefix { $0 != "=" } }
        let known: Set<Substring> = ["PATH", "LC_ALL", "HOME", "PWD", "PGDATA", "_", "SHLVL", "OLDPWD"]
        #expect(environment.allSatisfy { known.contains($0) || $0.hasPrefix("LC_") || $0.hasPrefix("PG") }, "\(environment)")
    }

    @Test func `its user is nobody's, and cannot take the place of its socket`() throws {
        let server = try makeServer()
        defer { server.stop() }
        let user = try shell("id -u", on: server)
        #expect(user != "0" && UInt32(user) != getpwnam("postgres")?.pointee.pw_uid)
        guard geteuid() == 0 else { return }
        let socket = "\(server.data.place.socketInside)/\(ScratchPlace.socketName)"
        #expect(try shell("mv \(socket) /data/x; echo done", on: server).contains("denied"))
        try PostgresConnection(server.connection).close()
    }

    /// Where the kernel gives no namespaces, the user is still one without rights.
    @Test(.enabled(if: geteuid() == 0)) func `without namespaces it still has no rights`() throws {
        let secret = home.file("password")
        try AtomicFile.write(Array("hunter2".utf8), to: secret, mode: 0o600)
        let server = try makeServer(.none)
        defer { server.stop() }
        let user = try shell("id -u", on: server)
        #expect(user != "0" && UInt32(user) != getpwnam("postgres")?.pointee.pw_uid)
        let read = try shell("cat \(secret) /etc/shadow", on: server)
        #expect(read.split(separator: "\n").allSatisfy { $0.contains("Permission denied") }, "\(read)")
        #expect(try shell("bash -c 'kill -0 \(getpid()) && echo alive'", on: server).contains("not permitted"))
        #expect(try shell("setpriv --dump", on: server).contains("Capability bounding set: [none]"))
        #expect(server.data.place.containment.weakness != nil)
    }

    @Test func `weaker surroundings are told in one line, with what to do, and good ones are not`() throws {
        for namespaces in [Containment.Namespaces.none, Containment.possible] {
            let job = JobControl()
            let server = try ScratchServer(
                emptyFor: "catalog", programs, in: home.file("scratch"), host: .forTests(), namespaces: namespaces, job: job)
            server.stop()
            let notes = job.drainNotes()
            #expect(notes.count == (namespaces == .none ? 1 : 0), "\(notes)")
            #expect(notes.allSatisfy { $0.contains("store catalog") && $0.contains("allow namespaces") }, "\(notes)")
        }
    }

    @Test func `libraries that a database or a role asks for are not loaded`() throws {
        let server = try makeServer()
        defer { server.stop() }
        let session = try PostgresConnection(server.connection, database: "postgres")
        defer { session.close() }
        try session.execute("ALTER DATABASE postgres SET session_preload_libraries = 'of_nobody'")
        try session.execute("ALTER ROLE ALL SET local_preload_libraries = 'of_nobody'")
        try PostgresConnection(server.connection, database: "postgres").close()
        let outcome = try programs.shutIn("pg_dump", at: server.door) { _ in
            ["-s", "-d", ConnectionText.text(server.connectionOfPrograms, database: "postgres")]
        }.run()
        #expect(outcome.succeeded, "\(outcome.errorText)")
    }
}

/// A listener on the host's loopback interface.
private final class LocalListening: Sendable {
    private let descriptor: Descriptor
    let port: UInt16

    init() throws {
        let raw = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        descriptor = Descriptor(owning: raw, path: "listener")
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(raw, $0, length) + listen(raw, 5) + getsockname(raw, $0, &length)
            }
        }
        guard status == 0 else { throw Failure(.internal, "cannot listen") }
        port = UInt16(bigEndian: address.sin_port)
    }
}
