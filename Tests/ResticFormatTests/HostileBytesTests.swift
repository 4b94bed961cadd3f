import ResticFormat
import Testing

@Suite("Hostile bytes")
struct HostileBytesTests {
    /// Bytes that mean something to a scanner.
    private static let telling = Array("{}[]\",:\\u0dDxeE+-.0129tfn \u{0}\u{7F}".utf8) + [0x80, 0xC3, 0xED, 0xF4, 0xFF]

    private func mutated(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
            let position = Int.random(in: 0..<bytes.count, using: &generator)
            let byte = Bool.random(using: &generator) ? Self.telling.randomElement(using: &generator) : nil
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: bytes[position] = byte ?? UInt8(truncatingIfNeeded: generator.next())
            case 1: bytes.remove(at: position)
            case 2: bytes.insert(byte ?? 0x5C, at: position)
            case 3: bytes.removeSubrange(position..<min(bytes.count, position + Int.random(in: 1...80, using: &generator)))
            default: bytes.removeLast(bytes.count - position)
            }
        }
        return bytes
    }

    /// Decodes, and what decodes must encode and decode to itself.
    private func tryTree(_ bytes: [UInt8]) throws {
        guard let tree = try? Tree(decoding: bytes) else { return }
        let again = try Tree(decoding: tree.encoded())
        #expect(again.nodes.count == tree.nodes.count)
        let isStable = again.encoded() == tree.encoded()
        #expect(isStable, "\(text(bytes))")
    }

    private func tryFile<File: JSONFile & Equatable>(_: File.Type, _ bytes: [UInt8]) throws {
        guard let file = try? File(decoding: bytes) else { return }
        #expect(try File(decoding: file.encoded()).encoded() == file.encoded())
    }

    @Test("20,000 mutations of golden files never trap", .timeLimit(.minutes(2)))
    func mutations() throws {
        var generator = SeededGenerator(seed: 20_260_101)
        let trees = try Fixture.all("tree").map { fixture in
            let nodes = try Tree(decoding: fixture.bytes).nodes
            return nodes.count > 8 ? nodes.map { Tree(nodes: [$0]).encoded() } : [fixture.bytes]
        }
        let goldenTrees = trees.flatMap { $0 }
        let indexes = try Fixture.all("index").filter { $0.bytes.count < 1000 }
        let headers = try Fixture.all("packheader").filter { $0.bytes.count < 1000 }
        let snapshots = try Fixture.all("snapshot")
        let (config, key) = (try Fixture.only("config").bytes, try Fixture.only("key").bytes)
        let (lock, masterKey) = (try Fixture.only("lock").bytes, try Fixture.only("masterkey").bytes)
        for round in 0..<20_000 {
            switch round % 10 {
            case 0: try tryFile(SnapshotFile.self, mutated(snapshots[round % snapshots.count].bytes, &generator))
            case 1: try tryFile(RepositoryConfig.self, mutated(config, &generator))
            case 2: try tryFile(KeyFile.self, mutated(key, &generator))
            case 3: try tryFile(LockFile.self, mutated(lock, &generator))
            case 4: try tryFile(MasterKeyFile.self, mutated(masterKey, &generator))
            case 5: _ = try? IndexFile.decode(mutated(indexes[round % indexes.count].bytes, &generator))
            case 6:
                let header = headers[round % headers.count]
                let bytes = mutated(header.bytes, &generator)
                _ = try? bytes.withUnsafeBytes { try PackHeader.decode($0, blobBytes: header.packSize ?? 0) }
            default: try tryTree(mutated(goldenTrees[Int.random(in: 0..<goldenTrees.count, using: &generator)], &generator))
            }
        }
    }

    @Test("every prefix of a tree is an error")
    func prefixes() throws {
        let node = try Tree(decoding: Fixture.only("tree").bytes).nodes.first { !$0.extendedAttributes.isEmpty }
        let bytes = Tree(nodes: [try #require(node)]).encoded()
        for count in 0..<bytes.count - 1 { #expect(throws: FormatError.self) { try Tree(decoding: Array(bytes.prefix(count))) } }
    }
}
