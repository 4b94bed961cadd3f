import Model

extension HDFSClient {
    /// Runs a body that speaks to `server`, and turns its errors into those of the call.
    func asking<Value>(
        _ server: String, _ call: Call, _ body: () throws(ExchangeError) -> Value
    ) throws(HDFSError) -> Value {
        do throws(ExchangeError) { return try body() } catch { throw self.error(error, call, server) }
    }

    /// What no answer means.
    func error(_ error: ExchangeError, _ call: Call, _ server: String) -> HDFSError {
        let kind: HDFSError.Kind =
            switch error.kind {
            case .unsent, .abandoned: .unreachable
            case .stopped: .stopped
            case .untrusted: .untrusted
            case .lost: kind(ofLost: call)
            case .tooLarge: .other
            case .malformed: .notHDFS
            }
        return HDFSError(kind, call.operation.words, call.path, server: server, detail: withoutSecrets(error.text))
    }

    private func kind(ofLost call: Call) -> HDFSError.Kind { call.operation.isRepeatable ? .unreachable : .uncertain }

    /// What an answer that is not a success means.
    func error(_ answer: WebAnswer, _ call: Call, _ server: String) -> HDFSError {
        func error(_ kind: HDFSError.Kind, _ detail: String, exception: String? = nil) -> HDFSError {
            HDFSError(
                kind, call.operation.words, call.path, server: server, status: answer.status, exception: exception,
                detail: withoutSecrets(detail))
        }
        if answer.status == 401, answer.challenges.contains(where: { $0.hasPrefix("Negotiate") }) {
            return error(.unauthorized, "the NameNode wants Kerberos (401, WWW-Authenticate: Negotiate), which is not spoken here")
        }
        if let exception = RemoteException(answer.body) { return error(exception.kind, exception.message, exception: exception.name) }
        if answer.status == 401 { return error(.unauthorized, "status 401") }
        let start = String(decoding: answer.body.prefix(300), as: UTF8.self)
        if start.contains("Hadoop IPC port") { return error(.notHDFS, "this is the port of Hadoop's RPC") }
        if answer.status == 403, start.contains("Anonymous requests are disallowed") {
            return error(.unauthorized, "anonymous requests are disallowed")
        }
        if let cut = answer.cut { return error(kind(ofLost: call), "status \(answer.status), and before the reason came, \(cut.text)") }
        return error(.notHDFS, "status \(answer.status)")
    }

    /// An answer of success that is not what such an answer is.
    func error(_ error: MalformedAnswer, _ call: Call) -> HDFSError {
        HDFSError(.notHDFS, call.operation.words, call.path, detail: "the answer cannot be read: \(error.text)")
    }

    /// A server may repeat what it was sent.
    private func withoutSecrets(_ text: String) -> String {
        guard case .token(let token) = options.identity, !token.text.isEmpty else { return text }
        return text.replacing(token.text, with: "(token)")
    }
}
