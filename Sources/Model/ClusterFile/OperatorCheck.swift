import Yams

/// Something that has to hold of a restored backup, as the operator of the cluster says.
package struct OperatorCheck: Hashable, Sendable {
    package static let defaultTimeoutMilliseconds: Int64 = 60_000

    package enum Question: Hashable, Sendable {
        /// Put to the restored store; `database` is of a server that has several.
        case sql(String, database: String?)
        /// A shell command; see `docs/cluster-file.md` for what it finds in its environment.
        case command(String)
    }

    /// Differs from those of other checks.
    package var name: String
    /// Always there for ``Question/sql(_:database:)``.
    package var store: String?
    package var question: Question
    /// The answer, without line feeds at its end; nil: a command that ends with 0 is enough.
    package var expected: String?
    package var timeoutMilliseconds: Int64

    package init(
        name: String, store: String? = nil, question: Question, expected: String? = nil,
        timeoutMilliseconds: Int64 = Self.defaultTimeoutMilliseconds
    ) {
        self.name = name
        self.store = store
        self.question = question
        self.expected = expected
        self.timeoutMilliseconds = timeoutMilliseconds
    }
}

extension ClusterFileReader {
    private static let checkKeys = ["name", "store", "sql", "database", "command", "expect", "timeout"]

    mutating func checks(_ map: YamlMap, of stores: [StoreDeclaration]) -> [OperatorCheck] {
        var checks: [OperatorCheck] = []
        for node in map.list("checks", into: &complaints) {
            let line = node.mark?.line ?? map.line(of: "checks")
            guard let entry = YamlMap(node, what: "a check", known: Self.checkKeys, line: line, into: &complaints),
                let check = check(entry, stores)
            else { continue }
            if checks.contains(where: { $0.name == check.name }) {
                complaints.add("a second check named \(check.name)", line: line, remedy: "give each check a name of its own")
                continue
            }
            checks.append(check)
        }
        return checks
    }

    private mutating func check(_ entry: YamlMap, _ stores: [StoreDeclaration]) -> OperatorCheck? {
        let name = entry.required("name", into: &complaints).flatMap { checked($0, what: "the check name", line: entry.line(of: "name")) }
        let before = complaints.count
        let store = entry.optional("store", into: &complaints)
        let declaration = store.flatMap { name in stores.first { $0.name == name } }
        if let store, declaration == nil {
            let near = nearest(to: store, among: stores.map(\.name)).map { "did you mean \($0)?" }
            complaints.add(
                "there is no store \"\(printable(store))\"", line: entry.line(of: "store"),
                remedy: near ?? "stores are \(stores.map(\.name).joined(separator: ", "))")
        }
        let question = question(entry, declaration)
        let expected = expected(entry)
        if case .sql = question, !entry.has("expect") {
            complaints.add("a check with sql lacks expect", line: entry.line, remedy: "say what the answer is, such as expect: \"42\"")
        }
        let timeout = duration("timeout", in: entry, otherwise: OperatorCheck.defaultTimeoutMilliseconds)
        guard let name, let question, let timeout, complaints.count == before else { return nil }
        return OperatorCheck(name: name, store: store, question: question, expected: expected, timeoutMilliseconds: timeout)
    }

    /// An empty answer is one, too: `expect: ""`.
    private mutating func expected(_ entry: YamlMap) -> String? {
        if let node = entry.node("expect"), node.scalar?.string == "", node.tag.rawValue == "tag:yaml.org,2002:str" { return "" }
        return entry.optional("expect", into: &complaints)
    }

    private mutating func question(_ entry: YamlMap, _ store: StoreDeclaration?) -> OperatorCheck.Question? {
        switch (entry.has("sql"), entry.has("command")) {
        case (true, false):
            guard entry.has("store") else {
                complaints.add("a check with sql lacks store", line: entry.line, remedy: "name the store that is asked")
                return nil
            }
            if let store, store.kind != .sqlite, store.kind != .postgres {
                complaints.add(
                    "a store of kind \(store.kind.rawValue) answers no sql", line: entry.line(of: "sql"), remedy: "write a command instead")
                return nil
            }
            if entry.has("database"), store?.kind == .sqlite {
                complaints.add(
                    "database means nothing for a store of kind sqlite", line: entry.line(of: "database"), remedy: "remove it")
            }
            let database = entry.optional("database", into: &complaints)
            return entry.optional("sql", into: &complaints).map { .sql($0, database: database) }
        case (false, true):
            if entry.has("database") {
                complaints.add("database means nothing for a command", line: entry.line(of: "database"), remedy: "remove it")
            }
            return entry.optional("command", into: &complaints).map { .command($0) }
        default:
            complaints.add("a check has either sql or command", line: entry.line, remedy: "write one of the two")
            return nil
        }
    }
}
