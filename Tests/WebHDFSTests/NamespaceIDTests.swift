import HostIO
import Model
import TestSupport
import Testing

@testable import WebHDFS

@Suite(.timeLimit(.minutes(3))) struct NamespaceIDTests {
    @Test func `one HDFS says the same whatever its NameNode is called`() throws {
        let server = try HDFSServer.shared
        let ids = try ["127.0.0.1", "localhost"].map { host in
            let address = HDFSAddress(nameNodes: [.init(host: host, port: UInt16(server.port))])
            return try HDFSClient(address, HDFSOptions(user: "somebody"), clock: SystemClock()).namespaceID()
        }
        #expect(ids[0]?.hasPrefix("BP-") == true && ids[0] == ids[1], "\(ids)")
    }

    @Test func `one that does not tell has none`() throws {
        let silent = try ScriptedServer { _, _ in ScriptedServer.Answer(200, "{\"beans\": []}") }
        let dead = HDFSAddress.NameNode(host: "127.0.0.1", port: UInt16(try ScriptedServer { _, _ in nil }.port))
        let nodes = [dead, HDFSAddress.NameNode(host: "127.0.0.1", port: UInt16(silent.port))]
        #expect(try HDFSClient(HDFSAddress(nameNodes: nodes), HDFSOptions(user: "somebody"), clock: SystemClock()).namespaceID() == nil)
    }
}
