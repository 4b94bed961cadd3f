import Archiving
import Glibc
import HostIO
import Model

/// A server of our own on a copy of an image's files: a private socket, no network, settings of our own. It ends with ``stop()``, and in
/// any case with the thread that runs it, which ends with this process.
///
/// Nobody else may enter the directory; the server's user reaches it through a descriptor that it inherits
/// (``ServerPrograms/held``), and so do the programs that speak to it.
final class ScratchServer: Sendable {
    /// Of its log, for a failure.
    private static let logLimit = 4 << 20
    /// From its last sign of life until its end is known, at most.
    private static let reaping = Duration.seconds(10)

    private let data: ScratchData
    private let host: Host
    private let thread: WorkerThread
    /// A failure where it could not be started at all.
    private let ended: Monitor<Result<ChildProcess.Outcome, SystemError>?>
    private let place: SharedDescriptor
    /// Its first superuser.
    let user: String

    /// Copies the image of files into `folder`, starts a server on it and waits until it has recovered.
    convenience init(_ image: ImageTree, store: String, _ programs: ServerPrograms, in folder: String, host: Host, job: JobControl) throws {
        let data = try ScratchData(image, at: Path.join(folder, "data"), store: store, host: host, job: job)
        try self.init(on: data, programs, user: try data.recoverAlone(programs), host: host, job: job)
    }

    /// A new server without anything in it.
    convenience init(emptyFor store: String, _ programs: ServerPrograms, in folder: String, host: Host, job: JobControl) throws {
        let data = try ScratchData(emptyAt: Path.join(folder, "data"), store: store, programs)
        try self.init(on: data, programs, user: ScratchData.user, host: host, job: job)
    }

    private init(on data: ScratchData, _ programs: ServerPrograms, user: String, host: Host, job: JobControl) throws {
        self.host = host
        self.data = data
        self.user = user
        place = SharedDescriptor(try Descriptor.openDirectory(data.path))
        let ended = Monitor<Result<ChildProcess.Outcome, SystemError>?>(nil)
        self.ended = ended
        let command = programs.process(
            "postgres", ["-D", ServerPrograms.held] + data.settings, holding: data.path, owner: data.owner, outputLimit: Self.logLimit)
        thread = try WorkerThread(named: "scratch server") {
            let outcome = Result { () throws(SystemError) in try command.run() }
            ended.change { $0 = outcome }
        }
        do { try wait(job) } catch {
            stop()
            throw error
        }
    }

    deinit { stop() }

    /// For libpq in this process.
    var connection: String { connection(through: "/proc/self/fd/\(place.descriptor.raw)") }
    /// For programs that hold the data directory (``dataDirectory``).
    var connectionOfPrograms: String { connection(through: ServerPrograms.held) }
    var dataDirectory: String { data.path }

    /// Something to dump a database through, made in `folder`, which is not there: with ``connectionOfPrograms`` for programs that hold that.
    func tap(
        _ database: String, _ divisions: [String: RowDivision], in folder: String, _ begin: @escaping @Sendable (RowStream) throws -> Void
    ) throws -> RowTap {
        try removeTree(folder)
        try makeDirectories(folder)
        let server = RowTap.Server(
            store: data.store, folder: data.path, socket: ".s.PGSQL.\(ScratchData.port)", user: user, database: database,
            divisions: divisions,
            sessions: host.processors)
        return try RowTap(of: server, in: folder, begin)
    }

    private func connection(through place: String) -> String {
        "host=\(place) port=\(ScratchData.port) dbname=template1 user='\(user.replacing("\\", with: "\\\\").replacing("'", with: "\\'"))'"
    }

    private func wait(_ job: JobControl) throws {
        while true {
            try job.checkCancelled()
            if let outcome = ended.read({ $0 }) { throw data.failure("did not start", try outcome.get()) }
            do throws(PostgresError) {
                try PostgresConnection(connection).close()
                return
            } catch {
                guard error.isUnreachable else { throw error }
                host.clock.sleep(for: .milliseconds(20))
            }
        }
    }

    /// What went wrong while it was used: where it has ended meanwhile, that, with its last words. Anything else stays as it is.
    func explained(_ error: any Error) -> any Error {
        let failure = Failure(describing: error)
        guard failure.code == .store, !(error is ScratchServerEnded), let outcome = ending() else { return error }
        return ScratchServerEnded(failure: data.ended(outcome, failure))
    }

    /// Nil while somebody answers. One that nobody answers for is about to be reaped.
    private func ending() -> ChildProcess.Outcome? {
        do throws(PostgresError) { try PostgresConnection(connection).close() } catch {
            if error.state.isEmpty { return try? ended.wait(atMost: Self.reaping) { $0 }?.get() }
        }
        return try? ended.read { $0 }?.get()
    }

    /// At once: nothing of it is kept. The files go too.
    func stop() {
        while ended.read({ $0 }) == nil {
            if let process = data.process() { kill(process, SIGQUIT) }
            host.clock.sleep(for: .milliseconds(5))
            if (try? statusOfPath(data.path)) == nil { break }
        }
        try? thread.join()
        try? removeTree(data.path)
    }
}

/// A scratch server ended before it was told to.
private struct ScratchServerEnded: FailureConvertible {
    let failure: Failure
}

/// The files of a scratch server.
struct ScratchData: Sendable {
    static let port = 5432
    private static let settingsName = "holdfast-scratch.conf"
    private static let accessName = "holdfast-scratch-hba.conf"

    let path: String
    let owner: FileStatus
    let store: String

