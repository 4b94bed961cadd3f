import HostIO
import Model
import TestSupport
import Testing

@testable import WebHDFS

@Suite struct OpenFilesTests {
    @Test func `the NameNode's page is read entry by entry, however many stand on a line`() {
        let page = """
            FSCK started by root (auth:SIMPLE) from /127.0.0.1 for path /two at Sun Nov 29 18:23:50 UTC 2026

            /two/f1 1048576 bytes, replicated: replication=2, 1 block(s), OPENFORWRITE: /two/a b 7 bytes, c 0 bytes, 0 block(s), OPENFORWRITE: ..
            ./two/f3 12 bytes, erasure-coded: policy=RS-6-3-1024k, 1 block(s), OPENFORWRITE: \u{20}
            /two/closed 5 bytes, replicated: replication=2, 1 block(s):  OK
             Total size:\t3145728 B, OPENFORWRITE: /two/x y bytes, OPENFORWRITE:
            Status: HEALTHY
            """
        #expect(HDFSClient.openPaths(in: page).map(\.text) == ["/two/f1", "/two/a b 7 bytes, c", "/two/f3"])
        #expect(HDFSClient.openPaths(in: "") == [])
        // Where a directory below may not be listed, the page ends before it has named all.
        #expect(HDFSClient.isWhole("a\n\n\nThe filesystem under path '/two' is HEALTHY"))
        #expect(HDFSClient.isWhole("The filesystem under path '/two' is CORRUPT\n"))
        #expect(!HDFSClient.isWhole("Permission denied: user=joe\n\n\nFsck on path '/two' FAILED") && !HDFSClient.isWhole(""))
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
