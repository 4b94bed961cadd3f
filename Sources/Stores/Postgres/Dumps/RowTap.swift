import HostIO
import Model
import Synchronization

/// Stands between `pg_dump` and a scratch server: `pg_dump` decides what is dumped, and how; the rows of tables, which are nearly all of it, go
/// past it into ``RowStream``s, those of large tables through several sessions of our own. To `pg_dump` every table looks empty, so nothing of
/// them lies in files.
final class RowTap: Sendable {
    /// What it stands before.
    struct Server: Sendable {
        /// The store whose image it has.
        var store: String
        /// The directory of its socket.
        var folder: String
        var socket: String
        var user: String
        var database: String
        /// Large tables, by their names as SQL quotes them.
        var divisions: [String: RowDivision]
        /// How many sessions read a large one.
        var sessions: Int
        /// Held by whoever reads one: several at a time would be as many sessions again.
        let turn = SharedTurn()

        final class SharedTurn: Sendable { let mutex = Mutex(()) }

        /// A session with it, to speak its protocol. One that cannot be reached is a failure of the store, whatever the system says of its socket.
        func connect() throws(Failure) -> LocalSocket {
            do throws(SystemError) { return try LocalSocket(socket, in: folder) } catch {
                throw Failure(
                    .store, "store \(store): the server on a copy of the image cannot be reached", hint: "run the command again",
                    cause: error.reason)
            }
        }

        func failure(_ error: any Error) -> Failure {
            Failure(
                .store, "store \(store): rows cannot be read from the server on a copy of the image", hint: "run the command again",
                cause: Failure(describing: error).summary)
        }
    }

    /// Where clients find it, like the directory of the server's own socket.
    let folder: String
    private let listener: LocalListener
    private let thread: WorkerThread
    private let sessions = SharedSessions()

    private final class SharedSessions: Sendable {
        let running = Mutex<[(session: RowTapSession, thread: WorkerThread)]>([])
        let problem = Mutex<(any Error)?>(nil)
    }

    /// Why a client could not be served, which itself sees the end of its connection.
    var problem: (any Error)? { sessions.problem.withLock { $0 } }

    /// `folder` has to be there and belong to us alone. `begin` is told of each stream for the rows of a table, in the order in which they begin.
    init(of server: Server, in folder: String, _ begin: @escaping @Sendable (RowStream) throws -> Void) throws {
        self.folder = folder
        let listener = try LocalListener(server.socket, in: folder)
        let sessions = sessions
        self.listener = listener
        thread = try WorkerThread(named: "tap") {
            while let client = try listener.accept() {
                do {
                    let connection = try server.connect()
                    let session = RowTapSession(client: client, to: server, connection, begin) { error in
                        sessions.problem.withLock { $0 = $0 ?? server.failure(error) }
                    }
                    let thread = try WorkerThread(named: "tap rows") { try session.run() }
                    sessions.running.withLock { $0.append((session, thread)) }
                } catch {
                    sessions.problem.withLock { $0 = $0 ?? error }
                    client.shutDown()
                }
            }
        }
    }

    /// Ends what is left of sessions, and removes its folder.
    func close() {
        listener.close()
        try? thread.join()
        for (session, thread) in sessions.running.withLock({ $0 }) {
            session.shutDown()
            try? thread.join()
        }
        try? removeTree(folder)
    }
}

/// One client of a server, seen from between them.
private final class RowTapSession: Sendable {
    private let client: LocalSocket
    private let place: RowTap.Server
    private let server: LocalSocket
    private let begin: @Sendable (RowStream) throws -> Void
    /// Told why rows cannot be read, of which the client learns nothing.
    private let note: @Sendable (any Error) -> Void

    init(
        client: LocalSocket, to place: RowTap.Server, _ server: LocalSocket, _ begin: @escaping @Sendable (RowStream) throws -> Void,
        _ note: @escaping @Sendable (any Error) -> Void
    ) {
        (self.client, self.place, self.server, self.begin, self.note) = (client, place, server, begin, note)
    }

    func shutDown() {
        client.shutDown()
        server.shutDown()
    }

    /// Until one side ends.
    func run() throws {
        defer { shutDown() }
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: RowRelay.bufferSize, alignment: 64)
        defer { room.deallocate() }
        var requests = ClientMessages()
        var relay = RowRelay(server)
        while true {
            // Who gets rows says nothing until they have ended.
            let ready = relay.isCopying ? (first: false, second: true) : try LocalSocket.wait(client, server)
            if ready.second {
                guard try relay.receive() else { return }
                try relay.others.withUnsafeBytes { try client.send($0) }
                relay.others.removeAll(keepingCapacity: true)
            }
            if ready.first {
                let count = try client.receive(into: room)
                guard count > 0 else { return }
                requests.take(UnsafeRawBufferPointer(rebasing: room[..<count]))
                while let message = try requests.next() {
                    try relay.send(request(for: message, &relay))
                }
            }
        }
    }

    /// What the server is asked in place of what the client asks it.
    private func request(for message: [UInt8], _ relay: inout RowRelay) throws -> [UInt8] {
        guard let statement = ClientMessages.query(in: message), Self.asksForRows(statement) else { return message }
        guard let target = CopiedTable(statement), !target.columnList.isEmpty, !target.isPart,
            let division = place.divisions[target.relation]
        else {
            let stream = RowStream(statement, parts: 1)
            try begin(stream)
            relay.expect(stream, part: 0)
            return message
        }
        let stream = RowStream(statement, parts: division.parts)
        try begin(stream)
        do { try place.turn.mutex.withLock { _ in try division.read(target, into: stream, from: place) } } catch {
            note(error)
            throw error
        }
        return ClientMessages.message(
            asking: "COPY (SELECT \(target.columnList) FROM ONLY \(target.relation) WHERE false)\(RowStream.statementEnd)")
    }

    /// As `pg_dump` asks for the rows of a table.
    private static func asksForRows(_ statement: String) -> Bool {
        statement.hasPrefix(DumpStatements.begin) && statement.hasSuffix(RowStream.statementEnd)
    }
}