    init(_ image: ImageTree, at path: String, store: String, host: Host, job: JobControl) throws {
        self.path = path
        self.store = store
        try makeDirectories(path)
        let restore = TreeRestore(image: image, destination: path, host: host, options: .init(isDurable: false))
        let done = try restore.apply(try restore.plan(job: job), job: job)
        if let issue = done.issues.first(where: { $0.kind != .metadata }) {
            throw Failure(.damaged, "store \(store): \(issue.path) in the image cannot be read", cause: issue.detail)
        }
        guard let status = try statusOfPath(path) else { throw Failure(.internal, "\(path) is gone") }
        owner = status
        try configure()
    }

    /// The first superuser of a new one.
    static let user = "holdfast_scratch"

    init(emptyAt path: String, store: String, _ programs: ServerPrograms) throws {
        self.path = path
        self.store = store
        try makeDirectories(path)
        if geteuid() == 0 {
            // A server refuses to be root's: the user that Debian makes for it, or nobody.
            let (user, group) = getpwnam("postgres").map { ($0.pointee.pw_uid, $0.pointee.pw_gid) } ?? (65534, 65534)
            try Descriptor.openDirectory(path).setOwner(uid: user, gid: group)
        }
        guard let status = try statusOfPath(path) else { throw Failure(.internal, "\(path) is gone") }
        owner = status
        let outcome = try programs.process(
            "initdb", ["-D", ServerPrograms.held, "-U", Self.user, "--auth=trust", "--no-sync", "-E", "UTF8", "--no-locale"], holding: path,
            owner: owner
        ).run()
        guard outcome.succeeded else { throw failure("could not be made", outcome) }
        try configure()
    }

    /// What stands in the server's own configuration may name files that are not here.
    private func configure() throws {
        try write(
            Self.settingsName,
            """
            listen_addresses = ''
            unix_socket_directories = '\(ServerPrograms.held)'
            port = \(Self.port)
            hba_file = '\(ServerPrograms.held)/\(Self.accessName)'
            ident_file = '\(ServerPrograms.held)/\(Self.accessName)'
            fsync = off
            full_page_writes = off
            synchronous_commit = off
            autovacuum = off
            archive_mode = off
            allow_in_place_tablespaces = on
            max_wal_size = 8GB
            max_prepared_transactions = 1000
            max_connections = 400
            max_logical_replication_workers = 0
            lc_messages = 'C'
            log_min_messages = warning
            """)
        try write(Self.accessName, "local all all trust")
    }

    private func write(_ name: String, _ text: String) throws {
        try AtomicFile.write(Array("\(text)\n".utf8), to: Path.join(path, name), mode: 0o600)
        try Descriptor.openDirectory(path).setOwner(of: Array(name.utf8), uid: owner.uid, gid: owner.gid)
    }

    var settings: [String] { ["-c", "config_file=\(ServerPrograms.held)/\(Self.settingsName)"] }

    /// Recovers in single-user mode, which needs no role, and gives the name of the first superuser.
    func recoverAlone(_ programs: ServerPrograms) throws -> String {
        // Settings of ALTER SYSTEM are read whatever the configuration file is.
        try? removeTree(Path.join(path, "postgresql.auto.conf"))
        let question = Array("SELECT rolname FROM pg_catalog.pg_roles WHERE oid = 10\n".utf8)
        let outcome = try programs.process(
            "postgres", ["--single", "-D", ServerPrograms.held] + settings + ["template1"], holding: path, owner: owner, input: question
        ).run()
        let answer = outcome.outputText.ranges(of: "rolname = \"").first.map { outcome.outputText[$0.upperBound...] }
        guard outcome.succeeded, let name = answer?.ranges(of: "\"\t(typeid").first.flatMap({ end in answer.map { $0[..<end.lowerBound] } })
        else { throw failure("did not recover", outcome) }
        return String(name)
    }

    /// Of a server that was to begin. One that somebody has killed says nothing about the image.
    func failure(_ what: String, _ outcome: ChildProcess.Outcome) -> Failure {
        if case .signalled(let signal) = outcome.ending, [SIGKILL, SIGTERM, SIGINT, SIGQUIT].contains(signal) { return ended(outcome) }
        return Failure(
            .damaged, "store \(store): a server on a copy of the image \(what)",
            hint: "the image may be damaged: make another snapshot, and see the server's log", cause: lastWords(outcome))
    }

    /// Of one that ended by itself. `failure`: what its end kept from being done.
    func ended(_ outcome: ChildProcess.Outcome, _ failure: Failure? = nil) -> Failure {
        Failure(
            .store, "store \(store): the server on a copy of the image \(outcome.ending.text)",
            hint: "run the command again; where that happens again, see whether memory ran out (dmesg)",
            cause: lastWords(outcome) ?? failure?.summary)
    }

    private func lastWords(_ outcome: ChildProcess.Outcome) -> String? {
        let lines = outcome.errorText.split(whereSeparator: \.isNewline)
        let grave = lines.filter { $0.contains("FATAL") || $0.contains("PANIC") || $0.contains("ERROR") }
        let words = (grave.isEmpty ? lines : grave).suffix(3).joined(separator: "; ")
        return words.isEmpty ? nil : printable(words, limit: 400)
    }

    /// Of the server, once it has written it.
    func process() -> Int32? {
        let bytes = (try? AtomicFile.readIfPresent(Path.join(path, "postmaster.pid"), limit: 4096)) ?? nil
        let line = bytes.map { String(decoding: $0, as: UTF8.self) }?.split(separator: "\n").first
        return line.flatMap { Int32($0) }.flatMap { $0 > 1 ? $0 : nil }
    }
}
