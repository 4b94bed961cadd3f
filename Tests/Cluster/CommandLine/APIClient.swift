import AsyncHTTPClient
import Foundation
import HostIO
import NIOCore
import NIOHTTP1
import NIOSSL
import TestSupport
import Testing

/// A client of a running service.
final class APIClient {
    struct Answer {
        var status: Int
        var headers: [String: String]
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }

        /// The last one of that name.
        func header(_ name: String) -> String? { headers[name.lowercased()] }

        func json() throws -> [String: Any] {
            try #require(try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any], "\(status): \(text)")
        }
    }

    private let client: HTTPClient
    private let address: String
    var token: String?

    /// `address`: "http+unix://%2Frun%2Fx", "https://localhost:1". `authority`: a PEM file.
    init(_ address: String, token: String?, authority: String? = nil) throws {
        var settings = HTTPClient.Configuration()
        if let authority {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .file(authority)
            settings.tlsConfiguration = tls
        }
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
        self.address = address
        self.token = token
    }

    /// Through the socket in the state of a cluster, with its token.
    convenience init(_ cluster: SampleCluster) throws {
        let socket = "\(cluster.root)/state/api.socket"
        let token = String(decoding: try AtomicFile.read("\(cluster.root)/state/api.token"), as: UTF8.self)
        try self.init(
            "http+unix://\(socket.replacingOccurrences(of: "/", with: "%2F"))", token: token.trimmingCharacters(in: .whitespacesAndNewlines)
        )
    }

    deinit { try? client.syncShutdown() }

    func ask(
        _ method: String, _ path: String, _ body: [String: Any]? = nil, bytes: [UInt8]? = nil, type: String = "application/json"
    ) throws -> Answer {
        var request = try HTTPClient.Request(url: address + path, method: HTTPMethod(rawValue: method))
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let content = try bytes ?? body.map({ [UInt8](try JSONSerialization.data(withJSONObject: $0)) }) {
            request.headers.add(name: "Content-Type", value: type)
            request.body = .byteBuffer(ByteBuffer(bytes: content))
        }
        let response = try client.execute(request: request, deadline: .now() + .seconds(120)).wait()
        return Answer(
            status: Int(response.status.code), headers: Dictionary(response.headers.map { ($0.name.lowercased(), $0.value) }) { $1 },
            body: response.body.map { Array($0.readableBytesView) } ?? [])
    }

    func succeed(
        _ method: String, _ path: String, _ body: [String: Any]? = nil, status: Int = 200, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> [String: Any] {
        let answer = try ask(method, path, body)
        try #require(answer.status == status, "\(method) \(path): \(answer.status) \(answer.text)", sourceLocation: sourceLocation)
        return try answer.json()
    }
}
