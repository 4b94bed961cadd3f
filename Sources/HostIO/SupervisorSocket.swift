import Glibc

/// The socket on which a supervisor wants to hear how a service is: sd_notify(3).
package struct SupervisorSocket: Sendable {
    private let path: [UInt8]

    /// The one that `NOTIFY_SOCKET` names; nil when there is no supervisor that wants to hear anything.
    package static func ofEnvironment() -> SupervisorSocket? {
        getenv("NOTIFY_SOCKET").flatMap { SupervisorSocket(path: String(cString: $0)) }
    }

    /// An absolute path, or `@` and an abstract name. Nil for anything else.
    package init?(path: String) {
        var bytes = Array(path.utf8)
        guard let first = bytes.first, first == UInt8(ascii: "/") || first == UInt8(ascii: "@"), bytes.count < 108, !bytes.contains(0)
        else {
            return nil
        }
        if first == UInt8(ascii: "@") { bytes[0] = 0 }
        self.path = bytes
    }

    /// Sends lines such as `READY=1`. A supervisor that does not listen, or not quickly enough, keeps no service waiting.
    package func send(_ lines: String...) {
        let handle = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard handle >= 0 else { return }
        defer { close(handle) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let isAbstract = path.first == 0
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count + (isAbstract ? 0 : 1))
        let message = Array(lines.joined(separator: "\n").utf8)
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(handle, message, message.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT), $0, length)
            }
        }
    }
}
