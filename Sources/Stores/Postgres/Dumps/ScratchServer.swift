import Archiving
import Glibc
import HostIO
import Model

/// A server of our own on a copy of an image's files, or an empty one, shut in (``Containment``): what others have written runs there with nothing to take
/// and nowhere to go. It ends with ``stop()``, and in any case with the thread that runs it, which ends with this process.
///
/// Nobody else may enter its directories; programs that speak to it are shut in as it is, and get the one of its socket (``ScratchDoor``).
final class ScratchServer: Sendable {
    /// Of its log, for a failure.
    private static let logLimit = 4 << 20
    /// From its last sign of life until its end is known, at most.
    private static let reaping = Duration.seconds(10)

    let data: ScratchData
    private let host: Host
    private let thread: WorkerThread
    /// A failure where it could not be started at all.
    private let ended: Monitor<Result<ChildProcess.Outcome, SystemError>?>
    private let socket: SharedDescriptor
    /// Of its first process.
    let process = ProcessHandle()
    /// Its first superuser.
    let user: String
    /// It was killed because somebody asked this process, or the job, to end.
    private let isKilled = Monitor(false)
    /// For as long as it may take to hear that by oneself.
    private static let hearing = Duration.seconds(1)

    /// Copies the image of files into `folder`, starts a server on it and waits until it has recovered.
    convenience init(
        _ image: ImageTree, store: String, _ programs: ServerPrograms, in folder: String, host: Host,
        namespaces: Containment.Namespaces = Containment.possible, job: JobControl
    ) throws {
        let place = try ScratchPlace(in: folder, programs, namespaces)
        let data = try ScratchData(image, at: place, store: store, host: host, job: job)
        try self.init(on: data, user: try data.recoverAlone(), host: host, job: job)
    }

    /// A new server without anything in it.
    convenience init(
        emptyFor store: String, _ programs: ServerPrograms, in folder: String, preloaded: [ScratchSettings.Preload] = [], host: Host,
        namespaces: Containment.Namespaces = Containment.possible, job: JobControl
    ) throws {
        let place = try ScratchPlace(in: folder, programs, namespaces)
        try self.init(on: try ScratchData(emptyAt: place, store: store, preloaded: preloaded), user: ScratchData.user, host: host, job: job)
    }

    private init(on data: ScratchData, user: String, host: Host, job: JobControl) throws {
        self.host = host
        self.data = data
        self.user = user
        socket = SharedDescriptor(try Descriptor.openDirectory(data.place.socket))
        let ended = Monitor<Result<ChildProcess.Outcome, SystemError>?>(nil)
        self.ended = ended
        var command = data.place.process("postgres", data.place.arguments, outputLimit: Self.logLimit)
        command.handle = process
        // Whoever uses it ends it, when nobody speaks to it any more.
        command.onEnding = .runsOn
        thread = try WorkerThread(named: "scratch server") { [command] in
            let outcome = Result { () throws(SystemError) in try command.run() }
            ended.change { $0 = outcome }
        }
        try watch(job)
        tellWeakness(job)
        do {
            try waitForSocket(job)
            try data.place.closeSocketDirectory()
            try waitForRecovery(job)
        } catch {
            stop()
            throw error
        }
    }

    deinit { stop() }

    /// Whoever waits for an answer of the server hears no signal, and what runs there need not end by itself: it is killed when it was asked for a second ago.
    private func watch(_ job: JobControl) throws {
        let (ended, isKilled, process, signal, clock) = (ended, isKilled, process, data.place.containment.endingSignal, host.clock)
        _ = try WorkerThread(named: "scratch watch") {
            var asked: UInt64?
            while ended.wait(atMost: .milliseconds(100), until: { $0 == nil ? nil : true }) == nil {
                guard EndingSignals.isAsked || job.isCancelled else { continue }
                let since = asked ?? clock.monotonicNanoseconds()
                asked = since
                guard Duration.nanoseconds(Int64(clamping: clock.monotonicNanoseconds() &- since)) >= Self.hearing else { continue }
                isKilled.change { $0 = true }
                process.send(signal)
            }
        }
    }

    /// To the person, where something can be done about it.
    private func tellWeakness(_ job: JobControl) {
        let containment = data.place.containment
        guard let weakness = containment.weakness else { return }
        let line = "store \(data.store): the server on a copy of the image is not shut in as it could be: \(weakness)"
        guard containment.namespaces == .none else { return job.log(line) }
        job.note(
            "\(line); allow namespaces (RestrictNamespaces= of the unit, a container's seccomp profile, sysctl user.max_user_namespaces)")
    }

    /// For libpq in this process.
    var connection: String { connection(through: "/proc/self/fd/\(socket.descriptor.raw)") + " options='\(ScratchSettings.session)'" }
    /// For programs that are shut in, behind ``door``.
    var connectionOfPrograms: String { connection(through: door.inside) }
    var door: ScratchDoor { data.place.door }
    var socketDirectory: String { data.place.socket }
    var dataDirectory: String { data.place.data }

    /// Of the sessions of programs with it: settings of the image's databases and roles do not reach them.
    func settingsOfPrograms() throws -> String {
        let session = try PostgresConnection(connection)
        defer { session.close() }
        return SessionSettings.text(SessionSettings.all(for: session.rights))
    }

    /// Something to dump a database through, made in `folder`, which is not there: with ``connectionOfPrograms`` for programs whose door leads there.
    func tap(
        _ database: String, _ divisions: [String: RowDivision], in folder: String, _ begin: @escaping @Sendable (RowStream) throws -> Void
    ) throws -> RowTap {
        try removeTree(folder)
        try makeDirectories(folder)
        let server = RowTap.Server(
            store: data.store, folder: socketDirectory, socket: ScratchPlace.socketName, user: user, database: database,
            divisions: divisions,
            sessions: host.processors)
        let tap = try RowTap(of: server, in: folder, begin)
        try ScratchDoor(folder: folder, namespaces: door.namespaces).open(ScratchPlace.socketName)
        return tap
    }

    private func connection(through place: String) -> String {
        "host=\(place) port=\(ScratchPlace.port) dbname=template1 user=\(ConnectionText.quoted(user))"
    }

    /// Until it listens: before that it may still set the rights of its socket, and nothing of the image has run.
    private func waitForSocket(_ job: JobControl) throws {
        try wait(job) { (try? LocalSocket(ScratchPlace.socketName, in: socketDirectory)) != nil }
    }

    private func waitForRecovery(_ job: JobControl) throws {
        try wait(job) {
            do throws(PostgresError) {
                try PostgresConnection(connection).close()
                return true
            } catch {
                guard error.isUnreachable else { throw error }
                return false
            }
        }
    }

    private func wait(_ job: JobControl, until isReady: () throws -> Bool) throws {
        while try !isReady() {
            try job.checkCancelled()
            if let outcome = ended.read({ $0 }) { throw data.failure("did not start", try outcome.get()) }
            host.clock.sleep(for: .milliseconds(10))
        }
    }

    /// What went wrong while it was used: where it has ended meanwhile, that, with its last words. Anything else stays as it is.
    func explained(_ error: any Error) -> any Error {
        if isKilled.read({ $0 }) { return Cancelled() }
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
        while ended.wait(atMost: .milliseconds(20), until: { $0 == nil ? nil : true }) == nil {
            process.send(data.place.containment.endingSignal)
        }
        try? thread.join()
        data.remove()
    }
}

/// A scratch server ended before it was told to.
private struct ScratchServerEnded: FailureConvertible {
    let failure: Failure
}
