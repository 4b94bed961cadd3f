/// How a PostgreSQL server is reached, where it keeps its data, and how it is stopped and started.
package struct PostgresAccess: Hashable, Sendable, Codable {
    /// As libpq takes it, `host=/run/postgresql dbname=acme` or a URI; never with a password.
    package var connection: String
    /// Absolute; nil when it is not on this host.
    package var dataDirectory: String?
    /// Empty: all that allow connections.
    package var databases: [String]
    package var service: ServiceCommands?
    /// Absolute path of the directory with `pg_dump`, `initdb`, …; nil: where the server says, or where Debian has them.
    package var programs: String?
    /// Where tablespaces are restored to, by the path that they had in the image; both absolute and normalised. Nil in what was stored before there were any.
    package var tablespaces: [String: String]?

    package init(
        connection: String, dataDirectory: String? = nil, databases: [String] = [], service: ServiceCommands? = nil,
        programs: String? = nil,
        tablespaces: [String: String]? = nil
    ) {
        self.tablespaces = tablespaces
        self.connection = connection
        self.dataDirectory = dataDirectory
        self.databases = databases
        self.service = service
        self.programs = programs
    }
}

/// Shell commands that stop and start a server.
package struct ServiceCommands: Hashable, Sendable, Codable {
    package static let defaultTimeoutMilliseconds: Int64 = 120_000

    package var stop: String
    package var start: String
    /// Ends with 0 while the server runs; nil: the server's own pid file tells.
    package var status: String?
    /// For each of them, and for the recovery after a start.
    package var timeoutMilliseconds: Int64

    package init(stop: String, start: String, status: String? = nil, timeoutMilliseconds: Int64 = Self.defaultTimeoutMilliseconds) {
        self.stop = stop
        self.start = start
        self.status = status
        self.timeoutMilliseconds = timeoutMilliseconds
    }
}

extension PostgresAccess {
    /// Whether a connection string holds a password, as `password=…` or between `:` and `@` of a URI.
    package static func holdsPassword(_ connection: String) -> Bool {
        for scheme in ["postgresql://", "postgres://"] where connection.hasPrefix(scheme) {
            let rest = connection.dropFirst(scheme.count)
            let authority = rest.prefix { $0 != "/" && $0 != "?" }
            if let at = authority.lastIndex(of: "@"), authority[..<at].contains(":") { return true }
            return rest.split(separator: "?").dropFirst().joined().split(separator: "&").contains { isPasswordKey($0.prefix { $0 != "=" }) }
        }
        return keys(of: connection).contains { isPasswordKey($0) }
    }

    private static func isPasswordKey(_ key: Substring) -> Bool { key == "password" || key == "sslpassword" }

    /// The keys of `key = 'value' …` (libpq, section "Keyword/Value Connection Strings").
    private static func keys(of text: String) -> [Substring] {
        var keys: [Substring] = []
        var rest = text[...]
        while let equals = rest.firstIndex(of: "=") {
            keys.append(rest[..<equals].trimmingPrefix { $0.isWhitespace }.prefix { !$0.isWhitespace })
            rest = afterValue(rest[rest.index(after: equals)...])
        }
        return keys
    }

    private static func afterValue(_ text: Substring) -> Substring {
        var rest = text.trimmingPrefix { $0.isWhitespace }
        let isQuoted = rest.first == "'"
        if isQuoted { rest = rest.dropFirst() }
        while let character = rest.popFirst() {
            if character == "\\" { rest = rest.dropFirst() }
            if isQuoted ? character == "'" : character.isWhitespace { break }
        }
        return rest
    }
}
