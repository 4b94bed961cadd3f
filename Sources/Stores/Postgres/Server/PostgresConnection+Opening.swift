import CPQ
import Glibc
import HostIO

/// How a session begins. Why one could not is told by the server's error code, which libpq gives only as a part of its text, and only where all
/// details are asked for.
extension PostgresConnection {
    struct Opening {
        let text: String
        let database: String?
        let speaking: SessionText
        /// Seconds.
        let patience: Int
        let server: String

        /// A session with everything set that can be (``SessionSettings``).
        func run() throws(PostgresError) -> OpaquePointer {
            let known = SessionRights.known(of: text)
            do throws(PostgresError) { return try open(known) } catch {
                guard let second = try secondAttempt(after: error, known) else { throw error }
                return second
            }
        }

        /// Where what was asked for is refused now, less is asked for; where something of the database itself kept the session from beginning, more, which
        /// only superusers may. Nil when neither helps.
        private func secondAttempt(after error: PostgresError, _ known: SessionRights?) throws(PostgresError) -> OpaquePointer? {
            if known != nil {
                guard error.isAboutSettings else { return nil }
                SessionRights.remember(nil, of: text)
                return try run()
            }
            guard error.isOfTheDatabase else { return nil }
            for release in [17, 14] {
                if let session = try? open(SessionRights(release: release, isSuperuser: true)) { return session }
            }
            return nil
        }

        private func open(_ rights: SessionRights?) throws(PostgresError) -> OpaquePointer {
            let asked = rights.map(SessionSettings.all) ?? SessionSettings.common
            let options = SessionSettings.options(asked + SessionSettings.own, operators: ConnectionText.options(of: text))
            let handle = try connect(options)
            let isSuperuser = PQparameterStatus(handle, "is_superuser").map { String(cString: $0) } == "on"
            let present = SessionRights(release: Int(PQserverVersion(handle)) / 10_000, isSuperuser: isSuperuser)
            SessionRights.remember(present, of: text)
            let missing = SessionSettings.all(for: present).filter { !asked.contains($0) }
            guard !missing.isEmpty else { return handle }
            let result = PQexec(handle, SessionSettings.statement(missing))
            defer { PQclear(result) }
            guard PQresultStatus(result) != PGRES_TUPLES_OK else { return handle }
            // A limit of a millisecond may have ended it meanwhile: everything is asked for at its beginning now that it is known what may be.
            PQfinish(handle)
            return try open(present)
        }

        /// In an encoding that the database can speak: not all of them can be converted to UTF-8 (feature_not_supported), and bytes of a database that does
        /// not say what they mean need not be text (character_not_in_repertoire).
        private func connect(_ options: String) throws(PostgresError) -> OpaquePointer {
            guard speaking == .characters else { return try connect(options, in: Self.bytes) }
            let handle: OpaquePointer
            do throws(PostgresError) { handle = try connect(options, in: "UTF8") } catch {
                guard ["0A000", "22021"].contains(error.state) else { throw error }
                return try connect(options, in: Self.bytes)
            }
            if PQparameterStatus(handle, "server_encoding").map({ String(cString: $0) }) == Self.bytes {
                PQsetClientEncoding(handle, Self.bytes)
            }
            return handle
        }

        /// Nothing is converted.
        private static let bytes = "SQL_ASCII"

        /// Where root is refused by its name, as the user of the server.
        private func connect(_ options: String, in encoding: String) throws(PostgresError) -> OpaquePointer {
            let known = LocalPeer.account(of: text)
            do throws(PostgresError) {
                return try LocalPeer.acting(as: known) { () throws(PostgresError) in try begin(options, in: encoding) }
            } catch {
                // invalid_authorization_specification
                guard error.state == "28000", known == nil, let account = LocalPeer.candidate(text) else { throw error }
                let handle = try? LocalPeer.acting(as: account) { () throws(PostgresError) in try begin(options, in: encoding) }
                guard let handle else { throw error }
                LocalPeer.remember(account, of: text)
                return handle
            }
        }

