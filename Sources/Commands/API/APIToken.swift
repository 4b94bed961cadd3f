import Clusters
import Model

/// What a client has to know.
struct APIToken: Sendable {
    private let tokens: [AccessToken]

    init(_ tokens: [AccessToken]) { self.tokens = tokens }

    /// `authorization`: the header. Gives the name of the token that it shows; throws an ``APIRefusal``. Takes as long for a wrong token as for a right one.
    func check(_ authorization: String?) throws -> String {
        let given = authorization.flatMap { $0.lowercased().hasPrefix("bearer ") ? Array($0.dropFirst(7).utf8) : nil } ?? []
        var shown: String?
        for token in tokens where Self.isEqual(given, Array(token.text.utf8)) { shown = token.name }
        guard let shown else {
            var refusal = APIRefusal(
                Failure(.refused, "the token is missing or wrong", hint: "send Authorization: Bearer with what stands in the token file"),
                status: 401)
            refusal.headers = [("WWW-Authenticate", "Bearer")]
            throw refusal
        }
        return shown
    }

    private static func isEqual(_ given: [UInt8], _ own: [UInt8]) -> Bool {
        var difference = given.count ^ own.count
        for index in own.indices { difference |= Int(own[index] ^ (index < given.count ? given[index] : 0)) }
        return difference == 0 && !own.isEmpty
    }
}
