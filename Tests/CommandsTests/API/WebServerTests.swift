import Foundation
import Glibc
import HostIO
import Model
import TestSupport
import Testing
import WebServer

/// The server by itself, as a client of plain bytes sees it.
@Suite(.timeLimit(.minutes(5))) struct WebServerTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private func serve(
        _ limits: WebLimits = WebLimits(),
        _ answer: @escaping @Sendable (WebRequest) -> WebResponse = { request in
            WebResponse(200, Array("\(request.method) \(request.target) \(request.body.count)".utf8), type: "text/plain")
        }
    ) throws -> WebServer {
        try WebServer(at: .socket(folder.file("socket")), certificate: nil, limits: limits, answer: answer)
    }

    /// Connects, sends, and reads until the server ends the connection.
    private func ask(_ text: String) throws -> String { try read(connect(text)) }

    private func connect(_ text: String) throws -> SharedDescriptor {
        let handle = Descriptor(owning: socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0), path: "socket")
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(folder.file("socket").utf8)) }
        let raw = handle.raw
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(raw, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        try #require(connected == 0)
        // A server that has hung up already is found out by what it says.
        let bytes = Array(text.utf8)
        _ = send(raw, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        return SharedDescriptor(handle)
    }

    private func read(_ connection: SharedDescriptor) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = recv(connection.descriptor.raw, &buffer, buffer.count, 0), count > 0 { bytes += buffer.prefix(count) }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `requests on one connection are answered in their order, whole bodies and all`() throws {
        let server = try serve()
        defer { server.stop() }
        let first = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
        let second = "POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"
        let last = "GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        let answer = try ask(first + second + last)
        let found = ["POST /a 3", "POST /b 2", "GET /c 0"].compactMap { answer.range(of: $0)?.lowerBound }
        #expect(found.count == 3 && found == found.sorted(), "\(answer)")
        #expect(answer.matches(of: /HTTP\/1\.1 200 OK/).count == 3 && answer.contains("Connection: close"))
        let head = try ask("HEAD /d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(head.contains("Content-Length: 9") && head.hasSuffix("\r\n\r\n"), "\(head)")
    }

    @Test func `what is no request, and what comes too slowly, ends the connection`() throws {
        var limits = WebLimits()
        (limits.patience, limits.idle, limits.greeting) = (1, 1, 1)
        let server = try serve(limits)
        defer { server.stop() }
        #expect(try ask("this is not HTTP\r\n\r\n").contains("400"))
        #expect(
            try ask("GET / HTTP/1.1\r\nHost: x\r\nX: \(String(repeating: "a", count: 200_000))\r\n\r\n").contains("HTTP/1.1 200") == false)
        let clock = SystemClock()
        let start = clock.monotonicNanoseconds()
        #expect(try ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf").isEmpty)
        #expect(try ask("").isEmpty)
        #expect(clock.monotonicNanoseconds() - start >= 1_000_000_000)
    }

    @Test func `connections that ask nothing lock nobody out, and end soon`() throws {
        var limits = WebLimits()
        limits.greeting = 1
        let server = try serve(limits)
        defer { server.stop() }
        let idle = try (0..<200).map { _ in try connect("") }
        #expect(try ask("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").hasSuffix("GET /a 0"))
        #expect(idle.allSatisfy { read($0).isEmpty })
    }

    @Test func `a request tells who is connected and which headers came twice`() throws {
        let server = try serve { WebResponse(200, Array("\($0.peer) \($0.repeated.sorted())".utf8)) }
        defer { server.stop() }
        let answer = try ask("GET / HTTP/1.1\r\nHost: x\r\nA: 1\r\na: 2\r\nConnection: close\r\n\r\n")
        #expect(answer.hasSuffix("user(\(geteuid())) [\"a\"]"), "\(answer)")
    }

    @Test func `nobody but its owner can connect to the socket, whatever the umask, and a file is not replaced by it`() throws {
        let before = umask(0)
        defer { _ = umask(before) }
        let path = folder.file("socket")
        for _ in 1...2 {
            let server = try serve()
            #expect(try statusOfPath(path)?.permissions == 0o600)
            #expect(try Descriptor.openDirectory(folder.path).entries().map { String(decoding: $0.name, as: UTF8.self) } == ["socket"])
            server.stop()
        }
        try AtomicFile.write([1], to: path)
        #expect(throws: Failure.self) { try serve() }
        #expect(try AtomicFile.read(path) == [1])
    }

    @Test func `more than it bears is told to come again, and what was taken is answered`() throws {
        var limits = WebLimits()
        (limits.threads, limits.waiting, limits.connections) = (1, 0, 4)
        let (begun, go) = (Event(), Event())
        let server = try serve(limits) { _ in
            begun.set()
            go.wait()
            return WebResponse(200, Array("late".utf8))
        }
        let request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        let first = try connect(request)
        begun.wait()
        let refused = try ask(request)
        #expect(refused.contains("503") && refused.contains("Retry-After"), "\(refused)")
        let held = try (0..<10).map { _ in try connect("GET / HTTP/1.1\r\n") }
        #expect(try ask(request).contains("503"), "those that ask nothing make room")
        #expect(read(held[0]).isEmpty)
        go.set()
        #expect(read(first).hasSuffix("late"))
        server.stop()
        #expect(try statusOfPath(folder.file("socket")) == nil)
    }
}
