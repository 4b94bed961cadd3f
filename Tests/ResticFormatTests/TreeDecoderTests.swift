import ResticFormat
import Testing

@Suite("A tree that comes in pieces")
struct TreeDecoderTests {
    private func decode(_ bytes: [UInt8], pieces: () -> Int) throws(FormatError) -> Tree {
        var decoder = TreeDecoder()
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + max(1, pieces()))
            try bytes[start..<end].withUnsafeBufferPointer { (piece) throws(FormatError) in
                try decoder.feed(UnsafeRawBufferPointer(piece))
            }
            start = end
        }
        return try decoder.finish()
    }

    private func result(_ body: () throws(FormatError) -> Tree) -> Result<Tree, FormatError> {
        do throws(FormatError) { return .success(try body()) } catch { return .failure(error) }
    }

    @Test("is what it is as a whole, wherever it is cut")
    func goldenTrees() throws {
        var generator = SeededGenerator(seed: 20_261_126)
        for fixture in try Fixture.all("tree") {
            let whole = try Tree(decoding: fixture.bytes)
            for most in [1, 7, 300, 100_000] where most > 1 || fixture.bytes.count < 10_000 {
                let pieces = try decode(fixture.bytes) { Int.random(in: 1...most, using: &generator) }
                #expect(pieces == whole)
            }
        }
    }

    @Test(
        "is taken and refused as a whole one is",
        arguments: [
            "", "{", "{\"nodes\":[", "{\"nodes\":[]", "{\"nodes\":[]}", "{\"nodes\":[]}x", "{\"nodes\":null}", "[]",
            #"{"nodes":[{"name":"a"}]}"#, #"{"nodes":[{"name":"a"} , {"name":"}]\"{"}] , "x":[{}]}  "#, #"{"nodes":[{"name":"a"},]}"#,
            #"{"nodes":[,{"name":"a"}]}"#, #"{"nodes":[{"name":"a"}{"name":"b"}]}"#, #"{"nodes":[1]}"#, #"{"nodes":[{"name":1}]}"#,
            #"{"nodes":[{"name":"a"},{"uid":-1}]}"#, #"{"nodes":[{"name":"a"]}"#, #"{"nodes":[{"name":"a"}],"nodes":[{"name":"b"}]}"#,
            #"{"x":1,"nodes":[{"name":"a"}]}"#, #"{"nodes":[{"name":"a"}],"x":}"#, #"{ "nodes":[{"name":"a"}]}"#,
        ])
    func agreement(text: String) throws {
        let bytes = Array(text.utf8)
        let whole = result { () throws(FormatError) in try Tree(decoding: bytes) }
        for size in 1...max(1, bytes.count) {
            let pieces = result { () throws(FormatError) in try decode(bytes) { size } }
            switch (whole, pieces) {
            case (.success(let whole), .success(let pieces)): #expect(whole == pieces)
            case (.failure, .failure): break
            default: Issue.record("\(whole) as a whole, \(pieces) in pieces of \(size)")
            }
        }
    }

    @Test("tells of the same byte when a node is wrong")
    func offset() throws {
        let bytes = Array(#"{"nodes":[{"name":"a"},{"name":"b"},{"name":"c","uid":-1}]}"#.utf8)
        #expect(throws: try #require(throws: FormatError.self) { try Tree(decoding: bytes) }) { try decode(bytes) { 9 } }
        let tail = Array(#"{"nodes":[{"name":"a"}],"x":}"#.utf8)
        #expect(throws: try #require(throws: FormatError.self) { try Tree(decoding: tail) }) { try decode(tail) { 9 } }
    }

    @Test("and is encoded to the same bytes in pieces")
    func encoding() throws {
        for fixture in try Fixture.all("tree") {
            let tree = try Tree(decoding: fixture.bytes)
            var pieces: [UInt8] = []
            tree.encode { pieces += $0 }
            #expect(pieces == tree.encoded())
        }
        let large = Tree(nodes: (0..<5000).map { Node(name: Array("entry \($0)".utf8), type: .file) })
        var count = 0
        var pieces: [UInt8] = []
        large.encode { piece in
            count += 1
            pieces += piece
        }
        #expect(count > 3)
        #expect(pieces == large.encoded())
    }
}
