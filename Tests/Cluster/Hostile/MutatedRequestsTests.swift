import Glibc
import HostIO
import TestSupport
import Testing

/// Whatever is sent to the HTTP interface, with a right token, is answered or closed in time, is no defect of the service, and leaves it
/// able to serve.
///
/// `HOLDFAST_FUZZ_SECONDS` says how long; `HOLDFAST_TEST_SEED` repeats a run.
@Suite struct MutatedRequestsTests {
    private static let seconds = environmentValue("HOLDFAST_FUZZ_SECONDS").flatMap(Int64.init) ?? 15

    @Test(.timeLimit(.minutes(60 * 24))) func `no request ends the service, keeps it busy, or shows a defect`() throws {
        var random = SeededRandom(named: "mutated requests")
        let cluster = try SampleCluster(.init(stores: ["accounts", "uploads"]))
        try cluster.succeed("cluster", "init")
        try cluster.succeed("snapshot", "policy", "update", "--every", "1d", "--keep", "3@1d", "--yes")
        try cluster.succeed("snapshot", "create", "s")
        let service = try RunningService(cluster)
        try service.event("listening")
        let client = try APIClient(cluster)
        let clock = ContinuousClock()
        let end = clock.now + .seconds(Self.seconds)
        var sent = 0
        while clock.now < end {
            sent += 1
            let request = HostileRequest(token: client.token ?? "", using: &random)
            let started = clock.now
            let answer = try LocalConnection(to: cluster.root + "/state/api.socket").ask(request.bytes)
            let took = clock.now - started
            let first = String(decoding: answer.prefix(200), as: UTF8.self)
            #expect(took < .seconds(20), "request \(sent), \(request), took \(took): \(first)")
            #expect(!first.hasPrefix("HTTP/1.1 500"), "request \(sent), \(request): \(String(decoding: answer.suffix(600), as: UTF8.self))")
        }
        print("mutated requests: \(sent) sent")
        #expect(sent > 10)
        _ = try client.succeed("GET", "/v1/cluster")
        #expect(service.stop(SIGTERM) == 0)
    }
}

/// A request that is nearly one of those that the description allows.
private struct HostileRequest: CustomStringConvertible {
    let bytes: [UInt8]
    let description: String

    private static let requests: [(method: String, path: String, body: String)] = [
        ("GET", "/v1/cluster", ""), ("GET", "/v1/jobs?last=5", ""), ("GET", "/v1/jobs/1", ""), ("GET", "/v1/snapshots/s", ""),
        ("GET", "/v1/snapshots/s/diff/s", ""), ("GET", "/v1/tasks/1", ""), ("GET", "/v1/advice", ""), ("GET", "/metrics", ""),
        ("POST", "/v1/snapshots", #"{"name":"x","ttl":"7d","reason":"r"}"#),
        ("POST", "/v1/snapshots/s/restore", #"{"yes":true,"store":["uploads"]}"#), ("POST", "/v1/snapshots/s/extend", #"{"ttl":"7d"}"#),
        ("DELETE", "/v1/snapshots/none", #"{"yes":true}"#), ("POST", "/v1/prune", #"{"yes":true}"#),
        ("PATCH", "/v1/snapshot-policy", #"{"every":"1d","keep":"3@1d","yes":true}"#),
        ("POST", "/v1/snapshot-policy/simulate", #"{"every":"1h","keep":"3@1h,2@1d","days":3}"#),
        ("POST", "/v1/backup-policies", #"{"name":"n","target":"nas","every":"1d","keep":"7@1d","verify":"10%","drill":"7d"}"#),
    ]

    init(token: String, using random: inout SeededRandom) {
        let (method, path, content) = Self.requests.randomElement(using: &random) ?? ("GET", "/", "")
        var body = Array(content.utf8)
        var target = Array(path.utf8)
        var headers = ["Host: localhost", "Authorization: Bearer \(token)", "Content-Type: application/json", "Connection: close"]
        var length = Self.boundaries.randomElement(using: &random) ?? "0"
        var told: String
        let way = Int.random(in: 0..<6, using: &random)
        switch way {
        case 0...2 where !body.isEmpty:
            let mutation = JSONMutation(of: body, using: &random)
            (body, told) = (mutation.text, "\(mutation)")
            length = "\(body.count)"
        case 3:
            let extra = Self.headers.randomElement(using: &random) ?? ""
            headers.insert(extra, at: Int.random(in: 0...headers.count, using: &random))
            (length, told) = ("\(body.count)", String(extra.prefix(80)))
        case 4:
            told = "Content-Length: \(length.prefix(40))"
        default:
            let end = Self.ends.randomElement(using: &random) ?? ""
            target += Array(end.utf8)
            (length, told) = ("\(body.count)", "…\(end.prefix(60))")
        }
        if Int.random(in: 0..<4, using: &random) > 0 || !body.isEmpty { headers.append("Content-Length: \(length)") }
        var request = Array("\(method) ".utf8) + target + Array(" HTTP/1.1\r\n\(headers.joined(separator: "\r\n"))\r\n\r\n".utf8) + body
        if Int.random(in: 0..<20, using: &random) == 0 {
            request[Int.random(in: 0..<request.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            told += ", one byte changed"
        }
        bytes = request
        description = "\(method) \(path) with \(told)"
    }

    private static let boundaries = [
        "-1", "1", "2147483648", "4294967296", "9223372036854775808", "18446744073709551616", "0x10", "1e9", "+3", " ", "3, 4",
        String(repeating: "9", count: 300),
    ]

    private static let headers = [
        "Content-Length: 7", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked, identity", "Expect: 100-continue",
        "Authorization: Bearer wrong", "Authorization: Basic eDp5", "Host: elsewhere.example", "Upgrade: h2c",
        "Range: bytes=0-18446744073709551615",
        "X: " + String(repeating: "x", count: 100_000), ": no name", "X : blank", "X\u{1}: y", " folded", "Content-Type: text/plain",
        "Content-Encoding: gzip", "Accept: \u{7f}",
    ]

    private static let ends = [
        "/", "/..", "/../../etc/passwd", "%2e%2e%2fpasswd", "%00", "%zz", "%", "?last=-1", "?last=18446744073709551616", "?last=1e9",
        "?last=",
        "?&&&", "?a[]=1", "?yes=true", "#x", "?" + String(repeating: "a=b&", count: 20_000), String(repeating: "/x", count: 20_000),
        "\u{202e}",
        " HTTP/9.9", ";x",
    ]
}

/// A connection to a socket of this host on which one request is sent.
private struct LocalConnection: ~Copyable {
    private let handle: Int32

    init(to path: String) throws {
        handle = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(handle, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        try #require(connected == 0, "connect \(path): \(String(cString: strerror(errno)))")
        var patience = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(handle, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(handle) }

    /// Sends it, says that nothing more comes, and gives what is answered until the end.
    func ask(_ request: [UInt8]) -> [UInt8] {
        var done = 0
        while done < request.count {
            let count = request[done...].withUnsafeBytes { send(handle, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { break }
            done += count
        }
        shutdown(handle, Int32(SHUT_WR))
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(handle, &buffer, buffer.count, 0)
            guard count > 0 else { return answer }
            answer += buffer[..<count]
        }
    }
}
