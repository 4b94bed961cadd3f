import Glibc
import HostIO
package import Model
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// An HTTP/1.1 server on a TCP address or a Unix socket, with TLS where it has a certificate. Requests are answered by a function that may take its time, on
/// threads of the server's own.
package final class WebServer: Sendable {
    private let group: MultiThreadedEventLoopGroup
    private let channel: any Channel
    private let workers: WebWorkers
    /// Where it listens: with the port that was free, where port 0 was asked for.
    package let place: ListenPlace

    /// Throws `refused` when the place cannot be had, and for a certificate that cannot be used.
    package init(
        at place: ListenPlace, certificate: ServerCertificate?, limits: WebLimits = WebLimits(),
        answer: @escaping @Sendable (WebRequest) -> WebResponse
    ) throws {
        let tls = try certificate.map(Self.context)
        let workers = try WebWorkers(limits)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        self.workers = workers
        self.group = group
        do {
            let seats = WebSeats(limits)
            let bootstrap = ServerBootstrap(group: group)
                .serverChannelOption(.backlog, value: 64)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelInitializer { channel in
                    WebPeers.peer(of: channel).flatMapThrowing { peer in
                        guard let seat = seats.take(WebPeers.party(of: peer), channel) else { throw ChannelError.inputClosed }
                        channel.closeFuture.whenComplete { _ in seats.leave(seat) }
                        let pipeline = channel.pipeline.syncOperations
                        if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
                        try pipeline.configureHTTPServerPipeline()
                        try pipeline.addHandler(
                            WebConnection(limits, workers, peer: peer, isBusy: { seats.note(seat, isBusy: $0) }, answer: answer))
                    }
                }
            (channel, self.place) = try Self.bind(bootstrap, place)
        } catch {
            workers.stop()
            try? group.syncShutdownGracefully()
            throw Failure(
                .refused, "cannot listen on \(place.text)",
                hint: "another program may use it; name another place under api: in the cluster file", cause: "\(error)")
        }
    }

    /// Ends when the requests that have come are answered.
    package func stop() {
        try? channel.close().wait()
        workers.stop()
        if case .socket(let path) = place { unlink(path) }
        try? group.syncShutdownGracefully()
    }

    private static func bind(_ bootstrap: ServerBootstrap, _ place: ListenPlace) throws -> (any Channel, ListenPlace) {
        switch place {
        case .socket(let path):
            return (try bootstrap.withBoundSocket(LocalListener.makePrivate(at: path).take()).wait(), place)
        case .address(let host, let port):
            let channel = try bootstrap.bind(host: host, port: port).wait()
            return (channel, .address(host: host, port: channel.localAddress?.port ?? port))
        }
    }

    private static func context(_ certificate: ServerCertificate) throws -> NIOSSLContext {
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(certificate.path).map { NIOSSLCertificateSource.certificate($0) }
            let key = try NIOSSLPrivateKey(file: certificate.keyPath, format: .pem)
            var settings = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))
            settings.minimumTLSVersion = .tlsv12
            return try NIOSSLContext(configuration: settings)
        } catch {
            throw Failure(
                .refused, "the certificate \(certificate.path) or its key \(certificate.keyPath) cannot be used",
                hint: "both are PEM files; the key must fit the first certificate", cause: "\(error)")
        }
    }
}
