import NIOCore
import NIOHTTP1

/// One connection of a client: reads a request whole, has it answered on a thread, and goes on with the next.
final class WebConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let limits: WebLimits
    private let workers: WebWorkers
    private let answer: @Sendable (WebRequest) -> WebResponse
    private let peer: WebPeer
    private let isBusy: @Sendable (Bool) -> Void
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    /// Bytes of a body that is too long, which are read and dropped: a client hears no answer as long as it writes.
    private var dropped = 0
    private var deadline: Scheduled<Void>?

    init(
        _ limits: WebLimits, _ workers: WebWorkers, peer: WebPeer, isBusy: @escaping @Sendable (Bool) -> Void,
        answer: @escaping @Sendable (WebRequest) -> WebResponse
    ) {
        self.limits = limits
        self.workers = workers
        self.answer = answer
        self.peer = peer
        self.isBusy = isBusy
    }

    func channelActive(context: ChannelHandlerContext) {
        wait(limits.greeting, context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
            dropped = 0
            wait(limits.patience, context)
        case .body(let buffer):
            if dropped == 0, body.count + buffer.readableBytes <= limits.body {
                body += buffer.readableBytesView
            } else {
                body = []
                dropped += buffer.readableBytes
                if dropped > 16 * limits.body { context.close(promise: nil) }
            }
        case .end: if dropped > 0 { refuse(context, WebResponse(413)) } else { begin(context) }
        }
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard let head else { return }
        deadline?.cancel()
        isBusy(true)
        let request = request(head, context)
        body = []
        let (loop, answer) = (context.eventLoop, answer)
        let own = NIOLoopBound((self, context), eventLoop: loop)
        let isTaken = workers.take {
            let response = answer(request)
            loop.execute {
                let (connection, context) = own.value
                connection.send(response, context, keepsAlive: head.isKeepAlive)
            }
        }
        if !isTaken { refuse(context, WebResponse(503, headers: [("Retry-After", "5")])) }
    }

    private func request(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) -> WebRequest {
        var headers: [String: String] = [:]
        var repeated: Set<String> = []
        for header in head.headers {
            let name = header.name.lowercased()
            if headers.updateValue(header.value, forKey: name) != nil { repeated.insert(name) }
        }
        return WebRequest(
            method: head.method.rawValue, target: head.uri, headers: headers, repeated: repeated, body: body, peer: peer,
            localAddress: context.localAddress?.ipAddress)
    }

    /// Says so and ends the connection.
    private func refuse(_ context: ChannelHandlerContext, _ response: WebResponse) {
        send(response, context, keepsAlive: false)
    }

    private func send(_ response: WebResponse, _ context: ChannelHandlerContext, keepsAlive: Bool) {
        guard let request = head, context.channel.isActive else { return }
        wait(limits.patience, context)
        var headers = HTTPHeaders(response.headers.map { ($0.name, $0.value) })
        headers.replaceOrAdd(name: "Content-Length", value: "\(response.body.count)")
        if !keepsAlive { headers.replaceOrAdd(name: "Connection", value: "close") }
        let head = HTTPResponseHead(version: request.version, status: HTTPResponseStatus(statusCode: response.status), headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !response.body.isEmpty, request.method != .HEAD {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: response.body)))), promise: nil)
        }
        let own = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            let (connection, context) = own.value
            guard keepsAlive else { return context.close(promise: nil) }
            connection.isBusy(false)
            connection.wait(connection.limits.idle, context)
        }
    }

    /// The connection ends unless it comes on within so many seconds.
    private func wait(_ seconds: Int64, _ context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(seconds)) { context.close(promise: nil) }
    }
}
