import HostIO
import TestSupport
import Testing

@Suite struct SpoolFileTests {
    @Test func `what is appended is there in order, and again after more of it`() throws {
        let folder = try TemporaryDirectory()
        let spool = try SpoolFile(in: folder.path)
        #expect(try spool.content().isEmpty)
        var random = SeededRandom(named: "spool")
        var all: [UInt8] = []
        for count in [1, 4095, 1 << 20, 0, 3_000_001, 17] {
            let bytes = random.bytes(count)
            try bytes.withUnsafeBytes { try spool.append($0) }
            all += bytes
            #expect(try spool.content().elementsEqual(all))
            #expect(spool.count == all.count)
        }
        #expect(try FileTree.files(below: folder.path).isEmpty)
    }

    @Test(.enabled(if: canMount("a spool on a full disk"))) func `a full file system is an error, and what fits is not lost`() throws {
        let mount = try MountedFileSystem.tmpfs(megabytes: 4)
        let spool = try SpoolFile(in: mount.path)
        let piece = [UInt8](repeating: 7, count: 1 << 20)
        var appended = 0
        #expect { while true { try piece.withUnsafeBytes { try spool.append($0) }; appended += 1 } } throws: {
            ($0 as? SystemError)?.isNoSpace == true
        }
        #expect(appended >= 3)
    }
}
