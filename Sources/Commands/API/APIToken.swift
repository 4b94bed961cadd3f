import Clusters
import Model

/// What a client has to know.
struct APIToken: Sendable {
    private let text: String

    init(_ text: String) { self.text = text }

    /// `authorization`: the header. Throws an ``APIRefusal``. Takes as long for a wrong token as for a right one.
    func check(_ authorization: String?) throws {
        let given = authorization.flatMap { $0.lowercased().hasPrefix("bearer ") ? Array($0.dropFirst(7).utf8) : nil } ?? []
        let own = Array(text.utf8)
        var difference = given.count ^ own.count
        for index in own.indices { difference |= Int(own[index] ^ (index < given.count ? given[index] : 0)) }
        guard difference == 0, !own.isEmpty else {
            var refusal = APIRefusal(
                Failure(.refused, "the token is missing or wrong", hint: "send Authorization: Bearer with what stands in the token file"),
                status: 401)
            refusal.headers = [("WWW-Authenticate", "Bearer")]
            throw refusal
        }
    }
}
