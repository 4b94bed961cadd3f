import Yams

extension ClusterFile {
    static let form = YamlForm(code: .clusterFile, what: "a cluster file", page: "docs/cluster-file.md")
    static let keys = [
        "cluster", "release", "state", "storage", "password-file", "password-command", "stores", "hdfs", "quiesce", "alerts",
        "objectives", "api", "standby", "targets", "checks",
    ]

    /// `path` is the file's own, absolute: relative paths inside start at its directory. Throws `clusterFile` with every error found,
    /// each with its line and remedy.
    package init(parsing text: String, at path: String) throws(Failure) {
        var reader = ClusterFileReader(path: path)
        guard var file = reader.read(try Self.form.compose(text, at: path)), reader.complaints.isEmpty else {
            throw reader.complaints.failure
        }
        file.text = text
        self = file
    }
}

/// One pass over the nodes of a cluster file; collects complaints and goes on.
struct ClusterFileReader {
    let path: String
    let directory: String
    var complaints: Complaints
    private(set) var lines: [String: Int] = [:]

    init(path: String) {
        self.path = path
        directory = PathText.normalise(PathText.parent(of: path), relativeTo: "/")
        complaints = Complaints(path: path, form: ClusterFile.form)
    }

    mutating func note(_ key: String, line: Int) { lines[key] = line }

    mutating func read(_ root: Node) -> ClusterFile? {
        guard let map = YamlMap(root, what: "the file", known: ClusterFile.keys, line: 1, into: &complaints) else { return nil }
        let name = clusterName(map)
        let release = map.required("release", into: &complaints)
        let state = folder("state", in: map)
        let storage = storage(map)
        let password = password(map)
        let stores = stores(map)
        let hdfs = hdfs(map)
        let quiesce = quiesce(map)
        let alerts = alerts(map)
        let objectives = objectives(map)
        let standby = standby(map)
        let targets = targets(map)
        let checks = checks(map, of: stores)
        let api = api(map, state: state ?? "/")
        guard let name, let release, let state, let storage, let password else { return nil }
        var file = ClusterFile(
            path: path, name: name, release: release, state: state, storage: storage, password: password, stores: stores, hdfs: hdfs,
            quiesce: quiesce, alerts: alerts, standby: standby, api: api,
            targets: targets, checks: checks, lines: lines)
        file.objectives = objectives
        checkOverlaps(of: file)
        return file
    }

    private mutating func clusterName(_ map: YamlMap) -> String? {
        guard let name = map.required("cluster", into: &complaints) else { return nil }
        return checked(name, what: "the cluster's name", line: map.line(of: "cluster"))
    }

    /// Complains when it is not a name.
    mutating func checked(_ name: String, what: String, line: Int) -> String? {
        guard let complaint = NameRule.complaint(about: name) else { return name }
        let remedy = "use 1 to \(NameRule.maximumLength) letters, digits, '-' and '_'"
        complaints.add("\(what) \"\(printable(name))\" is \(complaint)", line: line, remedy: remedy)
        return nil
    }

    private mutating func folder(_ key: String, in map: YamlMap) -> String? {
        note(key, line: map.line(of: key))
        return map.required(key, into: &complaints).flatMap { resolve($0, key: key, line: map.line(of: key)) }
    }

    /// An absolute, normalised path; complains about what cannot be one.
    mutating func resolve(_ text: String, key: String, line: Int) -> String? {
        let remedy = PlaceAdvice.remedy(text, isStorage: key == "storage")
        if text.contains("://") {
            complaints.add("\(key): \"\(printable(text))\" is a URL", line: line, remedy: remedy)
        } else if let prefix = PathText.addressPrefix(of: text) {
            complaints.add(
                "\(key): \"\(printable(text))\" begins like an address (\(printable(prefix)))", line: line, remedy: remedy)
        } else if text == "~" || text.hasPrefix("~/") {
            complaints.add("\(key): \"~\" means nothing here", line: line, remedy: "write the whole path")
        } else if text.contains("\n") {
            complaints.add("\(key): a path of two lines", line: line)
        } else {
            return PathText.normalise(text, relativeTo: directory)
        }
        return nil
    }

    private mutating func storage(_ map: YamlMap) -> String? {
        guard let text = map.node("storage")?.scalar?.string, HDFSAddress.isMeant(by: text) else { return folder("storage", in: map) }
        let line = map.line(of: "storage")
        note("storage", line: line)
        guard let address = address(text, key: "storage", line: line) else { return nil }
        guard !address.path.isRoot else {
            complaints.add("storage is the root of an HDFS", line: line, remedy: "name a directory in it, such as \(address)/holdfast")
            return nil
        }
        return address.description
    }

    mutating func address(_ text: String, key: String, line: Int) -> HDFSAddress? {
        do throws(HDFSAddress.Problem) { return try HDFSAddress(parsing: text) } catch {
            complaints.add("\(key): \(error.text)", line: line, remedy: error.remedy)
            return nil
        }
    }

