import AsyncHTTPClient
import HostIO
import NIOCore
import NIOHTTP1

/// The answer to a request, taken piece by piece by one thread; the server waits when that thread is slow. It lives until it has ended
/// or was cancelled: the client below holds it.
final class Download: HTTPClientResponseDelegate {
    typealias Response = Void

    /// Bytes that wait to be taken; then nothing more is read from the socket.
    private static let limit = 192 << 10

    private struct State: Sendable {
        var task: HTTPClient.Task<Void>?
        var head: HTTPResponseHead?
        var pieces: [ByteBuffer] = []
        var waiting = 0
        /// Completed to have more.
        var demand: EventLoopPromise<Void>?
        var hasEnded = false
        var problem: ExchangeError?
    }

    private let state = Monitor(State())
    private let patience: Duration

    init(patience: Duration) { self.patience = patience }

    func start(_ execute: () -> HTTPClient.Task<Void>) {
        let task = execute()
        state.change { $0.task = task }
    }

    // MARK: - The thread's side

    func head() throws(ExchangeError) -> HTTPResponseHead {
        try waitFor { state throws(ExchangeError) in
            if let head = state.head { return head }
            if let problem = state.problem { throw problem }
            return nil
        }
    }

    /// What has come, at least one byte; nothing at the end.
    func take() throws(ExchangeError) -> [ByteBuffer] {
        let (pieces, demand) = try waitFor { state throws(ExchangeError) -> ([ByteBuffer], EventLoopPromise<Void>?)? in
            if state.pieces.isEmpty {
                if let problem = state.problem { throw problem }
                return state.hasEnded ? ([], nil) : nil
            }
            defer {
                state.pieces.removeAll()
                state.waiting = 0
                state.demand = nil
            }
            return (state.pieces, state.demand)
        }
        demand?.succeed(())
        return pieces
    }

    /// The rest, `limit` bytes of it at most.
    func rest(limit: Int) throws(ExchangeError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < limit {
            let pieces = try take()
            if pieces.isEmpty { break }
            for piece in pieces { bytes.append(contentsOf: piece.readableBytesView) }
        }
        return Array(bytes.prefix(limit))
    }

    private func waitFor<Value>(_ attempt: (inout State) throws(ExchangeError) -> Value?) throws(ExchangeError) -> Value {
        if let value = try state.waitUnlessEnding(atMost: patience, until: attempt) { return value }
        let error = ExchangeError.unanswered(after: patience)
        end(error)
        throw error
    }

    /// Ends it from this side.
    func cancel() { end(ExchangeError(.abandoned, "ended")) }

    private func end(_ error: ExchangeError) {
        let (task, demand) = state.change { state in
            defer { state.demand = nil }
            if state.problem == nil { state.problem = error }
            return (state.hasEnded ? nil : state.task, state.demand)
        }
        task?.fail(reason: error)
        demand?.fail(error)
    }

    // MARK: - The event loop's side

    func didReceiveHead(task: HTTPClient.Task<Void>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
        state.change { $0.head = head }
        return task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(task: HTTPClient.Task<Void>, _ piece: ByteBuffer) -> EventLoopFuture<Void> {
        let demand = state.change { state -> EventLoopPromise<Void>? in
            state.pieces.append(piece)
            state.waiting += piece.readableBytes
            guard state.waiting >= Self.limit, state.problem == nil else { return nil }
            state.demand = task.eventLoop.makePromise(of: Void.self)
            return state.demand
        }
        return demand?.futureResult ?? task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveError(task: HTTPClient.Task<Void>, _ error: any Error) {
        let demand = state.change { state in
            defer { state.demand = nil }
            if state.problem == nil { state.problem = ExchangeError(describing: error) }
            return state.demand
        }
        demand?.fail(error)
    }

    func didFinishRequest(task: HTTPClient.Task<Void>) throws { state.change { $0.hasEnded = true } }
}
