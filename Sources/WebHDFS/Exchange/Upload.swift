import AsyncHTTPClient
import HostIO
import NIOCore
import NIOHTTP1

/// The body of a request, given piece by piece by one thread, which waits when the server is slow; and the answer to it. It lives until
/// it has ended or was cancelled: the client below holds it.
final class Upload: HTTPClientResponseDelegate {
    typealias Response = Void

    /// Bytes handed to the event loop at once.
    private static let pieceSize = 256 << 10
    /// Pieces that the event loop may hold.
    private static let pieces = 2
    private static let answerLimit = 1 << 20

    private struct State: Sendable {
        var task: HTTPClient.Task<Void>?
        var writer: HTTPClient.Body.StreamWriter?
        /// Completed at the end of the body.
        var bodyEnd: EventLoopPromise<Void>?
        var unwritten = 0
        var head: HTTPResponseHead?
        var body: [UInt8] = []
        var hasEnded = false
        var problem: ExchangeError?

        /// The answer, or what stands for it, is there, and nothing more need be written.
        var isDecided: Bool { hasEnded || problem != nil || head.map { $0.status.code >= 300 } ?? false }
    }

    private let state = Monitor(State())
    private let loop: any EventLoop
    private let patience: Duration

    init(on loop: any EventLoop, patience: Duration) {
        self.loop = loop
        self.patience = patience
    }

    func start(_ execute: () -> HTTPClient.Task<Void>) {
        let task = execute()
        state.change { $0.task = task }
    }

    // MARK: - The thread's side

    /// Returns when the request's head is on its way; throws when there was no connection.
    func waitForConnection() throws(ExchangeError) {
        try waitFor { state throws(ExchangeError) in
            if state.writer == nil, let problem = state.problem { throw problem }
            return state.writer == nil && state.head == nil ? nil : ()
        }
    }

    /// Returns when `bytes` are in the hands of the event loop. False when the server has already answered: then ``answer()`` says what.
    func write(_ bytes: UnsafeRawBufferPointer) throws(ExchangeError) -> Bool {
        var start = 0
        while start < bytes.count {
            let end = min(start + Self.pieceSize, bytes.count)
            guard let writer = try roomForPiece() else { return false }
            hand(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), to: writer)
            start = end
        }
        return true
    }

    /// Nil when nothing more need be written.
    private func roomForPiece() throws(ExchangeError) -> HTTPClient.Body.StreamWriter? {
        try waitFor { state throws(ExchangeError) -> HTTPClient.Body.StreamWriter?? in
            if state.head == nil, let problem = state.problem { throw problem }
            if state.isDecided { return .some(nil) }
            guard let writer = state.writer, state.unwritten < Self.pieces else { return nil }
            state.unwritten += 1
            return writer
        }
    }

    private func hand(_ bytes: UnsafeRawBufferPointer, to writer: HTTPClient.Body.StreamWriter) {
        var piece = ByteBufferAllocator().buffer(capacity: bytes.count)
        piece.writeBytes(bytes)
        let state = state
        writer.write(.byteBuffer(piece)).whenComplete { _ in state.change { $0.unwritten -= 1 } }
    }

    /// Ends the body and waits for the answer. A server that refuses closes the connection on what is still being sent, and the end of its
    /// answer can be lost by that.
    func answer() throws(ExchangeError) -> WebAnswer {
        try waitFor { state in state.isDecided || state.writer != nil ? () : nil }
        takeBodyEnd()?.succeed(())
        return try waitFor { state throws(ExchangeError) in
            if let head = state.head, state.hasEnded || state.problem != nil {
                return WebAnswer(head, body: state.body, cut: state.hasEnded ? nil : state.problem)
            }
            if let problem = state.problem { throw problem }
            return nil
        }
    }

    private func takeBodyEnd() -> EventLoopPromise<Void>? {
        state.change { state in
            defer { state.bodyEnd = nil }
            return state.bodyEnd
        }
    }

    private func waitFor<Value>(_ attempt: (inout State) throws(ExchangeError) -> Value?) throws(ExchangeError) -> Value {
        if let value = try state.waitUnlessEnding(atMost: patience, until: attempt) { return value }
        let error = ExchangeError.unanswered(after: patience)
        end(error)
        throw error
    }

    /// Ends it from this side; the server sees a request that breaks off.
    func cancel() { end(ExchangeError(.abandoned, "ended")) }

    private func end(_ error: ExchangeError) {
        let task = state.change { state in
            if state.problem == nil { state.problem = error }
            return state.hasEnded ? nil : state.task
        }
        task?.fail(reason: error)
        takeBodyEnd()?.fail(error)
    }

    // MARK: - The event loop's side

    func begin(writingTo writer: HTTPClient.Body.StreamWriter) -> EventLoopFuture<Void> {
        let end = loop.makePromise(of: Void.self)
        let problem = state.change { state in
            state.writer = writer
            if state.problem == nil { state.bodyEnd = end }
            return state.problem
        }
        if let problem { end.fail(problem) }
        return end.futureResult
    }

    func didReceiveHead(task: HTTPClient.Task<Void>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
        state.change { $0.head = head }
        return task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(task: HTTPClient.Task<Void>, _ piece: ByteBuffer) -> EventLoopFuture<Void> {
        state.change { state in
            state.body.append(contentsOf: piece.readableBytesView.prefix(Self.answerLimit - min(Self.answerLimit, state.body.count)))
        }
        return task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveError(task: HTTPClient.Task<Void>, _ error: any Error) {
        state.change { state in
            if state.problem == nil { state.problem = ExchangeError(describing: error) }
        }
        takeBodyEnd()?.fail(error)
    }

    func didFinishRequest(task: HTTPClient.Task<Void>) throws { state.change { $0.hasEnded = true } }
}
