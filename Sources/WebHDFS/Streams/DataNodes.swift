import HostIO
import Model

/// Where a NameNode sent a request on.
struct DataNodePlace: Hashable, Sendable {
    /// HOST:PORT of its HTTP.
    let server: String
    /// Of the request; holds the token, when there is one.
    let url: String

    /// The path is put in anew: the NameNode composes Unicode in the one that it writes (`e` and an accent become `é`), which is
    /// another file's.
    init?(location: String, for path: HDFSPath) {
        guard let scheme = location.firstRange(of: "://") else { return nil }
        let rest = location[scheme.upperBound...]
        guard let slash = rest.firstIndex(of: "/"), rest[slash...].hasPrefix("/webhdfs/v1/") else { return nil }
        let query = rest[slash...].firstIndex(of: "?").map { rest[$0...] } ?? ""
        server = String(rest[..<slash])
        url = location[..<slash] + path.encoded + query
    }
}

/// Which DataNodes one stream has tried. For some time after one has died, the NameNode still sends requests to it.
struct DataNodeChoice {
    private let client: HDFSClient
    /// As the NameNode wants to be told: ADDRESS:DATAPORT, or the host.
    private var excluded: [String] = []
    private var failures = 0

    private static let limit = 5
    private static let firstPause = Duration.milliseconds(100)

    init(_ client: HDFSClient) { self.client = client }

    /// For one that has a copy: after the start of a NameNode, or its own, a DataNode has yet to tell what it has.
    private static let patienceForCopies = Duration.seconds(15)

    /// Asks the NameNode for one that has not failed; when there is none, for any. One that takes a file is waited for as long as for a NameNode. One that
    /// has a copy is waited for a short time; not at all when those that should have it have failed and the NameNode knows by now that it is lost.
    mutating func next(for call: Call) throws(HDFSError) -> DataNodePlace {
        var waiting = client.waiting()
        var waitingForCopies = client.waiting(atMost: Self.patienceForCopies)
        let hasFailed = !excluded.isEmpty
        while true {
            do throws(HDFSError) {
                if call.operation.verb != .get { try client.confirmActive() }
                let answer = try client.perform(call.with("excludedatanodes", excluded.isEmpty ? nil : excluded.joined(separator: ",")))
                guard let location = answer.location, let place = DataNodePlace(location: location, for: call.path) else {
                    throw HDFSError(.notHDFS, call.operation.words, call.path, detail: "no DataNode was named; is it a gateway?")
                }
                return place
            } catch {
                switch error.kind {
                case .noReplica:
                    if hasFailed, (try? client.hasLostBlock(call.path, from: 0)) ?? false { throw error }
                    guard try waitingForCopies.pause(after: .elsewhere, for: error) else { throw error }
                case .noSpace: guard try waiting.pause(after: .elsewhere, for: error) else { throw error }
                default: throw error
                }
                excluded = []
            }
        }
    }

    /// Leaves this one out of the next tries; throws `error` when there were enough of them.
    mutating func failed(_ place: DataNodePlace, _ error: HDFSError) throws(HDFSError) {
        failures += 1
        guard failures < Self.limit else { throw error }
        if failures > 1, !EndingSignals.sleep(for: Self.firstPause * (1 << failures), on: client.clock) {
            throw HDFSError(.stopped, error.operation, error.path)
        }
        excluded.append(client.exclusion(of: place.server))
    }

    /// What came since the last failure counts for a new start.
    mutating func progressed() { failures = 0 }
}

extension HDFSClient {
    /// A NameNode on standby, too, sends a new file on to a DataNode, or says that it knows none. What it does not do is to look at a file.
    func confirmActive() throws(HDFSError) { if address.nameNodes.count > 1 { _ = try status(of: .root) } }

    /// Sends a call that a DataNode answers, and gives the body of the answer.
    func onDataNode(_ call: Call) throws(HDFSError) -> [UInt8] {
        var choice = DataNodeChoice(self)
        while true {
            let place = try choice.next(for: call)
            do throws(HDFSError) {
                let answer = try asking(place.server, call) { () throws(ExchangeError) in
                    try web.exchange(call.operation.verb, place.url, limit: Self.answerLimit, isLong: call.operation.isLong)
                }
                if answer.status == 200 { return answer.body }
                throw self.error(answer, call, place.server)
            } catch {
                guard error.mayBeOfDataNode else { throw error }
                try choice.failed(place, error)
            }
        }
    }

    /// How a NameNode is told to leave out the DataNode with this HTTP server: by the address and port of its data transfer, which stand
    /// in the NameNode's metrics, or else by its host.
    func exclusion(of server: String) -> String {
        let host = String(server[..<(server.lastIndex(of: ":") ?? server.endIndex)])
        let wanted = "/jmx?get=Hadoop:service=NameNode,name=NameNodeInfo::LiveNodes"
        guard let answer = try? web.exchange(.get, activeBase + wanted, limit: Self.answerLimit), answer.status == 200,
            let nodes = try? LiveDataNode.list(answer.body)
        else { return host }
        return nodes.first { $0.isServed(by: server) }?.transfer ?? host
    }
}

extension HDFSError {
    /// Another DataNode, or the same later, may do better.
    var mayBeOfDataNode: Bool {
        switch kind {
        case .unreachable, .uncertain, .noReplica, .standby, .busy, .other: true
        default: false
        }
    }
}

/// A DataNode in the metrics of the NameNode.
struct LiveDataNode: Hashable {
    /// HOST:DATAPORT.
    var name: String
    /// ADDRESS:PORT of HTTP, of HTTPS, and of the data transfer.
    var info = ""
    var secureInfo = ""
    var transfer = ""

    func isServed(by server: String) -> Bool {
        if server == info || server == secureInfo { return true }
        guard let colon = server.lastIndex(of: ":"), let nameColon = name.lastIndex(of: ":") else { return false }
        return name[..<nameColon] == server[..<colon] && (info.hasSuffix(server[colon...]) || secureInfo.hasSuffix(server[colon...]))
    }

    /// `{"beans": [{"LiveNodes": "{\"HOST:PORT\": {…}, …}"}]}`.
    static func list(_ metrics: [UInt8]) throws(MalformedAnswer) -> [LiveDataNode] {
        var inner: [UInt8] = []
        try JSONReader.read(metrics) { reader throws(MalformedAnswer) in
            _ = try reader.member("beans") { reader throws(MalformedAnswer) in
                try reader.array { reader throws(MalformedAnswer) in
                    inner = try reader.member("LiveNodes") { reader throws(MalformedAnswer) in try reader.utf8() } ?? inner
                }
            }
        }
        var nodes: [LiveDataNode] = []
        try JSONReader.read(inner) { reader throws(MalformedAnswer) in
            try reader.object { name, reader throws(MalformedAnswer) in nodes.append(try LiveDataNode(name, &reader)) }
        }
        return nodes
    }

    private init(_ name: String, _ reader: inout JSONReader) throws(MalformedAnswer) {
        self.name = name
        try reader.object { key, reader throws(MalformedAnswer) in
            switch key {
            case "infoAddr": info = try reader.string()
            case "infoSecureAddr": secureInfo = try reader.string()
            case "xferaddr": transfer = try reader.string()
            default: try reader.skip()
            }
        }
    }
}
