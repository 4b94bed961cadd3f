import Yams

extension ClusterFileReader {
    static let postgresKeys = [
        "name", "kind", "role", "connection", "data-directory", "databases", "bulk-tables", "service", "programs", "tablespaces",
    ]

    mutating func postgres(of entry: YamlMap) -> PostgresAccess? {
        let connection = connection(of: entry)
        let folder = place("data-directory", in: entry)
        let programs = place("programs", in: entry)
        let databases = texts("databases", in: entry)
        let service = service(of: entry)
        let tablespaces = tablespaces(of: entry)
        guard let connection else { return nil }
        return PostgresAccess(
            connection: connection, dataDirectory: folder, databases: databases, service: service, programs: programs,
            tablespaces: tablespaces)
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

    /// A mapping of old paths to new ones; every new one once.
    private mutating func tablespaces(of entry: YamlMap) -> [String: String]? {
        guard let node = entry.node("tablespaces") else { return nil }
        let line = entry.line(of: "tablespaces")
        guard let mapping = node.mapping else {
            complaints.add(
                "tablespaces is \(YamlText.kind(of: node)), not a mapping of old paths to new ones", line: line,
                remedy: "write a line such as /srv/old/fast: /srv/new/fast")
            return nil
        }
        var places: [String: String] = [:]
        for (key, value) in mapping {
            let line = key.mark?.line ?? line
            let old = YamlText.string(key, key: "tablespaces", line: line, into: &complaints).flatMap { absolute($0, line) }
            let new = YamlText.string(value, key: "tablespaces", line: line, into: &complaints).flatMap { absolute($0, line) }
            guard let old, let new else { continue }
            if places.values.contains(new) {
                complaints.add("tablespaces: two go to \(printable(new))", line: line, remedy: "give each a directory of its own")
            }
            places[old] = new
        }
        return places
    }

    private mutating func absolute(_ text: String, _ line: Int) -> String? {
        guard text.hasPrefix("/"), let path = resolve(text, key: "tablespaces", line: line), path != "/" else {
            complaints.add(
                "tablespaces: \"\(printable(text))\" is no absolute path of a directory", line: line,
                remedy: "write a line such as /srv/old/fast: /srv/new/fast")
            return nil
        }
        return path
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
