/// What a client asks, read to its end.
package struct WebRequest: Sendable {
    /// "GET".
    package var method: String
    /// As it came: "/v1/snapshots?last=3".
    package var target: String
    /// Names in lower case; of one that came several times the last.
    package var headers: [String: String]
    package var body: [UInt8]

    package init(method: String, target: String, headers: [String: String] = [:], body: [UInt8] = []) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
    }
}

package struct WebResponse: Sendable {
    package var status: Int
    /// Beside the length of the body, which is added.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    package init(_ status: Int, _ body: [UInt8] = [], type: String? = nil, headers: [(name: String, value: String)] = []) {
        self.status = status
        self.body = body
        self.headers = (type.map { [("Content-Type", $0)] } ?? []) + headers
    }
}

/// What a server bears.
package struct WebLimits: Sendable {
    /// Requests that are answered at once, each on a thread.
    package var threads = 16
    /// Requests that wait for a thread; more are told to come again.
    package var waiting = 64
    package var connections = 128
    /// Bytes.
    package var body = 1 << 20
    /// For a request to come whole, and for an answer to be taken.
    package var patience = Int64(30)
    /// Seconds that a connection may be without a request.
    package var idle = Int64(75)

    package init() {}
}
