import HostIO
import Model
import TestSupport
import Testing

@testable import WebHDFS

@Suite(.timeLimit(.minutes(3))) struct RefusalTests {
    @Test func whoMayNotIsTold() throws {
        let place = try Place()
        try place.put("file", [1], HDFSFileOptions(permission: 0o600))
        let bob = try place.server.client(user: "bob")
        let path = try place.at("file")
        let error = try #require(expect(.permission) { try bob.bytes(of: path) })
        #expect(error.exception == "AccessControlException" && error.status == 403 && error.detail?.contains("user=bob") == true)
        #expect(error.failure.message.hasPrefix("cannot read \(path) in HDFS (127.0.0.1:"))
        #expect(error.failure.code == .storage)
        expect(.permission) { try bob.publish(place.at("new"), bytes: [1]) }
        expect(.permission) { try bob.create(place.at("new")).finish() }
        expect(.permission) { try bob.remove(path) }
        expect(.permission) { try bob.makeDirectories(place.at("dir")) }
        expect(.permission) { try bob.allowSnapshots(of: place.path) }
        expect(.permission) { try bob.setQuota(of: place.path, HDFSQuota(names: 5)) }
        expect(.permission) { try bob.setOwner(of: path, owner: "bob") }
        #expect(try place.client.entries(of: place.path).count == 1)
    }

    @Test func aQuotaOfNamesIsTold() throws {
        let place = try Place()
        try place.client.setQuota(of: place.path, HDFSQuota(names: 2))
        try place.client.makeDirectories(place.at("one"))
        let error = expect(.namespaceQuota) { try place.client.makeDirectories(place.at("two")) }
        #expect(error?.failure.code == .space)
        expect(.namespaceQuota) { try place.put("file", [1]) }
    }

    @Test func aQuotaOfSpaceIsToldHoweverMuchIsStillToBeSent() throws {
        let place = try Place()
        try place.client.setQuota(of: place.path, HDFSQuota(space: 1000))
        for count in [1, 5_000_000] {
            let error = expect(.spaceQuota) { try place.put("file", [UInt8](repeating: 1, count: count)) }
            #expect(error?.path == (try place.at("file")) && error?.failure.code == .space)
        }
        #expect(try place.client.entries(of: place.path).isEmpty)
    }

    /// A DataNode that refuses closes the connection on what is still being sent, and its answer can be lost by that.
    @Test func aReasonThatWasLostIsAskedForAgain() throws {
        let whole = ScriptedServer.Answer.exception("DSQuotaExceededException", "The DiskSpace quota is exceeded")
        var cut = whole
        cut.end = 20
        let dataNode = try ScriptedServer { [cut] _, before in before < 2 ? cut : whole }
        let nameNode = try ScriptedServer { line, _ in
            guard line.contains("op=CREATE") else { return .exception("FileNotFoundException", "there is none", status: 404) }
            return .init(307, headers: ["Location: http://127.0.0.1:\(dataNode.port)/webhdfs/v1/x?op=CREATE"])
        }
        let client = try client(of: [nameNode])
        for count in [1, 5_000_000] {
            let error = expect(.spaceQuota) { try client.publish(HDFSPath("/x")!, bytes: [UInt8](repeating: 1, count: count)) }
            #expect(error?.status == 403)
        }
        #expect(dataNode.requests.count >= 4)
    }

    @Test func tooManyDataNodesToAskForIsNoSpace() throws {
        let place = try Place()
        // Six data and three parity DataNodes where there are two.
        try place.client.setErasureCoding(of: place.path, "RS-6-3-1024k")
        let error = expect(.noSpace) { try place.put("file", [1]) }
        #expect(error?.failure.code == .space)
        expect(.invalid) { try place.client.publish(HDFSPath("/small-block")!, HDFSFileOptions(blockSize: 16), bytes: [1]) }
    }

    @Test func answersThatAreNotOfHDFSAreTold() throws {
        let server = try HDFSServer.shared
        // The NameNode's RPC, which answers in HTTP that it is not HTTP.
        let rpc = HDFSAddress(nameNodes: [HDFSAddress.NameNode(host: server.host, port: UInt16(server.port + 1))])
        let error = expect(.notHDFS) { try HDFSClient(rpc, HDFSOptions(user: "x"), clock: SystemClock()).status(of: .root) }
        #expect(error?.detail == "this is the port of Hadoop's RPC")
        for answer in [
            ScriptedServer.Answer(404, "<html>no</html>"), ScriptedServer.Answer(200, "{}"), ScriptedServer.Answer(200, "<html>"),
        ] {
            let other = try ScriptedServer { _, _ in answer }
            expect(.notHDFS) { try client(of: [other]).status(of: .root) }
        }
    }

    @Test func kerberosIsToldWithItsRemedy() throws {
        let server = try ScriptedServer { _, _ in
            ScriptedServer.Answer(401, headers: ["WWW-Authenticate: Negotiate"], "<html>Authentication required</html>")
        }
        let error = try #require(expect(.unauthorized) { try client(of: [server]).status(of: .root) })
        #expect(error.detail?.contains("Kerberos") == true && error.detail?.contains("Negotiate") == true)
        #expect(error.failure.hint?.contains("delegation token") == true && error.failure.hint?.contains("GETDELEGATIONTOKEN") == true)
    }

    @Test func aTokenIsSentAndNeverTold() throws {
        let secret = "HAAEcm9vdARyb290AIoBSecretToken_-"
        let server = try ScriptedServer { line, _ in
            ScriptedServer.Answer.exception(
                "SecurityException", "Failed to obtain user group information: token \(secret) has expired", status: 401)
        }
        let directory = try TemporaryDirectory()
        try AtomicFile.write(Array("\(secret)\n".utf8), to: directory.file("token"))
        let token = try HDFSToken(file: directory.file("token"))
        let client = try client(of: [server], HDFSOptions(.token(token), patience: .zero))
        let error = try #require(expect(.unauthorized) { try client.status(of: .root) })
        #expect(server.requests.first?.contains("delegation=\(secret)") == true)
        #expect(server.requests.first?.contains("user.name") == false)
        var shown = ""
        dump(client.options, to: &shown)
        for text in ["\(error)", error.failure.summary, error.failure.hint ?? "", "\(token)", "\(client.options)", shown] {
            #expect(!text.contains("SecretToken"), "\(text)")
        }
        #expect(error.detail?.contains("(token) has expired") == true)
    }

    @Test func tokenFilesAreReadInBothForms() throws {
        let directory = try TemporaryDirectory()
        let file = directory.file("token")
        try AtomicFile.write(Array("{\"Token\":{\"urlString\":\"abc_-1\"}}".utf8), to: file)
        #expect(try HDFSToken(file: file).text == "abc_-1")
        try AtomicFile.write(Array("  abc\n".utf8), to: file)
        #expect(try HDFSToken(file: file).text == "abc")
        for text in ["", "two words", "{\"Token\":null}", "HDTS\u{0}\u{1}"] {
            try AtomicFile.write(Array(text.utf8), to: file)
            let failure = #expect(throws: Failure.self) { try HDFSToken(file: file) }
            #expect(failure?.code == .usage && failure?.hint != nil)
        }
        #expect(throws: Failure.self) { try HDFSToken(file: directory.file("none")) }
    }

    @Test func everyKindHasARemedyAndACode() {
        #expect(HDFSError(.stopped, "list", .root).failure.code == .cancelled)
        for kind in HDFSError.Kind.allCases where kind != .stopped {
            let failure = HDFSError(kind, "list", .root, server: "nn:9870", detail: "words").failure
            #expect(failure.hint?.isEmpty == false && failure.code != .internal, "\(kind)")
            #expect(failure.summary == "cannot list / in HDFS (nn:9870): \(kind.rawValue): words")
        }
    }
}

/// A client of scripted NameNodes.
func client(of servers: [ScriptedServer], _ options: HDFSOptions? = nil, clock: any WallClock = ManualClock()) throws -> HDFSClient {
    let nodes = servers.map { HDFSAddress.NameNode(host: "127.0.0.1", port: UInt16($0.port)) }
    return try HDFSClient(HDFSAddress(nameNodes: nodes), options ?? HDFSOptions(.user("x"), patience: .seconds(2)), clock: clock)
}