        private func begin(_ options: String, in encoding: String) throws(PostgresError) -> OpaquePointer {
            var settings = [("dbname", text), ("application_name", "holdfast"), ("client_encoding", encoding), ("options", options)]
            // The last one wins, also over what a connection string in `dbname` says (PQconnectdbParams, expand_dbname).
            if let database { settings.append(("dbname", database)) }
            let begun = PostgresConnection.withStrings(settings.map(\.0)) { keys in
                PostgresConnection.withStrings(settings.map(\.1)) { PQconnectStartParams(keys, $0, 1) }
            }
            guard let handle = begun else { throw error("", "out of memory") }
            // A database's settings may be worth a warning while the session begins.
            PQsetNoticeProcessor(handle, { _, _ in }, nil)
            PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
            guard PQstatus(handle) != CONNECTION_BAD, wait(for: handle) else {
                let refusal = refusal(handle)
                PQfinish(handle)
                throw refusal
            }
            PQsetErrorVerbosity(handle, PQERRORS_DEFAULT)
            return handle
        }

        /// False when it cannot be had, or not in time.
        private func wait(for handle: OpaquePointer) -> Bool {
            let clock = SystemClock()
            let limit = clock.monotonicNanoseconds() &+ UInt64(max(1, patience)) * 1_000_000_000
            var wanted = PGRES_POLLING_WRITING
            while true {
                let now = clock.monotonicNanoseconds()
                guard now < limit else { return false }
                var place = pollfd(fd: PQsocket(handle), events: Int16(wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT), revents: 0)
                let ready = poll(&place, 1, Int32(clamping: (limit - now) / 1_000_000 + 1))
                guard ready > 0 || ready < 0 && errno == EINTR else { return false }
                guard ready > 0 else { continue }
                wanted = PQconnectPoll(handle)
                if wanted == PGRES_POLLING_OK { return true }
                if wanted == PGRES_POLLING_FAILED { return false }
            }
        }

        private func refusal(_ handle: OpaquePointer) -> PostgresError {
            guard PQstatus(handle) == CONNECTION_BAD else { return error("", "no answer within \(patience) seconds") }
            let (state, message) = ConnectionRefusal.parts(of: PQerrorMessage(handle).map { String(cString: $0) } ?? "")
            // What libpq itself misses has no code.
            let isWithoutPassword = state.isEmpty && PQconnectionNeedsPassword(handle) == 1
            return error(isWithoutPassword ? "28P01" : state, message)
        }

        private func error(_ state: String, _ message: String) -> PostgresError {
            PostgresError(state: state, message: message, server: server, operation: "connect")
        }
    }
}

/// What libpq says of a session that could not begin, with all details: `connection to server … failed: FATAL:  28P01: password authentication failed …`,
/// the first and the last word in the language of the server.
enum ConnectionRefusal {
    /// The code is empty where no server has said anything.
    static func parts(of text: String) -> (state: String, message: String) {
        var lines = text.split(whereSeparator: \.isNewline).map { String($0.drop { $0.isWhitespace }) }
        var state = ""
        for index in lines.indices {
            guard let found = lines[index].ranges(of: #/:  [0-9A-Z]{5}: /#).first else { continue }
            let code = lines[index][found].filter { $0 != ":" && $0 != " " }
            if state.isEmpty { state = code }
            lines[index].replaceSubrange(found, with: ": ")
        }
        // Where in the server's source it comes from.
        if !state.isEmpty { lines.removeAll { $0.firstRange(of: #/, [a-z_0-9]+\.[a-z]+:[0-9]+$/#) != nil } }
        return (state, lines.joined(separator: "; "))
    }
}

extension PostgresError {
    /// Something was asked for that this server does not know, or that this user may not have (undefined_object, insufficient_privilege).
    fileprivate var isAboutSettings: Bool { state == "42704" || state == "42501" || state == "22023" }

    /// A session was let in, and then something that the database or the role asks for failed: not who connects, where to, or when.
    fileprivate var isOfTheDatabase: Bool { !state.isEmpty && !["28", "3D", "53", "55", "57", "08"].contains(state.prefix(2)) }
}
