import AsyncHTTPClient
import HostIO
import Model
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

enum HTTPVerb: String, Sendable {
    case get = "GET"
    case put = "PUT"
    case post = "POST"
    case delete = "DELETE"
}

/// What a server has answered.
struct WebAnswer: Sendable {
    var status: Int
    var body: [UInt8]
    /// Why the body may end too early: the connection was lost on the way.
    var cut: ExchangeError?
    /// Where a redirect leads.
    var location: String?
    /// `WWW-Authenticate`.
    var challenges: [String]

    init(status: Int, body: [UInt8], cut: ExchangeError? = nil, location: String? = nil, challenges: [String] = []) {
        self.status = status
        self.body = body
        self.cut = cut
        self.location = location
        self.challenges = challenges
    }

    init(_ head: HTTPResponseHead, body: [UInt8], cut: ExchangeError? = nil) {
        self.init(
            status: Int(head.status.code), body: body, cut: cut, location: head.headers.first(name: "Location"),
            challenges: head.headers["WWW-Authenticate"])
    }
}

/// HTTP for threads that block. The event loops below only move bytes: they never wait, and no async task is started.
final class WebClient: Sendable {
    private let client: HTTPClient
    let answerTimeout: Duration

    /// Of all clients of the process; they live as long as it does.
    private static let loops = MultiThreadedEventLoopGroup(numberOfThreads: 2)

    /// Bytes asked of a socket at once. The default grows to 64 KiB by steps.
    private static let receiveSize = 128 << 10

    init(_ options: HDFSOptions) throws(Failure) {
        answerTimeout = options.answerTimeout
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: try Self.tls(options.authorityFile), redirectConfiguration: .disallow,
            timeout: HTTPClient.Configuration.Timeout(connect: TimeAmount(options.connectTimeout), read: nil))
        configuration.httpVersion = .http1Only
        // A NameNode closes what was idle for a minute; every stream holds a connection of its own.
        configuration.connectionPool.idleTimeout = .seconds(20)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1024
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.http1_1ConnectionDebugInitializer = { channel in
            channel.setOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.receiveSize))
        }
        client = HTTPClient(eventLoopGroup: Self.loops, configuration: configuration)
    }

    private static func tls(_ authorityFile: String?) throws(Failure) -> TLSConfiguration? {
        guard let authorityFile else { return nil }
        var configuration = TLSConfiguration.makeClientConfiguration()
        do {
            let certificates = try NIOSSLCertificate.fromPEMFile(authorityFile)
            guard !certificates.isEmpty else { throw Failure(.usage, "\(authorityFile) holds no certificate") }
            configuration.trustRoots = .certificates(certificates)
        } catch {
            throw Failure(
                .usage, "cannot use \(authorityFile) as certificates of an authority", hint: "it must be a readable file in PEM form",
                cause: "\(error)")
        }
        return configuration
    }

    deinit { _ = client.shutdown() }

    /// Sends a request without a body and waits for the whole answer, of `limit` bytes at most.
    func exchange(_ verb: HTTPVerb, _ url: String, limit: Int, isLong: Bool = false) throws(ExchangeError) -> WebAnswer {
        do {
            let request = try HTTPClient.Request(url: url, method: HTTPMethod(rawValue: verb.rawValue))
            let collector = ResponseAccumulator(request: request, maxBodySize: limit)
            let timeout = answerTimeout * (isLong ? 10 : 1)
            let task = client.execute(request: request, delegate: collector, deadline: NIODeadline.now() + TimeAmount(timeout))
            let arrived = Monitor<Result<HTTPClient.Response, any Error>?>(nil)
            task.futureResult.whenComplete { result in arrived.change { $0 = result } }
            // The client itself ends it at its deadline.
            guard let result = arrived.waitUnlessEnding(atMost: timeout + answerTimeout, until: { $0 }) else {
                let error = ExchangeError.unanswered(after: timeout)
                task.fail(reason: error)
                throw error
            }
            let answer = try result.get()
            let head = HTTPResponseHead(version: answer.version, status: answer.status, headers: answer.headers)
            return WebAnswer(head, body: answer.body.map { [UInt8]($0.readableBytesView) } ?? [])
        } catch {
            throw ExchangeError(describing: error)
        }
    }

    /// Sends a request whose answer is taken piece by piece.
    func download(_ url: String) throws(ExchangeError) -> Download {
        do {
            let request = try HTTPClient.Request(url: url)
            let download = Download(patience: answerTimeout)
            download.start { client.execute(request: request, delegate: download) }
            return download
        } catch {
            throw ExchangeError(describing: error)
        }
    }

    /// Sends a request whose body is given piece by piece; `length` of it when it is known before.
    func upload(_ verb: HTTPVerb, _ url: String, length: UInt64?) throws(ExchangeError) -> Upload {
        do {
            let loop = Self.loops.next()
            let upload = Upload(on: loop, patience: answerTimeout)
            var request = try HTTPClient.Request(url: url, method: HTTPMethod(rawValue: verb.rawValue))
            request.headers.add(name: "Content-Type", value: "application/octet-stream")
            request.body = .stream(contentLength: length.map { Int64(clamping: $0) }) { upload.begin(writingTo: $0) }
            let prepared = request
            upload.start { client.execute(request: prepared, delegate: upload, eventLoop: .delegate(on: loop)) }
            return upload
        } catch {
            throw ExchangeError(describing: error)
        }
    }
}
