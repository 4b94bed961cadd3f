import ObjectStorage
import ResticFormat
import Testing
import TestSupport

@testable import RepositoryEngine

@Suite("Trees whose text is not held in memory") struct LargeTreeTests {
    /// 21,000 links with long targets: more nodes, and more bytes, than what is handled as a whole.
    private static let tree = Tree(
        nodes: (0..<21_000).map { index in
            var node = Node(name: Array("\(index + 100_000)".utf8), type: .symlink)
            node.linkTarget = Array(repeating: UInt8(0x61 + index % 26), count: 700)
            return node
        })

    private struct Ground {
        let sample: SampleRepository
        let tree: TreeID
        let index: IndexedRepository
    }

    private func ground() throws -> Ground {
        let sample = try SampleRepository()
        let writer = try sample.repository.beginWriting(WriteOptions(packSize: 1 << 20))
        let sealer = try writer.makeSealer()
        let saved = try writer.save(Self.tree, using: sealer)
        #expect(try saved.isNew && !writer.save(Self.tree, using: sealer).isNew)
        _ = try writer.finish()
        return Ground(sample: sample, tree: saved.id.naming(TreeNamed.self), index: try sample.reopened().loadIndex())
    }

    @Test("are the same blobs, read back as they were, and copied to another repository")
    func roundTrip() throws {
        let ground = try ground()
        let blob = ground.tree.naming(BlobNamed.self)
        let opener = try ground.index.makeOpener()
        let text = Self.tree.encoded()
        #expect(text.withUnsafeBytes { opener.hash($0, naming: BlobNamed.self) } == blob)
        let place = try #require(ground.index.locate(blob, .tree))
        #expect(place.uncompressedLength.map(Int.init) == text.count && text.count > BlobOpener.largest)
        let back = try ground.index.tree(ground.tree, using: opener)
        #expect(back == Self.tree)
        let isSame = try ground.index.withBlob(blob, .tree, using: opener) { plain in text.withUnsafeBytes { BlobSealer.isSame(plain, $0) }
        }
        #expect(isSame)
        let other = try SampleRepository()
        let writer = try other.repository.beginWriting(WriteOptions())
        let sealer = try writer.makeSealer()
        _ = try ground.index.withStoredBlob(blob, .tree, using: opener) {
            try writer.saveStored(blob, .tree, $0, uncompressedLength: $1, using: sealer)
        }
        _ = try writer.finish()
        let copied = try other.reopened().loadIndex()
        #expect(try copied.tree(ground.tree, using: copied.makeOpener()) == Self.tree)
        expectSound(ground.sample.repository)
    }

    @Test("are refused when damaged, in whatever part")
    func damage() throws {
        let ground = try ground()
        let blob = ground.tree.naming(BlobNamed.self)
        let place = try #require(ground.index.locate(blob, .tree))
        let opener = try ground.index.makeOpener()
        for offset in [0, 20, Int(place.length) / 2, Int(place.length) - 1] {
            #expect(ground.sample.storage.damage(RepositoryNames.pack(place.pack)) { $0[Int(place.offset) + offset] ^= 8 })
            #expect(throws: RepositoryError.self) { try ground.index.tree(ground.tree, using: opener) }
            #expect(throws: RepositoryError.self) { try ground.index.withStoredBlob(blob, .tree, using: opener) { _, _ in } }
            #expect(try !ground.index.isWhole(blob, .tree, at: place, using: opener))
            #expect(ground.sample.storage.damage(RepositoryNames.pack(place.pack)) { $0[Int(place.offset) + offset] ^= 8 })
        }
        #expect(try ground.index.isWhole(blob, .tree, at: place, using: opener))
    }
}
