import Glibc
import HostIO
import Model
import TestSupport
import Testing

@testable import WebHDFS

/// Each test breaks an HDFS of its own.
@Suite(.timeLimit(.minutes(4))) struct DataNodeTests {
    private func options(answerTimeout: Duration = .seconds(20), patience: Duration = .seconds(20)) -> HDFSOptions {
        HDFSOptions(.user(Host.current().user), answerTimeout: answerTimeout, patience: patience)
    }

    /// The number of the DataNode with this HTTP server.
    private func number(of server: String?, in hdfs: HDFSServer) throws -> Int {
        try #require((1...2).first { "\(hdfs.host):\(hdfs.dataNodePort($0))" == server }, "\(server ?? "none")")
    }

    @Test func aReaderOutlivesItsDataNode() throws {
        let hdfs = try HDFSServer(dataNodes: 2)
        let client = try hdfs.client(options())
        let path = try #require(HDFSPath("/file"))
        var random = SeededRandom(named: "outlives")
        let bytes = random.bytes(48 << 20)
        try client.publish(path, HDFSFileOptions(blockSize: 16 << 20), bytes: bytes)
        let reader = try client.open(path)
        var all = [UInt8](repeating: 0, count: bytes.count)
        try all.withUnsafeMutableBytes { buffer in
            try reader.readAll(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<1_000_000]))
            let first = reader.server
            try hdfs.killDataNode(number(of: first, in: hdfs))
            try reader.readAll(into: UnsafeMutableRawBufferPointer(rebasing: buffer[1_000_000..<buffer.count - 1]))
            #expect(reader.server != first && reader.server != nil)
            try reader.readAll(into: UnsafeMutableRawBufferPointer(rebasing: buffer[(buffer.count - 1)...]))
        }
        #expect(all == bytes)
        // Streams that begin now may still be sent to the dead one.
        #expect(try client.bytes(of: path) == bytes)
    }

    @Test func aReaderOutlivesADataNodeThatStalls() throws {
        let hdfs = try HDFSServer(dataNodes: 2)
        let client = try hdfs.client(options(answerTimeout: .seconds(2)))
        let path = try #require(HDFSPath("/file"))
        let bytes = [UInt8](repeating: 7, count: 32 << 20)
        try client.publish(path, bytes: bytes)
        let reader = try client.open(path)
        var byte: UInt8 = 0
        #expect(try withUnsafeMutableBytes(of: &byte) { try reader.read(into: $0) } == 1)
        let process = try hdfs.processID(of: "dn\(number(of: reader.server, in: hdfs))")
        kill(process, SIGSTOP)
        defer { kill(process, SIGCONT) }
        var rest = [UInt8](repeating: 0, count: bytes.count - 1)
        try rest.withUnsafeMutableBytes { try reader.readAll(into: $0) }
        #expect(rest.allSatisfy { $0 == 7 })
    }

    @Test func aPublishedFileOutlivesTheDataNodeThatItIsSentTo() throws {
        let hdfs = try HDFSServer(dataNodes: 2)
        let client = try hdfs.client(options())
        let path = try #require(HDFSPath("/dir/file"))
        var random = SeededRandom(named: "sent")
        let bytes = random.bytes(12 << 20)
        var runs = 0
        try client.publish(path) { writer in
            runs += 1
            try bytes.withUnsafeBytes { buffer in
                try writer.write(UnsafeRawBufferPointer(rebasing: buffer[..<4_000_000]))
                if runs == 1 { try hdfs.killDataNode(number(of: writer.server, in: hdfs)) }
                try writer.write(UnsafeRawBufferPointer(rebasing: buffer[4_000_000...]))
            }
        }
        #expect(runs == 2)
        #expect(try client.bytes(of: path) == bytes)
        #expect(try client.entries(of: #require(HDFSPath("/dir"))).map(\.name) == [Array("file".utf8)])
    }

    @Test func aFileOfWhichNoCopyIsLeftIsAnErrorInTime() throws {
        let hdfs = try HDFSServer(dataNodes: 1)
        let client = try hdfs.client(options(patience: .seconds(2)))
        let path = try #require(HDFSPath("/file"))
        try client.publish(path, bytes: [UInt8](repeating: 1, count: 100_000))
        try hdfs.killDataNode(1)
        let error = try #require(#expect(throws: HDFSError.self) { try client.bytes(of: path) })
        #expect([.unreachable, .noReplica, .noSpace].contains(error.kind), "\(error)")
        let refused = try #require(#expect(throws: HDFSError.self) { try client.publish(HDFSPath("/other")!, bytes: [1]) })
        #expect([.unreachable, .noSpace].contains(refused.kind), "\(refused)")
        try hdfs.startDataNode(1)
        try hdfs.start()
        #expect(try client.bytes(of: path).count == 100_000)
    }

    @Test func dataNodesAreLeftOutByTheirAddressOfTransfer() throws {
        let hdfs = try HDFSServer.shared
        let client = try hdfs.client()
        for number in 1...2 {
            let port = hdfs.dataNodePort(number)
            #expect(client.exclusion(of: "\(hdfs.host):\(port)") == "\(hdfs.host):\(port + 1)")
        }
        #expect(client.exclusion(of: "elsewhere:9864") == "elsewhere")
        let metrics = #"""
            {"beans": [{"name": "x", "LiveNodes": "{\"dn1.example:9866\":{\"infoAddr\":\"10.0.0.1:9864\",\"infoSecureAddr\":\"10.0.0.1:0\",
            \"xferaddr\":\"10.0.0.1:9866\"},\"dn2.example:9866\":{\"infoAddr\":\"10.0.0.2:0\",\"infoSecureAddr\":\"10.0.0.2:9865\"}}"}]}
            """#
        let nodes = try LiveDataNode.list(Array(metrics.utf8))
        #expect(nodes.map(\.transfer) == ["10.0.0.1:9866", ""])
        #expect(nodes[0].isServed(by: "dn1.example:9864") && nodes[0].isServed(by: "10.0.0.1:9864"))
        #expect(nodes[1].isServed(by: "dn2.example:9865") && !nodes[1].isServed(by: "dn1.example:9865"))
    }

    @Test func redirectsKeepThePathThatWasMeant() throws {
        let path = try #require(HDFSPath("/cafe\u{301}"))
        let place = DataNodePlace(location: "http://dn:9864/webhdfs/v1/caf%C3%A9?op=OPEN&offset=0", for: path)
        #expect(place?.url == "http://dn:9864/webhdfs/v1/cafe%CC%81?op=OPEN&offset=0" && place?.server == "dn:9864")
        #expect(DataNodePlace(location: "http://dn/other/x?op=OPEN", for: path) == nil)
        #expect(DataNodePlace(location: "nonsense", for: path) == nil)
    }
}
