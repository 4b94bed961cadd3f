import Clusters
@testable import Commands
import HostIO
import Model
import Testing
import WebServer

@Suite struct APIGateTests {
    private func gate(_ place: ListenPlace = .address(host: "127.0.0.1", port: 1)) -> APIGate {
        APIGate(
            APIToken(AccessToken.all(in: "0123456789abcdef\nfedcba9876543210 ops\nshort ops\n0123456789abcdeg\n")), at: place,
            ownName: "n1",
            names: ["hold.example"])
    }

    private func request(_ headers: [String: String], repeated: Set<String> = [], _ peer: WebPeer = .unknown) -> WebRequest {
        WebRequest(method: "GET", target: "/", headers: headers, repeated: repeated, peer: peer, localAddress: "127.0.0.1")
    }

    private func status(_ body: () throws -> Void) -> Int {
        do { try body() } catch { return (error as? APIRefusal)?.status ?? 0 }
        return 200
    }

    @Test func `a header of which only one can count must not come twice`() {
        for name in ["authorization", "host", "content-type"] {
            #expect(status { try gate().checkForm(of: request(["host": "localhost"], repeated: [name])) } == 400)
        }
        #expect(status { try gate().checkForm(of: request(["host": "localhost"], repeated: ["accept"])) } == 200)
    }

    @Test func `over TCP the name of the server has to be right`() {
        for (host, expected) in [("localhost:1", 200), ("hold.example", 200), ("n1", 200), ("evil.example", 421)] {
            #expect(status { try gate().checkForm(of: request(["host": host])) } == expected, "\(host)")
            #expect(status { try gate(.socket("/x")).checkForm(of: request(["host": host])) } == 200)
        }
        #expect(status { try gate().checkForm(of: request([:])) } == 400)
    }

    @Test func `each token has a name, and says who asks`() throws {
        func caller(_ token: String, _ peer: WebPeer) throws -> JobCaller {
            try gate().caller(of: request(["authorization": "Bearer \(token)"], peer))
        }
        #expect(try caller("0123456789abcdef", .user(0)) == JobCaller(user: "root", token: "1"))
        #expect(try caller("fedcba9876543210", .address("10.0.0.3")).text == "10.0.0.3, token ops")
        for wrong in ["", "short", "0123456789abcdeg", "0123456789abcdef "] { #expect(status { _ = try caller(wrong, .unknown) } == 401) }
    }
}
