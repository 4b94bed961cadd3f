import Model

/// One line of what a restore of files changes: `replace`, and `base/16384/16390.1`.
struct FileChange: Hashable {
    var verb: String
    /// In the data directory.
    var path: String

    /// `line`: an example of a plan of the directory `place` in the data directory.
    init?(_ line: String, below place: String) {
        let words = line.split(separator: " ", maxSplits: 1).map(String.init)
        guard words.count == 2 else { return nil }
        verb = words[0]
        path = [place, words[1]].filter { !$0.isEmpty && $0 != "." }.joined(separator: "/")
    }

    enum Place: Hashable {
        case relation(LogRecords.Relation)
        case database(UInt32)
        /// A file that people write.
        case configuration
        /// What the server keeps beside its tables.
        case own
    }

    /// In the data directory and its tablespaces: `base/DATABASE/FILE`, `global/FILE`, `pg_tblspc/TABLESPACE/PG_15_202209061/DATABASE/FILE`. The default
    /// tablespace has the number 1663, that of the shared catalogues 1664.
    var place: Place {
        var parts = path.split(separator: "/")[...]
        guard parts.count > 1 else { return path.hasSuffix(".conf") ? .configuration : .own }
        var tablespace: UInt32 = 1663
        switch parts.removeFirst() {
        case "base": break
        case "global":
            return Self.relation(parts.last).map { .relation(LogRecords.Relation(tablespace: 1664, database: 0, file: $0)) } ?? .own
        case "pg_tblspc":
            guard parts.count > 2, let number = parts.popFirst().flatMap({ UInt32($0) }) else { return .own }
            tablespace = number
            parts.removeFirst()
        default: return .own
        }
        guard let database = parts.first.flatMap({ UInt32($0) }), parts.count <= 2 else { return .own }
        if parts.count == 1 { return .database(database) }
        return Self.relation(parts.last).map { .relation(LogRecords.Relation(tablespace: tablespace, database: database, file: $0)) }
            ?? .own
    }

    private static func relation(_ name: Substring?) -> UInt32? {
        name.flatMap { RelationFile(Array($0.utf8)) }.flatMap { UInt32($0.relation) }
    }
}

/// What files that change mean to people: their tables and databases. Everything else is said in one line a verb.
struct ChangedRelations {
    private static let most = 20
    private let changes: [FileChange]
    /// Nil where no server runs that could tell.
    private let names: RelationNames?

    init(_ changes: [FileChange], _ names: RelationNames?) {
        let others = changes.filter { $0.verb != "metadata" }
        self.changes = others.isEmpty ? changes : others
        self.names = names
    }

    func lines() throws -> [String] {
        let verbs = changes.reduce(into: [String]()) { if !$0.contains($1.verb) { $0.append($1.verb) } }
        let groups = try verbs.map { verb in try lines(verb, changes.filter { $0.verb == verb }) }
        let all = groups.flatMap(\.tables) + groups.flatMap(\.others)
        return Array(all.prefix(Self.most))
    }

    private func lines(_ verb: String, _ changes: [FileChange]) throws -> (tables: [String], others: [String]) {
        let places = changes.map(\.place)
        var tables = try databases(places).map { "\(verb) \($0)" }
        var others: [String] = []
        for name in try relations(places) {
            if case .known = name { tables.append("\(verb) \(name.text)") } else { others.append("\(verb) \(name.text)") }
        }
        tables += zip(changes, places).filter { $0.1 == .configuration }.map { "\(verb) \($0.0.path)" }
        if places.contains(.own) { others.append("\(verb) what the server keeps beside its tables: transactions, log, state") }
        return (tables, others)
    }

    private func databases(_ places: [FileChange.Place]) throws -> [String] {
        try places.compactMap { place in
            guard case .database(let number) = place else { return nil }
            return "database \(try names?.name(ofDatabase: number) ?? "number \(number)")"
        }
    }

    private func relations(_ places: [FileChange.Place]) throws -> [RelationNames.Name] {
        let found = places.compactMap { place in if case .relation(let relation) = place { relation } else { nil } }
        if let names { return try names.names(of: found) }
        let databases = Set(found.map(\.database)).sorted()
        return databases.map {
            $0 == 0 ? .catalogue(nil) : .known("tables of the database number \($0), which have no names while its server is down")
        }
    }
}
