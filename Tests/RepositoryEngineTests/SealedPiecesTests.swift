import HostIO
import Model
import ObjectStorage
import ResticFormat
import Testing
import TestSupport

@testable import RepositoryEngine

/// Somebody may write in a backed-up directory and in the place of the repository, without the password: what was sealed for them is of no use.
@Suite struct SealedPiecesTests {
    private let sample: SampleRepository

    init() throws { sample = try SampleRepository() }

    /// The sealed bytes of a blob of `plain`, as they lie in a pack.
    private func piece(of plain: [UInt8]) throws -> [UInt8] {
        let writer = try sample.repository.beginWriting(WriteOptions(packSize: 1 << 20))
        let sealer = try writer.makeSealer()
        let id = try plain.withUnsafeBytes { try writer.save($0, as: .data, using: sealer).id }
        _ = try writer.finish()
        let place = try #require(try sample.repository.loadIndex().locate(id, .data))
        let pack: [UInt8] = try sample.storage.read(RepositoryNames.pack(place.pack))
        return Array(pack[Int(place.offset)..<Int(place.offset) + Int(place.length)])
    }

    private func laid(_ piece: [UInt8], in folder: String) throws {
        let name = try piece.withUnsafeBytes { try Hasher256().hash($0, naming: BlobNamed.self).hex }
        try sample.storage.write(ObjectName(known: "\(folder)/\(name)"), piece)
    }

    /// Text that begins as a file of the repository does, and then does not compress.
    private func text(_ beginning: String, _ end: String, noise count: Int) -> [UInt8] {
        var random = SeededRandom(named: beginning)
        let noise = random.bytes(count).filter { $0 != 0x22 && $0 != 0x5C }
        return Array(beginning.utf8) + noise + Array(end.utf8)
    }

    @Test(arguments: [0, 60, 300_000]) func `bytes of somebody's choice, cut out of a pack, are no note, no snapshot and no index`(
        _ noise: Int
    ) throws {
        let snapshot = try sample.repository.backUp(SampleTree(files: ["a": [1, 2, 3]]))
        let note = text("[\"forgotten\",\"\(snapshot.id.hex) 2026-11-30T08:50:00Z\",\"", "\"]", noise: noise)
        try laid(piece(of: note), in: RepositoryNames.forgottenFolder)
        #expect(try sample.repository.forgottenSnapshots().isEmpty)

        let tree = snapshot.file.tree.hex
        let forged = text(
            "{\"time\":\"2030-01-01T00:00:00Z\",\"tree\":\"\(tree)\",\"paths\":[\"/\"],\"hostname\":\"h\",\"username\":\"", "\"}",
            noise: noise)
        try laid(piece(of: forged), in: RepositoryNames.snapshotFolder)
        let listing = try sample.reopened().snapshots()
        #expect(listing.snapshots.map(\.id) == [snapshot.id] && listing.unreadable.count == 1)

        let index = text("{\"packs\":[],\"supersedes\":[\"", "\"]}", noise: noise)
        try laid(piece(of: index), in: RepositoryNames.indexFolder)
        #expect(throws: (any Error).self) { _ = try sample.reopened().loadIndex() }
    }
}
