import Glibc
import HostIO
import Synchronization

/// A web server on the loopback interface that answers each request as it is told to: for answers that a real server gives only in
/// states that a test cannot bring about.
package final class ScriptedServer: Sendable {
    package struct Answer: Sendable {
        package var status: Int
        package var headers: [String]
        package var body: String
        /// The connection is lost after this many bytes of the body.
        package var end: Int?

        package init(_ status: Int, headers: [String] = [], _ body: String = "") {
            self.status = status
            self.headers = headers
            self.body = body
        }

        /// An error as a NameNode words it.
        package static func exception(_ name: String, _ message: String, status: Int = 403) -> Answer {
            let body = "{\"RemoteException\":{\"exception\":\"\(name)\",\"javaClassName\":\"x.\(name)\",\"message\":\"\(message)\"}}"
            return Answer(status, headers: ["Content-Type: application/json"], body)
        }

        var bytes: [UInt8] {
            let head = ["HTTP/1.1 \(status) X", "Content-Length: \(body.utf8.count)", "Connection: close"] + headers
            return Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body.utf8.prefix(end ?? body.utf8.count)
        }
    }

    package let port: Int
    private let socket: Int32
    private let log = Monitor<[String]>([])
    private let thread: WorkerThread

    /// `answer` gets the request's first line and how many came before; without an answer, the connection is closed.
    package init(_ answer: @escaping @Sendable (String, Int) -> Answer?) throws {
        let listening = try Self.listen()
        socket = listening.socket
        port = listening.port
        let log = log
        thread = try WorkerThread(named: "scripted") {
            while true {
                let connection = accept(listening.socket, nil, nil)
                if connection < 0 { break }
                let stream = Descriptor(owning: connection, path: "connection")
                guard let line = Self.firstLine(stream) else { continue }
                let before = log.change { lines in
                    lines.append(line)
                    return lines.count - 1
                }
                if let answer = answer(line, before) { try? stream.write(answer.bytes) }
            }
        }
    }

    /// First lines of requests, in order.
    package var requests: [String] { log.read { $0 } }

    /// Whether so many have come within `patience`.
    package func waitForRequests(_ count: Int, atMost patience: Duration) -> Bool {
        log.wait(atMost: patience) { $0.count >= count ? true : nil } ?? false
    }

    deinit {
        shutdown(socket, Int32(SHUT_RDWR))
        try? thread.join()
        close(socket)
    }

    private static func listen() throws -> (socket: Int32, port: Int) {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 && Glibc.listen(socket, 64) == 0 && getsockname(socket, $0, &length) == 0
            }
        }
        guard isListening else { throw SystemError(errno, "listen", "127.0.0.1") }
        return (socket, Int(UInt16(bigEndian: address.sin_port)))
    }

    private static func firstLine(_ stream: borrowing Descriptor) -> String? {
        var text: [UInt8] = []
        var byte: UInt8 = 0
        // The whole head, so that nothing is left unread when the connection closes.
        while !text.suffix(4).elementsEqual([13, 10, 13, 10]) {
            guard recv(stream.raw, &byte, 1, 0) == 1, text.count < 64 << 10 else { return nil }
            text.append(byte)
        }
        return String(decoding: text.prefix { $0 != 13 }, as: UTF8.self)
    }
}
