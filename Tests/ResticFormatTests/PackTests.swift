import ResticFormat
import Testing

@Suite("Packs and indexes that restic wrote")
struct PackTests {
    @Test("index files decode and encode to the same bytes", arguments: try Fixture.all("index"))
    func index(_ fixture: Fixture) throws {
        let packs = try IndexFile.decode(fixture.bytes)
        #expect(text(IndexFile.encode(packs)) == text(fixture.bytes))
        #expect(!packs.isEmpty)
    }

    @Test("pack headers decode and encode to the same bytes, and say what the index says", arguments: try Fixture.all("packheader"))
    func header(_ fixture: Fixture) throws {
        let blobBytes = try #require(fixture.packSize) - UInt64(fixture.bytes.count + Sealing.overhead + PackHeader.trailerLength)
        let blobs = try fixture.bytes.withUnsafeBytes { try PackHeader.decode($0, blobBytes: blobBytes) }
        #expect(PackHeader.encode(blobs) == fixture.bytes)
        let packs = try Fixture.all("index").flatMap { try IndexFile.decode($0.bytes) }
        let indexed = try #require(packs.first { $0.id.hex == fixture.id })
        #expect(Set(indexed.blobs) == Set(blobs))
    }

    @Test("plain and compressed blobs of both kinds take 37 and 41 bytes")
    func records() throws {
        let id = BlobID(words: SIMD4(1, 2, 3, 4))
        let blobs = [
            IndexedBlob(id: id, kind: .data, offset: 0, length: 40, uncompressedLength: nil),
            IndexedBlob(id: id, kind: .tree, offset: 40, length: 50, uncompressedLength: nil),
            IndexedBlob(id: id, kind: .data, offset: 90, length: 60, uncompressedLength: 7),
            IndexedBlob(id: id, kind: .tree, offset: 150, length: 32, uncompressedLength: 0),
        ]
        let bytes = PackHeader.encode(blobs)
        #expect(bytes.count == 2 * 37 + 2 * 41)
        #expect([bytes[0], bytes[37], bytes[74], bytes[115]] == [0, 1, 2, 3])
        #expect(try bytes.withUnsafeBytes { try PackHeader.decode($0, blobBytes: 182) } == blobs)
        #expect(blobs.map(\.plainLength) == [8, 18, 7, 0])
        #expect(PackHeader.mostRecords == 409_199)
    }

    @Test("a header that does not fit its pack is refused")
    func brokenHeaders() throws {
        let blob = IndexedBlob(id: BlobID(words: .zero), kind: .data, offset: 0, length: 40, uncompressedLength: 9)
        let good = PackHeader.encode([blob, blob])
        func decode(_ bytes: [UInt8], _ blobBytes: UInt64 = 80) throws {
            _ = try bytes.withUnsafeBytes { try PackHeader.decode($0, blobBytes: blobBytes) }
        }
        try decode(good)
        for size in [UInt64(0), 40, 79, 81, .max] { #expect(throws: FormatError.self) { try decode(good, size) } }
        for count in 1..<good.count where count != 41 { #expect(throws: FormatError.self) { try decode(Array(good.prefix(count))) } }
        for (position, byte) in [(0, UInt8(4)), (0, 255), (4, 255), (1, 31)] {
            var bad = good
            bad[position] = byte
            #expect(throws: FormatError.self) { try decode(bad) }
        }
    }

    @Test("the trailer is checked against the pack's size")
    func trailer() throws {
        func length(_ value: UInt32, _ packSize: UInt64) throws -> Int {
            try PackHeader.trailer(sealedHeaderLength: Int(value)).withUnsafeBytes {
                try PackHeader.sealedHeaderLength(trailer: $0, packSize: packSize)
            }
        }
        #expect(try length(73, 1000) == 73)
        #expect(PackHeader.trailer(sealedHeaderLength: 0x01020304) == [4, 3, 2, 1])
        for (value, size) in [(UInt32(0), UInt64(1000)), (68, 1000), (73, 77), (73, 0), (.max, .max), ((16 << 20) + 1, .max)] {
            #expect(throws: FormatError.self) { try length(value, size) }
        }
        #expect(throws: FormatError.self) {
            try [UInt8]([1, 2, 3]).withUnsafeBytes { try PackHeader.sealedHeaderLength(trailer: $0, packSize: 100) }
        }
    }

    @Test("an index may have members in any order and others besides")
    func tolerance() throws {
        let id = String(repeating: "0a", count: 32)
        let json =
            #"{"supersedes":["x"],"packs":[{"blobs":[{"length":33,"offset":5,"new":1,"type":"tree","id":"\#(id)"}],"id":"\#(id)"},{"id":"\#(id)","blobs":null}]}"#
        let packs = try IndexFile.decode(Array(json.utf8))
        #expect(packs.count == 2)
        #expect(packs[0].blobs[0].kind == .tree)
        #expect(packs[0].blobs[0].uncompressedLength == nil)
        for bad in [
            json.replacing("33", with: "31"), json.replacing("33", with: "4294967291"), json.replacing("tree", with: "leaf"), json + "x",
        ] {
            #expect(throws: FormatError.self) { try IndexFile.decode(Array(bad.utf8)) }
        }
    }

    @Test("what a visitor throws comes out")
    func visitor() throws {
        struct Stop: Error {}
        let bytes = try Fixture.only("index").bytes
        #expect(throws: Stop.self) { try bytes.withUnsafeBytes { try IndexFile.decode($0) { _, _ in throw Stop() } } }
    }

    @Test("the first byte tells how an unpacked file is stored")
    func unpackedFiles() throws {
        func encoding(_ bytes: [UInt8]) throws -> UnpackedFile.Encoding { try bytes.withUnsafeBytes { try UnpackedFile.encoding(of: $0) } }
        #expect(try encoding([]) == .plain)
        #expect(try encoding(Array("{}".utf8)) == .plain)
        #expect(try encoding(Array("[]".utf8)) == .plain)
        #expect(try encoding([2, 0x28]) == .zstd)
        #expect(throws: FormatError.self) { try encoding([1]) }
    }
}
