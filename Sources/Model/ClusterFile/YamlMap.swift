import Yams

/// A YAML mapping whose keys have been checked against those that may stand there.
struct YamlMap {
    /// Of the mapping's first key.
    let line: Int
    /// What it is, for messages: "the file", "the store accounts".
    let what: String
    private var entries: [String: Entry] = [:]

    struct Entry {
        var line: Int
        var node: Node
    }

    /// Complains about anything but a mapping, about keys that are not text and about keys that are not in `known`. Nil when it is not
    /// a mapping.
    init?(_ node: Node, what: String, known: [String], line outer: Int, into complaints: inout Complaints) {
        line = node.mark?.line ?? outer
        self.what = what
        guard let mapping = node.mapping else {
            complaints.add(
                "\(what) is \(YamlText.kind(of: node)), not a mapping of keys to values", line: line,
                remedy: "keys are \(known.joined(separator: ", "))")
            return nil
        }
        for (key, value) in mapping {
            let line = key.mark?.line ?? line
            guard let name = key.scalar?.string else {
                complaints.add("a key of \(what) is \(YamlText.kind(of: key))", line: line)
                continue
            }
            if known.contains(name) {
                entries[name] = Entry(line: line, node: value)
            } else {
                Self.complainUnknown(name, in: what, known: known, line: line, into: &complaints)
            }
        }
    }

    func has(_ key: String) -> Bool { entries[key] != nil }

    func line(of key: String) -> Int { entries[key]?.line ?? line }

    func node(_ key: String) -> Node? { entries[key]?.node }

    /// The text of a key that has to be there; complains and gives nil otherwise.
    func required(_ key: String, into complaints: inout Complaints) -> String? {
        guard has(key) else {
            complaints.add("\(what) lacks \(key)", line: line, remedy: YamlText.example(of: key).map { "add a line such as \($0)" })
            return nil
        }
        return optional(key, into: &complaints)
    }

    /// The text of a key, or nil when it is not there or not text, of which it complains.
    func optional(_ key: String, into complaints: inout Complaints) -> String? {
        guard let entry = entries[key] else { return nil }
        return YamlText.string(entry.node, key: key, line: entry.line, into: &complaints)
    }

    /// The items of a list; complains about anything else. Empty when the key is not there.
    func list(_ key: String, into complaints: inout Complaints) -> [Node] {
        guard let entry = entries[key] else { return [] }
        if let sequence = entry.node.sequence { return Array(sequence) }
        complaints.add(
            "\(key) is \(YamlText.kind(of: entry.node)), not a list", line: entry.line,
            remedy: "begin each item with \"- \", or write [a, b]")
        return []
    }

    private static func complainUnknown(_ name: String, in what: String, known: [String], line: Int, into complaints: inout Complaints) {
        let shown = printable(name)
        if name == "nodes" {
            complaints.add("nodes is not supported by this release: all stores are on this host", line: line, remedy: "remove the key")
        } else if let near = nearest(to: name, among: known) {
            complaints.add("unknown key \"\(shown)\" in \(what)", line: line, remedy: "did you mean \(near)?")
        } else {
            complaints.add("unknown key \"\(shown)\" in \(what)", line: line, remedy: "keys are \(known.joined(separator: ", "))")
        }
    }
}

/// Scalars as text, and words for what else stands there.
enum YamlText {
    /// Complains about lists, mappings, empty values and about plain values that YAML takes for something else than text: `6.10` would be
    /// 6.1.
    static func string(_ node: Node, key: String, line: Int, into complaints: inout Complaints) -> String? {
        let line = node.mark?.line ?? line
        guard let scalar = node.scalar else {
            complaints.add("\(key) is \(kind(of: node)), not text", line: line)
            return nil
        }
        guard isText(node) else {
            let isNull = node.tag.rawValue == "tag:yaml.org,2002:null"
            let remedy = "write it in quotes: \(key): \"\(printable(scalar.string))\""
            complaints.add("\(key) is \(kind(of: node)), not text", line: line, remedy: isNull ? nil : remedy)
            return nil
        }
        return clean(scalar.string, key: key, line: line, into: &complaints)
    }

    private static func clean(_ text: String, key: String, line: Int, into complaints: inout Complaints) -> String? {
        if text.isEmpty {
            complaints.add("\(key) is empty", line: line)
            return nil
        }
        guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F || $0 == "\n" || $0 == "\t" }) else {
            complaints.add("\(key) contains a control character", line: line)
            return nil
        }
        return text
    }

    private static func isText(_ node: Node) -> Bool { node.tag.rawValue == "tag:yaml.org,2002:str" }

    static func kind(of node: Node) -> String {
        switch node {
        case .mapping: return "a mapping"
        case .sequence: return "a list"
        case .alias: return "an alias"
        case .scalar: break
        }
        switch node.tag.rawValue {
        case "tag:yaml.org,2002:str": return "text"
        case "tag:yaml.org,2002:null": return "empty"
        case "tag:yaml.org,2002:bool": return "a truth value"
        case "tag:yaml.org,2002:int", "tag:yaml.org,2002:float": return "a number"
        case "tag:yaml.org,2002:timestamp": return "a date"
        default: return "of another type"
        }
    }

    static func example(of key: String) -> String? {
        switch key {
        case "cluster": "cluster: acme"
        case "release": "release: \"6.2.1\""
        case "state": "state: /var/lib/holdfast/acme"
        case "storage": "storage: /var/lib/holdfast/acme-snapshots"
        case "kind": "kind: directory"
        case "role": "role: content"
        case "connection": "connection: \"host=/run/postgresql dbname=acme\""
        default: nil
        }
    }
}
