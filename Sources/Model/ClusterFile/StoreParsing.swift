import Yams

extension ClusterFileReader {
    static let storeKeys = ["name", "kind", "role", "path", "url", "bulk-tables"]

    mutating func stores(_ map: YamlMap) -> [StoreDeclaration] {
        guard map.has("stores") else {
            complaints.add("the file lacks stores", line: map.line, remedy: "add what to protect, each with name, kind, role and path")
            return []
        }
        let before = complaints.count
        let nodes = map.list("stores", into: &complaints)
        if nodes.isEmpty, before == complaints.count {
            complaints.add(
                "stores is empty", line: map.line(of: "stores"), remedy: "add what to protect, each with name, kind, role and path")
        }
        var stores: [StoreDeclaration] = []
        for node in nodes {
            let line = node.mark?.line ?? map.line(of: "stores")
            guard let store = store(node, line: line) else { continue }
            if stores.contains(where: { $0.name == store.name }) {
                complaints.add("a second store named \(store.name)", line: line, remedy: "give each store a name of its own")
                continue
            }
            note("stores.\(store.name)", line: line)
            stores.append(store)
        }
        return stores
    }

    private mutating func store(_ node: Node, line: Int) -> StoreDeclaration? {
        let isPostgres = node.mapping?["kind"]?.scalar?.string == StoreKind.postgres.rawValue
        let known = isPostgres ? Self.postgresKeys : Self.storeKeys
        guard let entry = YamlMap(node, what: "a store", known: known, line: line, into: &complaints) else { return nil }
        let name = entry.required("name", into: &complaints).flatMap { checked($0, what: "the store name", line: entry.line(of: "name")) }
        let kind = choice(StoreKind.self, "kind", in: entry)
        let role = choice(StoreRole.self, "role", in: entry)
        let postgres = isPostgres ? postgres(of: entry) : nil
        let path =
            switch kind {
            case .postgres: postgres.map { $0.dataDirectory ?? $0.connection }
            case .hdfs: address(of: entry)
            default: path(of: entry, kind)
            }
        let bulkTables = bulkTables(entry, kind: kind)
        guard let name, let kind, let role, let path else { return nil }
        if path == "/" {
            complaints.add(
                "the store \(name) is the whole file system", line: entry.line(of: isPostgres ? "data-directory" : "path"),
                remedy: "name the directory that holds the data"
            )
            return nil
        }
        return StoreDeclaration(name: name, kind: kind, role: role, path: path, bulkTables: bulkTables, postgres: postgres)
    }

    private mutating func path(of entry: YamlMap, _ kind: StoreKind?) -> String? {
        if let kind, entry.has("url") {
            complaints.add(
                "url means nothing for a store of kind \(kind.rawValue)", line: entry.line(of: "url"), remedy: "give it a path")
            return nil
        }
        return entry.required("path", into: &complaints).flatMap { resolve($0, key: "path", line: entry.line(of: "path")) }
    }

    private mutating func address(of entry: YamlMap) -> String? {
        if entry.has("path") {
            complaints.add(
                "path means nothing for a store of kind hdfs", line: entry.line(of: "path"),
                remedy: "give it a url, such as hdfs://namenode:9870/lake")
            return nil
        }
        return entry.required("url", into: &complaints).flatMap { address($0, key: "url", line: entry.line(of: "url"))?.description }
    }

    private mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _: Choice.Type, _ key: String, in entry: YamlMap
    ) -> Choice? {
        guard let text = entry.required(key, into: &complaints) else { return nil }
        if let value = Choice(rawValue: text) { return value }
        let near = nearest(to: text, among: Choice.allCases.map(\.rawValue)).map { "did you mean \($0)?" }
        complaints.add(
            "unknown \(key) \"\(printable(text))\"", line: entry.line(of: key), remedy: near ?? "\(key)s are \(Self.list(Choice.self))")
        return nil
    }

    private static func list<Choice: RawRepresentable<String> & CaseIterable>(_: Choice.Type) -> String {
        Choice.allCases.map(\.rawValue).joined(separator: ", ")
    }

    private mutating func bulkTables(_ entry: YamlMap, kind: StoreKind?) -> [String] {
        let line = entry.line(of: "bulk-tables")
        let nodes = entry.list("bulk-tables", into: &complaints)
        if entry.has("bulk-tables"), let kind, kind != .sqlite, kind != .postgres {
            complaints.add(
                "bulk-tables means nothing for a store of kind \(kind.rawValue)", line: line,
                remedy: "remove it, or give the store the role data")
        }
        return nodes.compactMap { YamlText.string($0, key: "bulk-tables", line: line, into: &complaints) }
    }
}
