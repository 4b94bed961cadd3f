import ResticFormat
import Testing

@Suite("The tree codec")
struct TreeCodecTests {
    private func decode(_ text: String) throws -> Tree { try Tree(decoding: Array(text.utf8)) }

    private func problem(_ text: String) -> FormatError.Problem? {
        do {
            _ = try decode(text)
            return nil
        } catch { return (error as? FormatError)?.problem }
    }

    @Test("an empty tree is what restic writes for an empty directory")
    func empty() throws {
        #expect(text(Tree(nodes: []).encoded()) == "{\"nodes\":[]}\n")
        #expect(try decode("{\"nodes\":null}").nodes.isEmpty)
        #expect(try decode(" { \"nodes\" : [ ] } \r\n\t").nodes.isEmpty)
    }

    @Test("a link target that is not UTF-8 is kept in linktarget_raw, as restic 0.16 and later have it")
    func rawLinkTarget() throws {
        var node = Node(name: Array("l".utf8), type: .symlink)
        node.linkTarget = [0x61, 0xFF, 0x62]
        let encoded = text(node.encoded())
        #expect(encoded.contains("\"linktarget\":\"a\\ufffdb\",\"linktarget_raw\":\"Yf9i\",\"content\":null"))
        #expect(try decode("{\"nodes\":[\(encoded)]}").nodes == [node])
        let swapped = try decode(#"{"nodes":[{"linktarget_raw":"Yf9i","linktarget":"a"}]}"#)
        #expect(swapped.nodes[0].linkTarget == node.linkTarget)
    }

    @Test("generic_attributes pass through as they came")
    func genericAttributes() throws {
        let attributes = #"{"windows.creation_time":"AAECAw==","windows.file_attributes":"IAAAAA=="}"#
        let tree = try decode(#"{"nodes":[{"name":"w","type":"file","generic_attributes":\#(attributes),"content":[]}]}"#)
        #expect(tree.nodes[0].genericAttributes == Array(attributes.utf8))
        #expect(text(tree.encoded()).contains("\"generic_attributes\":\(attributes),\"content\":[]"))
    }

    @Test("members may stand in any order, be unknown or null")
    func tolerance() throws {
        let tree = try decode(
            #"{"x":[1,-2.5e3,{"a":[true,false,null,"\u12"]}],"nodes":[{"content":null,"new":{},"size":7,"user":null,"type":"dir","name":"n"}],"y":0}"#
        )
        #expect(tree.nodes.count == 1)
        #expect(tree.nodes[0].type == .dir)
        #expect(tree.nodes[0].size == 7)
        #expect(tree.nodes[0].content == nil)
        #expect(try decode(#"{"nodes":[{"type":"whiteout"}]}"#).nodes[0].type == .irregular)
    }

    @Test(
        "what is not a tree is an error",
        arguments: [
            "", "{", "[]", "{\"nodes\":[}", "{\"nodes\":[]", "{\"nodes\":[]}x", "{\"nodes\":[{\"name\":1}]}", "{\"nodes\":{}}",
            "{\"nodes\":[{\"uid\":-1}]}", "{\"nodes\":[{\"uid\":4294967296}]}", "{\"nodes\":[{\"size\":1.0}]}",
            "{\"nodes\":[{\"size\":1e3}]}",
            "{\"nodes\":[{\"size\":01}]}", "{\"nodes\":[{\"size\":18446744073709551616}]}", "{\"nodes\":[{\"size\":\"1\"}]}",
            "{\"nodes\":[{\"name\":\"a\\\\qb\"}]}", "{\"nodes\":[{\"name\":\"a\\q\"}]}", "{\"nodes\":[{\"name\":\"a\nb\"}]}",
            "{\"nodes\":[{\"mtime\":\"2020-02-30T00:00:00Z\"}]}", "{\"nodes\":[{\"mtime\":5}]}", "{\"nodes\":[{\"content\":[\"00\"]}]}",
            "{\"nodes\":[{\"subtree\":\"xyz\"}]}", "{\"nodes\":[{},]}", "{\"nodes\":[{}{}]}", "{,\"nodes\":[]}",
            "{\"nodes\":[{\"linktarget_raw\":\"a\"}]}",
            "{\"nodes\":nul}", "{\"x\":tru}", "{\"x\":}", "{\"x\"}", "{\"x\":-}",
        ])
    func refused(_ text: String) { #expect(problem(text) != nil) }

    @Test("nesting has a limit in what is skipped")
    func nesting() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(problem("{\"x\":\(deep)") == .tooDeep)
        #expect(problem("{\"nodes\":[{\"generic_attributes\":\(deep)") == .tooDeep)
        #expect(problem("{\"x\":" + String(repeating: "[", count: 60) + String(repeating: "]", count: 60) + "}") == nil)
    }

    @Test("backspace and form feed are escaped as Go 1.22 and later do; either form decodes")
    func shortEscapes() throws {
        var node = Node(name: Array("l".utf8), type: .symlink)
        node.linkTarget = [8, 12, 0x1F]
        #expect(text(node.encoded()).contains(#""linktarget":"\b\f\u001f""#))
        let tree = try decode(#"{"nodes":[{"linktarget":"\u0008\u000c\/\ud83d\ude00\ud83d"}]}"#)
        #expect(tree.nodes[0].linkTarget == Array("\u{8}\u{C}/\u{1F600}\u{FFFD}".utf8))
    }

    @Test("random trees decode to what was encoded", arguments: [UInt64(1), 2, 3, 4])
    func randomTrees(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let tree = Tree(nodes: (0..<300).map { _ in Node.random(&generator) })
        let encoded = tree.encoded()
        let decoded = try Tree(decoding: encoded)
        #expect(decoded == tree)
        #expect(decoded.encoded() == encoded)
    }

    @Test("names that no directory entry can have are told apart")
    func safeNames() {
        for name in ["", ".", "..", "a/b", "/", "a\0"] { #expect(!Node(name: Array(name.utf8), type: .file).hasSafeName) }
        for name in ["a", "...", ".a", " ", "\n"] { #expect(Node(name: Array(name.utf8), type: .file).hasSafeName) }
    }

    @Test("order is that of bytes, and a name may stand once")
    func order() {
        func tree(_ names: [String]) -> Tree { Tree(nodes: names.map { Node(name: Array($0.utf8), type: .file) }) }
        #expect(tree([]).isInOrder)
        #expect(tree(["", "A", "a", "a!", "aa", "\u{E4}"]).isInOrder)
        #expect(!tree(["a", "a"]).isInOrder)
        #expect(!tree(["b", "a"]).isInOrder)
        #expect(tree(["a", "c"]).node(named: Array("b".utf8)) == nil)
    }
}

extension Node {
    /// A node whose members are all set at random; strings are Unicode, names and targets any bytes.
    fileprivate static func random(_ generator: inout SeededGenerator) -> Node {
        var node = Node(name: generator.bytes(Int.random(in: 1...40, using: &generator)), type: .file)
        node.type = NodeType.allCases.randomElement(using: &generator) ?? .file
        node.mode = .random(in: 0 ... .max, using: &generator)
        node.mtime = .random(&generator)
        node.atime = .random(&generator)
        node.ctime = .random(&generator)
        node.uid = .random(in: 0 ... .max, using: &generator)
        node.gid = .random(in: 0...2, using: &generator)
        node.user = String((0..<5).map { _ in Character(Unicode.Scalar(UInt32.random(in: 0..<0xD800, using: &generator)) ?? "?") })
        node.group = Bool.random(using: &generator) ? "" : "<&>\u{1F600}\u{2028}"
        node.inode = generator.next()
        node.deviceID = .random(in: 0...1, using: &generator)
        node.size = generator.next() >> UInt64.random(in: 0...63, using: &generator)
        node.links = .random(in: 0...3, using: &generator)
        node.linkTarget = generator.bytes(Int.random(in: 0...9, using: &generator))
        node.device = .random(in: 0...1, using: &generator)
        node.content = node.type == .file ? (0..<Int.random(in: 0...3, using: &generator)).map { _ in .random(&generator) } : nil
        node.subtree = node.type == .dir ? .random(&generator) : nil
        node.error = Bool.random(using: &generator) ? "" : "\u{0} \\ \""
        node.extendedAttributes = (0..<Int.random(in: 0...2, using: &generator)).map { _ in
            ExtendedAttribute(
                name: Array("user.\u{E4}".utf8), value: generator.bytes(Int.random(in: 0...5, using: &generator)))
        }
        return node
    }
}

extension NodeTime {
    fileprivate static func random(_ generator: inout SeededGenerator) -> NodeTime {
        NodeTime(
            seconds: .random(in: -62_167_000_000...253_402_000_000, using: &generator),
            nanoseconds: Bool.random(using: &generator) ? 0 : .random(in: 0..<1_000_000_000, using: &generator),
            zoneOffset: .random(in: -720...840, using: &generator) * 60)
    }
}

extension ObjectID {
    fileprivate static func random(_ generator: inout SeededGenerator) -> ObjectID {
        ObjectID(words: SIMD4(generator.next(), generator.next(), generator.next(), generator.next()))
    }
}
