import CPQ
import Glibc
import Model

/// How text crosses a session.
package enum SessionText: Hashable, Sendable {
    /// In UTF-8, where the database says what its bytes mean; else as they are.
    case characters
    /// As they are. Names of databases, roles and tablespaces are shared by databases of several encodings, and have none of their own.
    case bytes
}

/// One session with a server through libpq. Calls block; one thread at a time uses it.
///
/// Text crosses it as ``SessionText`` says; what is no UTF-8 is `ByteText` in statements, parameters, values and messages.
///
/// Its password, where there is one, comes from a password file (passfile, `~/.pgpass`): nothing here holds it.
package final class PostgresConnection: @unchecked Sendable {
    // Made once and used by one thread at a time; `isClosed` changes at the very end.
    let handle: OpaquePointer
    package let server: String
    private var isClosed = false

    /// `text` is a connection string; `database` takes the place of the one that it names. Throws after `patience` seconds without an answer.
    /// Without a `database` the session is one with the server as a whole, whose names are bytes.
    package init(
        _ text: String, database: String? = nil, speaking: SessionText? = nil, patience: Int = 10
    ) throws(PostgresError) {
        server = ConnectionText.shown(text)
        handle = try Opening(
            text: text, database: database, speaking: speaking ?? (database == nil ? .bytes : .characters), patience: patience,
            server: server
        ).run()
    }

    var rights: SessionRights {
        SessionRights(
            release: version / 10_000, isSuperuser: PQparameterStatus(handle, "is_superuser").map { String(cString: $0) } == "on")
    }

    deinit { close() }

    /// Ends the session; what it held (a backup, a slot, a snapshot) goes with it. No call may follow.
    package func close() {
        if !isClosed { PQfinish(handle) }
        isClosed = true
    }

    /// As `server_version_num` has it: 150018.
    package var version: Int { Int(PQserverVersion(handle)) }

    /// Runs statements without parameters, separated by semicolons, in one transaction; rows are ignored.
    package func execute(_ sql: String, as operation: String? = nil) throws(PostgresError) {
        let result = run(sql)
        defer { PQclear(result) }
        try check(result, operation ?? Self.begin(of: sql))
    }

    func run(_ sql: String) -> OpaquePointer? { Self.withStrings([sql]) { PQexec(handle, $0[0]) } }

    /// A statement in bytes, of whatever encoding the session has; a NUL in it ends it.
    func execute(bytes: [UInt8], as operation: String) throws(PostgresError) {
        let text = bytes.map { CChar(bitPattern: $0) } + [0]
        let result = PQexec(handle, text)
        defer { PQclear(result) }
        try check(result, operation)
    }

    /// Runs one statement with `$1`, `$2`, … and gives its rows, each value as text, nil for NULL.
    package func rows(_ sql: String, _ parameters: [String?] = [], as operation: String? = nil) throws(PostgresError) -> [[String?]] {
        let result = Self.withStrings([sql]) { sql in
            Self.withOptionalStrings(parameters) { values in
                PQexecParams(handle, sql[0], Int32(parameters.count), nil, values, nil, nil, 0)
            }
        }
        defer { PQclear(result) }
        try check(result, operation ?? Self.begin(of: sql))
        let columns = PQnfields(result)
        return (0..<PQntuples(result)).map { row in
            (0..<columns).map { column in
                guard PQgetisnull(result, row, column) == 0, let value = PQgetvalue(result, row, column) else { return nil }
                let count = Int(PQgetlength(result, row, column))
                return value.withMemoryRebound(to: UInt8.self, capacity: count) {
                    ByteText.text(UnsafeBufferPointer(start: $0, count: count))
                }
            }
        }
    }

    /// The first column of the first row.
    package func text(_ sql: String, _ parameters: [String?] = [], as operation: String? = nil) throws(PostgresError) -> String? {
        try rows(sql, parameters, as: operation).first?.first ?? nil
    }

    package func isTrue(_ sql: String, _ parameters: [String?] = []) throws(PostgresError) -> Bool { try text(sql, parameters) == "t" }

    func check(_ result: OpaquePointer?, _ operation: String) throws(PostgresError) {
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return
        default:
            let state = PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { String(cString: $0) } ?? ""
            let primary = PQresultErrorField(result, Int32(UInt8(ascii: "M"))).map { Self.line($0) }
            let message = primary ?? Self.line(PQerrorMessage(handle))
            throw PostgresError(state: state, message: message, server: server, operation: operation)
        }
    }

    private static func begin(of sql: String) -> String {
        "run \(sql.split(whereSeparator: \.isWhitespace).prefix(6).joined(separator: " "))"
    }

    static func line(_ text: UnsafePointer<CChar>?) -> String {
        guard let text else { return "no answer" }
        let words = ByteText.text(UnsafeRawBufferPointer(start: text, count: strlen(text))).split(whereSeparator: \.isNewline).map {
            $0.trimmingPrefix { $0.isWhitespace }
        }
        return words.joined(separator: "; ")
    }

    static func withStrings<Result>(_ strings: [String], _ body: ([UnsafePointer<CChar>?]) -> Result) -> Result {
        withOptionalStrings(strings, body)
    }

    /// C strings, the last one followed by a null.
    private static func withOptionalStrings<Result>(_ strings: [String?], _ body: ([UnsafePointer<CChar>?]) -> Result) -> Result {
        let copies = strings.map { string -> UnsafeMutableBufferPointer<CChar>? in
            guard let bytes = string.map({ ByteText.bytes($0) }) else { return nil }
            let copy = UnsafeMutableBufferPointer<CChar>.allocate(capacity: bytes.count + 1)
            _ = copy.initialize(from: bytes.lazy.map { CChar(bitPattern: $0) } + [0])
            return copy
        }
        defer { for copy in copies { copy?.deallocate() } }
        return body(copies.map { $0.map { UnsafePointer($0.baseAddress) } ?? nil } + [nil])
    }
}

/// A name as SQL quotes it.
package func quotedName(_ name: String) -> String { "\"" + doubling("\"", in: name) + "\"" }

/// A text as SQL quotes it, where backslashes stand for themselves.
func quotedText(_ text: String) -> String { "'" + doubling("'", in: text) + "'" }

/// By scalars: a mark that joins what stands before it makes one character of both.
private func doubling(_ scalar: Unicode.Scalar, in text: String) -> String {
    var result = String.UnicodeScalarView()
    for other in text.unicodeScalars {
        if other == scalar { result.append(other) }
        result.append(other)
    }
    return String(result)
}
