import HostIO
import Model
import TestSupport
import Testing
import WebHDFS

/// An HDFS that speaks HTTPS too, with a certificate for 127.0.0.1 by an authority of its own.
private struct EncryptedServer {
    let hdfs: HDFSServer
    let port: Int
    let files: TemporaryDirectory

    init() throws {
        let files = try TemporaryDirectory()
        try Self.openssl("req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=authority -keyout ca.key -out ca.pem", in: files)
        try Self.openssl("req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=other -keyout other.key -out other.pem", in: files)
        try Self.openssl("req -newkey rsa:2048 -nodes -subj /CN=server -keyout server.key -out server.csr", in: files)
        try AtomicFile.write(Array("subjectAltName=IP:127.0.0.1\n".utf8), to: files.file("names"))
        let sign = "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile names -out server.pem"
        try Self.openssl(sign, in: files)
        try Self.openssl("pkcs12 -export -in server.pem -inkey server.key -passout pass:password -out server.p12", in: files)
        let properties = ["location": files.file("server.p12"), "password": "password", "keypassword": "password", "type": "pkcs12"]
        let lines = properties.map { "<property><name>ssl.server.keystore.\($0)</name><value>\($1)</value></property>" }
        let xml = "<configuration>\(lines.joined())</configuration>"
        // Nothing listens there any more.
        let port = try ScriptedServer { _, _ in nil }.port
        hdfs = try HDFSServer(
            dataNodes: 1,
            settings: [
                "dfs.http.policy=HTTP_AND_HTTPS", "dfs.namenode.https-address=127.0.0.1:\(port)", "dfs.datanode.https.address=127.0.0.1:0",
            ]
        ) { try AtomicFile.write(Array(xml.utf8), to: Path.join($0, "ssl-server.xml")) }
        self.port = port
        self.files = files
    }

    private static func openssl(_ arguments: String, in files: TemporaryDirectory) throws {
        let words = ["openssl"] + arguments.split(separator: " ").map(String.init)
        let outcome = try ChildProcess(words, workingDirectory: files.path, timeout: .seconds(60)).run()
        guard outcome.succeeded else { throw ToolFailed(arguments: words, outcome: outcome) }
    }

    func client(authority: String?) throws -> HDFSClient {
        var options = HDFSOptions(user: Host.current().user)
        options.authorityFile = authority.map { files.file($0) }
        options.patience = .zero
        return try HDFSClient(HDFSAddress(parsing: "swebhdfs://127.0.0.1:\(port)/"), options, clock: SystemClock())
    }
}

@Suite(.timeLimit(.minutes(2))) struct EncryptedTests {
    @Test func onlyAServerWithACertificateOfTheAuthorityIsSpokenTo() throws {
        let server = try EncryptedServer()
        let client = try server.client(authority: "ca.pem")
        let path = try #require(HDFSPath("/dir/file"))
        let bytes = [UInt8](repeating: 3, count: 3_000_000)
        try client.publish(path, bytes: bytes)
        #expect(try client.bytes(of: path) == bytes)
        #expect(try client.entries(of: path.parent).count == 1)
        #expect(try client.space() != nil && !client.checksum(of: path).bytes.isEmpty)
        for authority in [nil, "other.pem"] {
            let error = expect(.untrusted) { try server.client(authority: authority).status(of: path) }
            #expect(error?.failure.hint?.contains("CA file") == true)
        }
        for file in ["server.csr", "none"] {
            let failure = #expect(throws: Failure.self) { try server.client(authority: file) }
            #expect(failure?.code == .usage && failure?.message.contains(file) == true)
        }
        // HTTP to the port of HTTPS.
        let plain = HDFSAddress(nameNodes: [HDFSAddress.NameNode(host: "127.0.0.1", port: UInt16(server.port))])
        var options = HDFSOptions(user: "x")
        options.patience = .zero
        #expect(throws: HDFSError.self) { try HDFSClient(plain, options, clock: SystemClock()).status(of: path) }
    }
}
