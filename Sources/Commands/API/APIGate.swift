import HostIO
import Model
import WebServer

/// Who is let in, before anything of a request is done.
struct APIGate: Sendable {
    private let token: APIToken
    /// Nil for a Unix socket.
    private let bound: String?
    private let ownName: String
    private let names: [String]

    /// Headers of which a second one would leave open which of them counts.
    private static let single: Set<String> = ["authorization", "host", "content-type", "content-length"]

    /// `names`: from the cluster file.
    init(_ token: APIToken, at place: ListenPlace, ownName: String, names: [String]) {
        self.token = token
        if case .address(let host, _) = place { bound = host } else { bound = nil }
        self.ownName = ownName
        self.names = names
    }

    /// What needs no token. Throws an ``APIRefusal``.
    func checkForm(of request: WebRequest) throws {
        if let twice = request.repeated.intersection(Self.single).min() {
            throw APIRefusal.bad("the header \(twice) comes twice", hint: "send it once")
        }
        guard let bound else { return }
        guard let host = request.headers["host"] else {
            throw APIRefusal.bad("the header host is missing", hint: "send the name of the server")
        }
        guard HostNames(bound: bound, local: request.localAddress, own: ownName, configured: names).contains(host) else {
            throw APIRefusal(
                Failure(
                    .refused, "this server is not called \"\(printable(host))\"",
                    hint: "ask it by its address, or add the name to names: under api: in the cluster file"), status: 421)
        }
    }

    /// Throws an ``APIRefusal``.
    func caller(of request: WebRequest) throws -> JobCaller {
        let shown = try token.check(request.headers["authorization"])
        return switch request.peer {
        case .user(let user): JobCaller(user: userName(of: user), token: shown)
        case .address(let address): JobCaller(address: address, token: shown)
        case .unknown: JobCaller(token: shown)
        }
    }
}
