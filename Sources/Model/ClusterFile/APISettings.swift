/// A place where a server listens.
package enum ListenPlace: Hashable, Sendable {
    /// An absolute path.
    case socket(String)
    case address(host: String, port: Int)

    /// "unix:/run/holdfast.socket", "127.0.0.1:7443", "[::1]:7443".
    package var text: String {
        switch self {
        case .socket(let path): "unix:\(path)"
        case .address(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }

    /// Bytes of the path of a socket: what sockaddr_un has room for.
    package static let longestPath = 107

    /// Nobody on another host can come here.
    package var isLocal: Bool {
        switch self {
        case .socket: true
        case .address(let host, _): host == "::1" || host == "localhost" || host.hasPrefix("127.")
        }
    }
}

/// PEM files.
package struct ServerCertificate: Hashable, Sendable {
    package var path: String
    package var keyPath: String

    package init(path: String, keyPath: String) {
        self.path = path
        self.keyPath = keyPath
    }
}

/// Where `holdfast serve` is spoken to.
package struct APISettings: Hashable, Sendable {
    /// Nil: nowhere.
    package var place: ListenPlace?
    package var certificate: ServerCertificate?
    /// Holds the tokens of which a client has to know one.
    package var tokenPath: String
    /// Under which names clients reach it beside its address, without ports.
    package var names: [String] = []

    package init(place: ListenPlace?, certificate: ServerCertificate? = nil, tokenPath: String) {
        self.place = place
        self.certificate = certificate
        self.tokenPath = tokenPath
    }

    /// A socket in the state directory, which only its owner can open.
    package init(state: String) {
        let path = "\(state)/api.socket"
        self.init(place: path.utf8.count <= ListenPlace.longestPath ? .socket(path) : nil, tokenPath: "\(state)/api.token")
    }
}

extension ClusterFileReader {
    /// `state`: the absolute path of the state directory.
    mutating func api(_ map: YamlMap, state: String) -> APISettings {
        var settings = APISettings(state: state)
        guard let node = map.node("api") else { return settings }
        let line = map.line(of: "api")
        let known = ["listen", "certificate", "key", "token-file", "names"]
        guard let entry = YamlMap(node, what: "api", known: known, line: line, into: &complaints) else { return settings }
        if let text = entry.optional("listen", into: &complaints) { settings.place = place(text, entry.line(of: "listen")) }
        if let path = file("token-file", entry) { settings.tokenPath = path }
        settings.certificate = certificate(entry, line)
        settings.names = entry.list("names", into: &complaints).compactMap {
            YamlText.string($0, key: "names", line: entry.line(of: "names"), into: &complaints)
        }
        if let place = settings.place, !place.isLocal, settings.certificate == nil {
            complaints.add(
                "api: \(place.text) can be reached from other hosts, and there is no certificate", line: entry.line(of: "listen"),
                remedy: "add certificate and key, or listen on 127.0.0.1")
        }
        return settings
    }

    private mutating func certificate(_ entry: YamlMap, _ line: Int) -> ServerCertificate? {
        switch (file("certificate", entry), file("key", entry)) {
        case (nil, nil): return nil
        case (let certificate?, let key?): return ServerCertificate(path: certificate, keyPath: key)
        default:
            complaints.add("api: a certificate needs its key", line: line, remedy: "give certificate and key, both PEM files")
            return nil
        }
    }

    private mutating func file(_ key: String, _ entry: YamlMap) -> String? {
        entry.optional(key, into: &complaints).flatMap { resolve($0, key: key, line: entry.line(of: key)) }
    }

    private mutating func place(_ text: String, _ line: Int) -> ListenPlace? {
        if text == "none" { return nil }
        if text.hasPrefix("unix:") {
            guard let path = resolve(String(text.dropFirst(5)), key: "listen", line: line) else { return nil }
            if path.utf8.count <= ListenPlace.longestPath { return .socket(path) }
            complaints.add(
                "api: the path of the socket is longer than \(ListenPlace.longestPath) bytes", line: line, remedy: "use a shorter one")
            return nil
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let host = parts.dropLast().joined(separator: ":")
        if let port = parts.last.flatMap({ Int($0) }), (0...65_535).contains(port), !host.isEmpty {
            let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
            if bare == host || bare.contains(":"), !(host == bare && bare.contains(":")) { return .address(host: bare, port: port) }
        }
        complaints.add(
            "api: \"\(printable(text))\" is no place to listen", line: line,
            remedy: "write unix:PATH, HOST:PORT such as 127.0.0.1:7443 or [::1]:7443, or none")
        return nil
    }
}
