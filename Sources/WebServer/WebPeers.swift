import Glibc
import NIOCore
import NIOPosix

/// Who is at the other end of a channel.
enum WebPeers {
    /// As getsockopt(2) gives it for SO_PEERCRED.
    private struct Credentials: Sendable {
        var process: Int32
        var user: UInt32
        var group: UInt32
    }

    /// Called on the channel's loop.
    static func peer(of channel: any Channel) -> EventLoopFuture<WebPeer> {
        let loop = channel.eventLoop
        switch channel.remoteAddress {
        case .v4?, .v6?: return loop.makeSucceededFuture(channel.remoteAddress?.ipAddress.map { .address($0) } ?? .unknown)
        case .unixDomainSocket?, nil:
            guard let options = channel as? any SocketOptionProvider else { return loop.makeSucceededFuture(.unknown) }
            let found: EventLoopFuture<Credentials> = options.unsafeGetSocketOption(
                level: .socket, name: NIOBSDSocket.Option(rawValue: SO_PEERCRED))
            return found.map { .user($0.user) }.recover { _ in .unknown }
        }
    }

    static func party(of peer: WebPeer) -> WebSeats.Party {
        switch peer {
        case .user(let user): .user(user)
        case .address(let text): network(text).map { .network($0) } ?? .address(text)
        case .unknown: .unknown
        }
    }

    /// The first 64 bits of an IPv6 address; nil for any other.
    private static func network(_ text: String) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16)
        guard inet_pton(AF_INET6, text.prefix { $0 != "%" }.description, &bytes) == 1 else { return nil }
        // An IPv4 address in the form of the other.
        return bytes.prefix(10).allSatisfy { $0 == 0 } ? nil : Array(bytes.prefix(8))
    }
}