    private mutating func hdfs(_ map: YamlMap) -> HDFSAccess {
        guard let node = map.node("hdfs") else { return HDFSAccess() }
        let line = map.line(of: "hdfs")
        guard let access = YamlMap(node, what: "hdfs", known: ["user", "token-file", "ca-file"], line: line, into: &complaints) else {
            return HDFSAccess()
        }
        if access.has("user"), access.has("token-file") {
            complaints.add(
                "both user and token-file", line: access.line(of: "token-file"), remedy: "keep one of the two: a token names its user")
        }
        return HDFSAccess(
            user: access.optional("user", into: &complaints), tokenFile: file("token-file", in: access),
            authorityFile: file("ca-file", in: access))
    }

    private mutating func file(_ key: String, in map: YamlMap) -> String? {
        map.optional(key, into: &complaints).flatMap { resolve($0, key: key, line: map.line(of: key)) }
    }

    private mutating func password(_ map: YamlMap) -> PasswordSource? {
        note("password-file", line: map.line(of: map.has("password-file") ? "password-file" : "password-command"))
        switch (map.has("password-file"), map.has("password-command")) {
        case (true, true):
            complaints.add(
                "both password-file and password-command", line: map.line(of: "password-command"), remedy: "keep one of the two")
        case (true, false):
            let text = map.optional("password-file", into: &complaints)
            return text.flatMap { resolve($0, key: "password-file", line: map.line(of: "password-file")) }.map(PasswordSource.file)
        case (false, true): return map.optional("password-command", into: &complaints).map(PasswordSource.command)
        case (false, false):
            complaints.add(
                "the file lacks password-file or password-command", line: map.line,
                remedy: "add a line such as password-file: /etc/holdfast/acme.password")
        }
        return nil
    }

    private mutating func quiesce(_ map: YamlMap) -> QuiesceHooks? {
        guard let node = map.node("quiesce") else { return nil }
        let line = map.line(of: "quiesce")
        guard let hooks = YamlMap(node, what: "quiesce", known: ["begin", "end", "timeout"], line: line, into: &complaints) else {
            return nil
        }
        let begin = hooks.required("begin", into: &complaints)
        let end = hooks.required("end", into: &complaints)
        let timeout = duration("timeout", in: hooks, otherwise: QuiesceHooks.defaultTimeoutMilliseconds)
        guard let begin, let end, let timeout else { return nil }
        return QuiesceHooks(begin: begin, end: end, timeoutMilliseconds: timeout)
    }

    mutating func duration(_ key: String, in map: YamlMap, otherwise: Int64) -> Int64? {
        guard let node = map.node(key) else { return otherwise }
        let text = node.scalar?.string ?? ""
        if let milliseconds = DurationText.milliseconds(parsing: text) { return milliseconds }
        let shown = node.scalar == nil ? YamlText.kind(of: node) : "\"\(printable(text))\""
        complaints.add(
            "\(key) is \(shown), not a length of time", line: map.line(of: key),
            remedy: "write a number and a unit, such as 500ms, 5s or 2m")
        return nil
    }

    private static let targetKeys = ["name", "path", "offsite", "immutable"]

    /// False when the key is not there; nil for what is no truth value, of which it complains.
    private mutating func truth(_ key: String, in map: YamlMap) -> Bool? {
        guard let node = map.node(key) else { return false }
        switch node.scalar?.string {
        case "true": return true
        case "false": return false
        default:
            complaints.add("\(key) is neither true nor false", line: map.line(of: key), remedy: "write \(key): true, or remove it")
            return nil
        }
    }

    private mutating func targets(_ map: YamlMap) -> [TargetDeclaration] {
        var targets: [TargetDeclaration] = []
        for node in map.list("targets", into: &complaints) {
            let line = node.mark?.line ?? map.line(of: "targets")
            guard let entry = YamlMap(node, what: "a target", known: Self.targetKeys, line: line, into: &complaints) else { continue }
            let name = entry.required("name", into: &complaints).flatMap {
                checked($0, what: "the target name", line: entry.line(of: "name"))
            }
            let path = entry.required("path", into: &complaints).flatMap { resolve($0, key: "path", line: entry.line(of: "path")) }
            let isOffsite = truth("offsite", in: entry)
            let isImmutable = truth("immutable", in: entry)
            guard let name, let path, let isOffsite, let isImmutable else { continue }
            if let other = targets.first(where: { $0.name == name || $0.path == path }) {
                complaints.add(
                    "the target \(name) repeats the name or path of the target \(other.name)", line: line, remedy: "remove one of the two")
                continue
            }
            note("targets.\(name)", line: line)
            targets.append(TargetDeclaration(name: name, path: path, isOffsite: isOffsite, isImmutable: isImmutable))
        }
        return targets
    }
}
