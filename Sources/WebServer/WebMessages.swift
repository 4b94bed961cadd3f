/// What a client asks, read to its end.
package struct WebRequest: Sendable {
    /// "GET".
    package var method: String
    /// As it came: "/v1/snapshots?last=3".
    package var target: String
    /// Names in lower case; of one that came several times the last.
    package var headers: [String: String]
    /// Names of headers that came several times.
    package var repeated: Set<String>
    package var body: [UInt8]
    package var peer: WebPeer
    /// The address of the server that the client is connected to; nil for a Unix socket.
    package var localAddress: String?

    package init(
        method: String, target: String, headers: [String: String] = [:], repeated: Set<String> = [], body: [UInt8] = [],
        peer: WebPeer = .unknown, localAddress: String? = nil
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.repeated = repeated
        self.body = body
        self.peer = peer
        self.localAddress = localAddress
    }
}

/// Who is at the other end of a connection.
package enum WebPeer: Hashable, Sendable {
    /// The process that connected to a Unix socket ran as this user (unix(7), SO_PEERCRED).
    case user(UInt32)
    /// As text: "10.0.0.3".
    case address(String)
    case unknown
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
    /// Of them by one peer: a user, an IPv4 address, or the 64 bits by which IPv6 names a network. When there is no room for one more, the one ends that
    /// has been without a request longest.
    package var connectionsOfOne = 64
    /// Bytes.
    package var body = 1 << 20
    /// Seconds for the head of the first request to come whole.
    package var greeting = Int64(10)
    /// For a request to come whole, and for an answer to be taken.
    package var patience = Int64(30)
    /// Seconds that a connection may be without a request.
    package var idle = Int64(75)

    package init() {}
}
