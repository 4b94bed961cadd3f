import ResticFormat
import Testing

@Suite("Trees that restic wrote")
struct GoldenTreeTests {
    @Test("decode and encode to the same bytes, whose hash is the tree's id", arguments: try Fixture.all("tree"))
    func roundTrip(_ fixture: Fixture) throws {
        let tree = try Tree(decoding: fixture.bytes)
        let encoded = tree.encoded()
        let difference = zip(encoded, fixture.bytes).enumerated().first { $1.0 != $1.1 }?.offset
        #expect(difference == nil, "wrote \(text(Array(encoded.dropFirst((difference ?? 0) - 60).prefix(90))))")
        #expect(encoded.count == fixture.bytes.count)
        #expect(sha256(encoded) == fixture.id)
        #expect(tree.isInOrder)
        #expect(tree.nodes.allSatisfy { $0.hasSafeName })
    }

    @Test("carry every type, with the bytes of the names as the file system had them")
    func contents() throws {
        let tree = try Tree(decoding: Fixture.only("tree").bytes)
        func node(_ name: [UInt8]) throws -> Node { try #require(tree.node(named: name), "\(name)") }
        #expect(Set(tree.nodes.map(\.type)) == [.file, .dir, .symlink, .dev, .chardev, .fifo])
        #expect(try node([0xFF, 0xFE]).size == 2)
        #expect(try node(Array("mixed\u{E4}".utf8) + [0xFF, 0xE2, 0x82]).size == 10)
        #expect(try node(Array("bell".utf8) + [7, 8, 11, 12, 13, 27, 1]).size == 11)
        #expect(try node(Array("empty".utf8)).content == [])
        #expect(try node(Array("fifo".utf8)).content == nil)
        #expect(try node(Array("big".utf8)).content?.count == 3)
        #expect(try node(Array("owned".utf8)).user == "")
        #expect(try node(Array("blk".utf8)).device == 286_327_664)
        #expect(FileMode.toPOSIX(try node(Array("sticky".utf8)).mode) == 0o041777)
        #expect(FileMode.toPOSIX(try node(Array("suid".utf8)).mode) == 0o104755)
        #expect(FileMode.toPOSIX(try node(Array("chr".utf8)).mode) == 0o020600)
        #expect(try node(Array("old".utf8)).mtime == NodeTime(seconds: -62_135_597, nanoseconds: 200_000_000, zoneOffset: 19_800))
        let target = try node(Array("linkodd".utf8)).linkTarget
        #expect(target == Array("odd\u{1}<>&\"\\\t\r\n\u{E4}\u{2028}\u{2029}\u{7F}\u{1F600}".utf8))
        let attributes = try node(Array("xattrs".utf8)).extendedAttributes
        #expect(attributes.first { $0.name == Array("user.bin".utf8) }?.value == Array(0...255))
        #expect(attributes.first { $0.name == Array("user.empty".utf8) }?.value == [])
    }
}
