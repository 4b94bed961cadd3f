/// Where an HDFS is, and a place in it: `hdfs://namenode/lake`, `swebhdfs://nn1,nn2:9999/lake`.
package struct HDFSAddress: Hashable, Sendable, CustomStringConvertible {
    package enum Transport: String, Sendable {
        /// `hdfs://` and `webhdfs://`: HTTP.
        case plain = "hdfs"
        /// `swebhdfs://`: HTTPS.
        case encrypted = "swebhdfs"

        /// Of the NameNode in Hadoop 3.
        package var defaultPort: UInt16 { self == .plain ? 9870 : 9871 }
    }

    /// One NameNode's HTTP or HTTPS.
    package struct NameNode: Hashable, Sendable, CustomStringConvertible {
        /// A name or an address; one of IPv6 without brackets.
        package var host: String
        package var port: UInt16

        package init(host: String, port: UInt16) {
            self.host = host
            self.port = port
        }

        package var description: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }
    }

    package var transport: Transport
    /// At least one; several are those of one file system, of which one is active.
    package var nameNodes: [NameNode]
    package var path: HDFSPath

    package init(_ transport: Transport = .plain, nameNodes: [NameNode], path: HDFSPath = .root) {
        self.transport = transport
        self.nameNodes = nameNodes
        self.path = path
    }

    /// With every port.
    package var description: String {
        "\(transport.rawValue)://\(nameNodes.map(\.description).joined(separator: ","))\(path.isRoot ? "" : path.description)"
    }
}

extension HDFSAddress {
    /// What is wrong with the text of an address, and what to write.
    package struct Problem: Error, Hashable, Sendable {
        package let text: String
        package let remedy: String
    }

    private static let schemes: [(prefix: String, transport: Transport)] = [
        ("hdfs://", .plain), ("webhdfs://", .plain), ("swebhdfs://", .encrypted),
    ]

    /// Whether `text` is meant as an address of HDFS.
    package static func isMeant(by text: String) -> Bool { schemes.contains { text.hasPrefix($0.prefix) } }

    /// The path is taken as it stands: `%20` is a name with three characters, as in Hadoop.
    package init(parsing text: String) throws(Problem) {
        guard let scheme = Self.schemes.first(where: { text.hasPrefix($0.prefix) }) else {
            throw Self.problem(text, "is not an address of HDFS", "write hdfs://NAMENODE:9870/PATH")
        }
        let rest = text.dropFirst(scheme.prefix.count)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let place = rest[slash...]
        guard let path = place.isEmpty ? .root : HDFSPath(place) else {
            throw Self.problem(text, "has a path that HDFS cannot have", "leave out '.' and '..' and write the whole path")
        }
        var nodes: [NameNode] = []
        for part in rest[..<slash].split(separator: ",", omittingEmptySubsequences: false) {
            let node = try Self.nameNode(part, scheme.transport, in: text)
            guard !nodes.contains(node) else { throw Self.problem(text, "names \(node) twice", "name each NameNode once") }
            nodes.append(node)
        }
        self.init(scheme.transport, nameNodes: nodes, path: path)
    }

    private static func problem(_ text: String, _ what: String, _ remedy: String) -> Problem {
        Problem(text: "\"\(printable(text))\" \(what)", remedy: remedy)
    }

    private static func nameNode(_ part: Substring, _ transport: Transport, in text: String) throws(Problem) -> NameNode {
        if part.contains("@") {
            throw problem(text, "names a user", "leave out what stands before the @ and give the user in its own place")
        }
        var host = part
        var port: Substring?
        if part.hasPrefix("["), let end = part.firstIndex(of: "]") {
            host = part[part.index(after: part.startIndex)..<end]
            let rest = part[part.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { throw problem(text, "has no sound port", "write [HOST]:PORT") }
            port = rest.isEmpty ? nil : rest.dropFirst()
        } else if let colon = part.firstIndex(of: ":") {
            host = part[..<colon]
            port = part[part.index(after: colon)...]
        }
        guard isHost(host) else {
            throw problem(text, "has no sound host", "write hdfs://NAMENODE:9870/PATH, or several as hdfs://NN1:9870,NN2:9870/PATH")
        }
        guard let port else { return NameNode(host: String(host), port: transport.defaultPort) }
        guard let number = UInt16(port), number > 0, port.utf8.allSatisfy({ $0 &- 0x30 < 10 }) else {
            throw problem(
                text, "has a port that is none", "write the port of the NameNode's web interface, \(transport.defaultPort) by default")
        }
        return NameNode(host: String(host), port: number)
    }

    /// Letters, digits and what else stands in names and addresses of hosts.
    private static func isHost(_ host: Substring) -> Bool {
        !host.isEmpty && host.utf8.count <= 253
            && host.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"): true
                default: false
                }
            }
    }
}
