import AsyncHTTPClient
import Foundation
import HostIO
import NIOCore
import NIOPosix
import NIOSSL

/// A request did not get its answer.
struct ExchangeError: Error, Hashable {
    enum Kind: Hashable {
        /// No connection was made: the server has not seen the request.
        case unsent
        /// The same, because of the server's certificate.
        case untrusted
        /// It ended somewhere after it was sent: the server may have done what was asked.
        case lost
        /// The answer is longer than is taken.
        case tooLarge
        /// Not a request or an answer of HTTP.
        case malformed
        /// Ended from this side.
        case abandoned
        /// Ended because this process is to end.
        case stopped
    }

    let kind: Kind
    let text: String

    init(_ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = text
    }

    /// Of a wait that was given up.
    static func unanswered(after timeout: Duration) -> ExchangeError {
        if EndingSignals.isAsked { return ExchangeError(.stopped, "stopped") }
        return ExchangeError(.lost, "nothing for \(timeout.components.seconds) s")
    }

    /// Without the request: its URL can hold a token.
    init(describing error: any Error) {
        switch error {
        case let error as ExchangeError: self = error
        case let error as NIOConnectionError: self.init(error)
        case let error as HTTPClientError: self.init(error)
        case let error as IOError: self.init(.lost, SystemError(error.errnoCode, "", "").reason)
        case let error as ChannelError: self.init(error)
        case is ResponseAccumulator.ResponseTooBigError: self.init(.tooLarge, "a longer answer than is taken")
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: self.init(.untrusted, "\(error)")
        default: self.init(.lost, "\(type(of: error))")
        }
    }

    private init(_ error: NIOConnectionError) {
        let reasons = error.connectionErrors.map { ExchangeError(describing: $0.error).text }
        if let reason = reasons.last { self.init(.unsent, reason) } else { self.init(.unsent, "there is no host \(error.host)") }
    }

    private init(_ error: ChannelError) {
        if case .connectTimeout = error { self.init(.unsent, "no connection in time") } else { self.init(.lost, "\(error)") }
    }

    private init(_ error: HTTPClientError) {
        switch error {
        case .connectTimeout, .getConnectionFromPoolTimeout: self.init(.unsent, "no connection in time")
        case .tlsHandshakeTimeout: self.init(.unsent, "no TLS handshake in time")
        case .remoteConnectionClosed: self.init(.lost, "the connection was closed")
        case .deadlineExceeded, .readTimeout, .writeTimeout: self.init(.lost, "no answer in time")
        case .cancelled, .requestStreamCancelled: self.init(.abandoned, "ended")
        case .invalidURL, .emptyHost, .emptyScheme: self.init(.malformed, "not an address")
        default: self.init(.lost, error.shortDescription)
        }
    }
}
