/// The names under which a server that listens on an address may be spoken to. A page of another site can make a browser connect to any address, but
/// not send another name than its own.
package struct HostNames: Hashable, Sendable {
    private let names: Set<String>

    /// `bound`: where it listens; `local`: the address at which the client reached it; `own`: the name of this host.
    package init(bound: String, local: String?, own: String, configured: [String]) {
        var names = Set(([bound, own] + configured).map(Self.plain))
        names.subtract(["", "0.0.0.0", "::"])
        if let local = local.map(Self.plain) {
            names.insert(local)
            if local.hasPrefix("127.") || local == "::1" { names.formUnion(["localhost", "127.0.0.1", "::1"]) }
        }
        self.names = names
    }

    /// `header`: a Host header (RFC 9110, section 7.2): a name or an address, and perhaps a port, which does not count.
    package func contains(_ header: String) -> Bool {
        guard let name = Self.host(of: header) else { return false }
        return names.contains(Self.plain(name))
    }

    private static func host(of header: String) -> String? {
        let text = header.trimmingPrefix { $0 == " " }
        var (host, port) = (text, Substring())
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            port = rest.dropFirst()
        } else if let colon = text.firstIndex(of: ":") {
            (host, port) = (text[..<colon], text[text.index(after: colon)...])
        }
        return port.utf8.allSatisfy { (0x30...0x39).contains($0) } ? String(host) : nil
    }

    /// Lower case, without the dot of a name that is written out, and without the brackets and the zone of an address.
    private static func plain(_ name: String) -> String {
        var name = name.lowercased()[...]
        if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
        if name.hasPrefix("::ffff:"), name.contains(".") { name = name.dropFirst(7) }
        if let zone = name.firstIndex(of: "%") { name = name[..<zone] }
        return String(name.hasSuffix(".") ? name.dropLast() : name)
    }
}
