import ObjectStorage
import ResticFormat
import Testing
import TestSupport

@testable import RepositoryEngine

@Suite struct ReadingTests {
    private struct Ground {
        let sample: SampleRepository
        let blobs: [BlobID: [UInt8]]
        let index: IndexedRepository
    }

    private func ground() throws -> Ground {
        let sample = try SampleRepository()
        var random = SeededRandom(named: "ground")
        let writer = try sample.repository.beginWriting(WriteOptions(packSize: 1 << 20))
        let sealer = try writer.makeSealer()
        var blobs: [BlobID: [UInt8]] = [:]
        for index in 0..<120 {
            let blob = index % 2 == 0 ? random.bytes(30_000) : random.text(30_000)
            blobs[try blob.withUnsafeBytes { try writer.save($0, as: .data, using: sealer).id }] = blob
        }
        _ = try writer.finish()
        return Ground(sample: sample, blobs: blobs, index: try sample.repository.loadIndex())
    }

    @Test("A damaged blob is named with its pack, and every other blob of the pack is read")
    func damagedBlob() throws {
        let ground = try ground()
        let opener = try ground.index.makeOpener()
        let bad = try #require(ground.blobs.keys.min())
        let place = try #require(ground.index.locate(bad, .data))
        for offset in [0, 15, 16, 20, Int(place.length) - 1] {
            let name = RepositoryNames.pack(place.pack)
            #expect(ground.sample.storage.damage(name) { $0[Int(place.offset) + offset] ^= 8 })
            let error = #expect(throws: RepositoryError.self) { try ground.index.withBlob(bad, .data, using: opener) { _ in } }
            guard case .damagedBlob(bad, .data, place.pack, _, _) = error else {
                return #expect(Bool(false), "\(String(describing: error))")
            }
            for (id, blob) in ground.blobs where id != bad {
                #expect(try ground.index.withBlob(id, .data, using: opener) { Array($0) } == blob)
            }
            #expect(ground.sample.storage.damage(name) { $0[Int(place.offset) + offset] ^= 8 })
        }
        #expect(try ground.index.withBlob(bad, .data, using: opener) { $0.count } == 30_000)
    }

    @Test("What a check finds in a pack does not depend on how many threads prove it", arguments: [1, 2, 7])
    func threads(count: Int) throws {
        let ground = try ground()
        let contents = try ground.sample.repository.loadIndexContents()
        let (pack, blobs) = try #require(contents.packs.first)
        let bad = [blobs[0], blobs[3], blobs[blobs.count - 1]]
        #expect(
            ground.sample.storage.damage(RepositoryNames.pack(pack)) { bytes in
                for blob in bad { bytes[Int(blob.offset) + 20] ^= 1 }
            })
        let size = try #require(try ground.sample.storage.size(of: RepositoryNames.pack(pack)))
        let reader = try PackReader(ground.sample.repository, threads: count)
        let finding = try reader.examine(pack, size: size, expected: blobs)
        #expect(finding.bad.map(\.id) == bad.map(\.id) && finding.flaws.count == 1)
    }

    @Test("Of a truncated pack everything before the cut is read, and the rest is an error")
    func truncatedPack() throws {
        let ground = try ground()
        let opener = try ground.index.makeOpener()
        let pack = try #require(try ground.sample.repository.loadIndexContents().packs.keys.min())
        #expect(ground.sample.storage.damage(RepositoryNames.pack(pack)) { $0.removeLast($0.count / 2) })
        let size = try #require(try ground.sample.storage.size(of: RepositoryNames.pack(pack)))
        for (id, blob) in ground.blobs {
            let place = try #require(ground.index.locate(id, .data))
            if place.pack == pack, UInt64(place.offset) + UInt64(place.length) > size {
                let error = #expect(throws: StorageError.self) { try ground.index.withBlob(id, .data, using: opener) { _ in } }
                #expect(error?.kind == .truncated)
            } else {
                #expect(try ground.index.withBlob(id, .data, using: opener) { Array($0) } == blob)
            }
        }
    }

    @Test("A missing pack and a blob that no index lists are errors that say so")
    func missing() throws {
        let ground = try ground()
        let opener = try ground.index.makeOpener()
        let id = try #require(ground.blobs.keys.min())
        let place = try #require(ground.index.locate(id, .data))
        try ground.sample.storage.remove(RepositoryNames.pack(place.pack))
        let error = #expect(throws: StorageError.self) { try ground.index.withBlob(id, .data, using: opener) { _ in } }
        #expect(error?.kind == .notFound)
        #expect(throws: RepositoryError.missingBlob(id, .tree, location: "memory")) {
            try ground.index.withBlob(id, .tree, using: opener) { _ in }
        }
    }

    @Test("A blob swapped with another of its repository is noticed: the MAC fits and the content does not")
    func swappedBlobs() throws {
        let ground = try ground()
        let opener = try ground.index.makeOpener()
        let contents = try ground.sample.repository.loadIndexContents()
        let (pack, blobs) = try #require(contents.packs.first)
        func fits(_ a: IndexedBlob, _ b: IndexedBlob) -> Bool {
            a.id != b.id && a.length == b.length && a.uncompressedLength == b.uncompressedLength
        }
        let first = try #require(blobs.first { a in blobs.contains { fits(a, $0) } })
        let second = try #require(blobs.first { fits(first, $0) })
        #expect(
            ground.sample.storage.damage(RepositoryNames.pack(pack)) { bytes in
                let a = Int(first.offset)..<Int(first.offset + first.length), b = Int(second.offset)..<Int(second.offset + second.length)
                let held = Array(bytes[a])
                bytes.replaceSubrange(a, with: Array(bytes[b]))
                bytes.replaceSubrange(b, with: held)
            })
        #expect(throws: RepositoryError.self) { try ground.index.withBlob(first.id, .data, using: opener) { _ in } }
    }

    @Test("A tree blob that is no tree is a format error, not a trap")
    func notATree() throws {
        let sample = try SampleRepository()
        let writer = try sample.repository.beginWriting()
        let sealer = try writer.makeSealer()
        var random = SeededRandom(named: "notATree")
        var ids: [TreeID] = []
        for bytes in [[], Array("{".utf8), Array("[]".utf8), Array("{\"nodes\":[{}".utf8), random.bytes(100)] as [[UInt8]] {
            ids.append(try bytes.withUnsafeBytes { try writer.save($0, as: .tree, using: sealer).id.naming(TreeNamed.self) })
        }
        _ = try writer.finish()
        let index = try sample.repository.loadIndex()
        let opener = try index.makeOpener()
        for id in ids { #expect(throws: FormatError.self) { try index.tree(id, using: opener) } }
    }
}
