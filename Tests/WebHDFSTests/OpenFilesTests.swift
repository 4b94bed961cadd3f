import HostIO
import Model
import TestSupport
import Testing

@testable import WebHDFS

@Suite struct OpenFilesTests {
    @Test(arguments: [
        ("/lake/log 3145728 bytes, replicated: replication=2, 3 block(s), OPENFORWRITE: ", "/lake/log"),
        ("/lake/a b 0 bytes, 0 block(s), OPENFORWRITE: ", "/lake/a b"),
        (
            "/lake/x 1 bytes, OPENFORWRITE: 7 bytes, erasure-coded: policy=RS-6-3-1024k, 1 block(s), OPENFORWRITE: ",
            "/lake/x 1 bytes, OPENFORWRITE:"
        ),
        ("/lake/log 3145728 bytes, replicated: replication=2, 3 block(s):  OK", nil), ("Status: HEALTHY", nil), ("", nil),
        (" Total size:\t3145728 B, OPENFORWRITE: ", nil), ("/lake/log x bytes, OPENFORWRITE: ", nil),
    ]) func `the NameNode's lines about open files are read from their end`(_ line: String, _ path: String?) {
        #expect(HDFSClient.openPath(in: Array(line.utf8)[...])?.text == path)
    }

    @Test(.timeLimit(.minutes(2))) func `files that are being written are counted, named, and read as far as they reach`() throws {
        let server = try HDFSServer.shared
        let folder = try #require(HDFSPath(server.folder("open")))
        let address = HDFSAddress(nameNodes: [.init(host: server.host, port: UInt16(server.port))], path: folder)
        let client = try HDFSClient(address, HDFSOptions(user: "root"), clock: SystemClock())
        try client.makeDirectories(folder)
        #expect(try client.openFiles(below: folder) == [])
        let place = try #require(folder.appending(relative: "wäh rend"))
        let writer = client.create(place, HDFSFileOptions(blockSize: 1 << 20))
        try [UInt8](repeating: 7, count: 1_500_000).withUnsafeBytes { try writer.write($0) }
        let start = SystemClock().monotonicNanoseconds()
        while try client.status(of: place) == nil || client.visibleLength(of: place) < 1_000_000 {
            try #require(SystemClock().monotonicNanoseconds() &- start < 30_000_000_000)
            SystemClock().sleep(for: .milliseconds(20))
        }
        let id = try #require(try client.status(of: place)?.fileID)
        #expect(try client.openFiles(below: folder) == [place])
        #expect(try client.blocks(of: #require(HDFSPath.inode(id))) == nil)
        try writer.finish()
        #expect(try client.openFiles(below: folder) == [])
        #expect(try client.visibleLength(of: place) == 1_500_000)
        #expect(try client.blockPool()?.hasPrefix("BP-") == true)
    }
}
