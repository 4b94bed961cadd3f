import Yams

extension ClusterFileReader {
    static let postgresKeys = [
        "name", "kind", "role", "connection", "data-directory", "databases", "bulk-tables", "service", "programs",
    ]

    mutating func postgres(of entry: YamlMap) -> PostgresAccess? {
        let connection = connection(of: entry)
        let folder = place("data-directory", in: entry)
        let programs = place("programs", in: entry)
        let databases = texts("databases", in: entry)
        let service = service(of: entry)
        guard let connection else { return nil }
        return PostgresAccess(
            connection: connection, dataDirectory: folder, databases: databases, service: service, programs: programs)
    }

    private mutating func connection(of entry: YamlMap) -> String? {
        guard let text = entry.required("connection", into: &complaints) else { return nil }
        guard PostgresAccess.holdsPassword(text) else { return text }
        complaints.add(
            "connection holds a password", line: entry.line(of: "connection"),
            remedy: "put it into a password file of libpq that only its owner can read, and write passfile=PATH instead")
        return nil
    }

    private mutating func place(_ key: String, in entry: YamlMap) -> String? {
        entry.optional(key, into: &complaints).flatMap { resolve($0, key: key, line: entry.line(of: key)) }
    }

    private mutating func texts(_ key: String, in entry: YamlMap) -> [String] {
        let line = entry.line(of: key)
        return entry.list(key, into: &complaints).compactMap { YamlText.string($0, key: key, line: line, into: &complaints) }
    }

    private mutating func service(of entry: YamlMap) -> ServiceCommands? {
        guard let node = entry.node("service") else { return nil }
        let known = ["stop", "start", "status", "timeout"]
        guard let map = YamlMap(node, what: "service", known: known, line: entry.line(of: "service"), into: &complaints) else { return nil }
        let stop = map.required("stop", into: &complaints)
        let start = map.required("start", into: &complaints)
        let status = map.optional("status", into: &complaints)
        let timeout = duration("timeout", in: map, otherwise: ServiceCommands.defaultTimeoutMilliseconds)
        guard let stop, let start, let timeout else { return nil }
        return ServiceCommands(stop: stop, start: start, status: status, timeoutMilliseconds: timeout)
    }
}
