import HostIO
import Model
import TestSupport
import Testing
import WebHDFS

@Suite(.timeLimit(.minutes(3))) struct StreamTests {
    @Test func bytesComeBackWholeAndInRanges() throws {
        let place = try Place()
        var random = SeededRandom(named: "ranges")
        let bytes = random.bytes(3 << 20)
        // Three blocks.
        try place.put("file", bytes, HDFSFileOptions(blockSize: 1 << 20))
        let path = try place.at("file")
        #expect(try place.client.bytes(of: path) == bytes)
        for _ in 0..<20 {
            let offset = Int.random(in: 0...bytes.count, using: &random)
            let length = Int.random(in: 0...(bytes.count - offset), using: &random)
            #expect(
                try place.client.bytes(of: path, offset: UInt64(offset), length: UInt64(length)) == Array(bytes[offset..<offset + length]))
        }
        #expect(try place.client.bytes(of: path, offset: UInt64(bytes.count - 5)) == Array(bytes.suffix(5)))
        #expect(try place.client.bytes(of: path, offset: UInt64(bytes.count)) == [])
    }

    @Test func readingPastTheEndIsTruncated() throws {
        let place = try Place()
        try place.put("file", [1, 2, 3])
        let path = try place.at("file")
        for (offset, length) in [(0, 4), (2, 2), (3, 1), (4, 1), (1 << 40, 5), (5, .max), (.max, .max)] as [(UInt64, UInt64)] {
            expect(.truncated) { try place.client.bytes(of: path, offset: offset, length: length) }
        }
        expect(.truncated) { try place.client.open(path, offset: 4) }
        try place.put("empty", [])
        #expect(try place.bytes("empty") == [])
        expect(.truncated) { try place.client.bytes(of: place.at("empty"), length: 1) }
        expect(.invalid) { try place.client.open(place.path) }
    }

    @Test func aReaderThatIsClosedGoesOnWhereItStood() throws {
        let place = try Place()
        var random = SeededRandom(named: "closed")
        let bytes = random.bytes(2 << 20)
        try place.put("file", bytes)
        let reader = try place.client.open(place.at("file"))
        var all = [UInt8](repeating: 0, count: bytes.count)
        try all.withUnsafeMutableBytes { buffer in
            try reader.readAll(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<1_000_000]))
            reader.close()
            #expect(reader.position == 1_000_000 && reader.remaining == 1_097_152)
            try reader.readAll(into: UnsafeMutableRawBufferPointer(rebasing: buffer[1_000_000...]))
            #expect(try reader.read(into: buffer) == 0)
        }
        #expect(all == bytes)
    }

    @Test func aReaderThatIsDroppedLetsGoOfItsConnection() throws {
        let place = try Place()
        try place.put("file", [UInt8](repeating: 1, count: 8 << 20))
        for _ in 0..<40 {
            let reader = try place.client.open(place.at("file"))
            var byte: UInt8 = 0
            #expect(try withUnsafeMutableBytes(of: &byte) { try reader.read(into: $0) } == 1)
        }
        #expect(try place.bytes("file").count == 8 << 20)
    }

    @Test func manyStreamsRunAtOnce() throws {
        let place = try Place()
        try runWorkers(12, named: "stream") { worker in
            let bytes = (0..<1_500_000).map { UInt8(truncatingIfNeeded: $0 &* (worker + 3)) }
            try place.put("file-\(worker)", bytes)
            #expect(try place.bytes("file-\(worker)") == bytes)
        }
    }

    @Test func aFileIsWrittenInPiecesOfAnySize() throws {
        let place = try Place()
        var random = SeededRandom(named: "pieces")
        let bytes = random.bytes(2_500_000)
        for size in [nil, UInt64(bytes.count)] {
            let status = try place.client.publish(place.at("file"), HDFSFileOptions(replacing: .always), size: size) { writer in
                try bytes.withUnsafeBytes { buffer in
                    var start = 0
                    while start < buffer.count {
                        let count = min(Int.random(in: 0...700_000, using: &random), buffer.count - start)
                        try writer.write(UnsafeRawBufferPointer(rebasing: buffer[start..<start + count]))
                        start += count
                    }
                    #expect(writer.written == UInt64(bytes.count))
                }
            }
            #expect(status.length == UInt64(bytes.count))
            #expect(try place.bytes("file") == bytes)
        }
    }

    @Test func publishingReplacesOnlyWhenToldToAndLeavesNothingBehind() throws {
        let place = try Place()
        try place.put("file", [1])
        let error = expect(.exists) { try place.put("file", [2, 2]) }
        #expect(error?.path == (try place.at("file")))
        #expect(try place.bytes("file") == [1])
        try place.put("file", [3, 3], HDFSFileOptions(replacing: .always))
        #expect(try place.bytes("file") == [3, 3])
        try place.client.makeDirectories(place.at("dir"))
        expect(.invalid) { try place.put("dir", [1], HDFSFileOptions(replacing: .always)) }
        expect(.notDirectory) { try place.put("file/below", [1]) }
        #expect(Set(try place.client.entries(of: place.path).map(\.name)) == [Array("file".utf8), Array("dir".utf8)])
    }

    @Test func whatBreaksOffIsNotPublished() throws {
        struct Stop: Error {}
        let place = try Place()
        #expect(throws: Stop.self) {
            try place.client.publish(place.at("file")) { writer in
                try [UInt8](repeating: 1, count: 1 << 20).withUnsafeBytes { try writer.write($0) }
                #expect(HDFSTemporary.isName(writer.path.name) && writer.path.parent == place.path)
                throw Stop()
            }
        }
        #expect(try place.client.status(of: place.at("file")) == nil)
        // A size that does not come true.
        #expect(throws: HDFSError.self) {
            try place.client.publish(place.at("file"), size: 10) { writer in try [1, 2].withUnsafeBytes { try writer.write($0) } }
        }
        #expect(try place.client.status(of: place.at("file")) == nil)
    }

    @Test func eightPublishersOfOneNameHaveOneWinner() throws {
        let place = try Place()
        let wins = Monitor<[Int]>([])
        try runWorkers(8, named: "publish") { worker in
            do {
                try place.put("one", [UInt8](repeating: UInt8(worker), count: 50_000))
                wins.change { $0.append(worker) }
            } catch let error as HDFSError { #expect(error.kind == .exists) }
        }
        let winner = try #require(wins.read { $0.count == 1 ? $0[0] : nil })
        #expect(try place.bytes("one") == [UInt8](repeating: UInt8(winner), count: 50_000))
        #expect(try place.client.entries(of: place.path).count == 1)
    }

    @Test func syncedFilesAreFiles() throws {
        let place = try Place()
        try place.put("file", [1, 2, 3], HDFSFileOptions(durability: .synced))
        try place.put("file", [4], HDFSFileOptions(replacing: .always, durability: .synced))
        #expect(try place.bytes("file") == [4])
    }

    @Test func permissionsOfANewFileAreExact() throws {
        let place = try Place()
        for mode in [0o400, 0o600, 0o666, 0o777] as [UInt32] {
            try place.put("file-\(mode)", [1], HDFSFileOptions(permission: mode))
            #expect(try place.client.status(of: place.at("file-\(mode)"))?.permission == mode)
        }
    }
}
