import HostIO
import ObjectStorage
import ResticFormat
import Testing
import TestSupport

@testable import RepositoryEngine

/// Repositories whose blobs are so many, and so small, that their number counts and not their size.
@Suite(.timeLimit(.minutes(5)), .serialized) struct ManyBlobsTests {
    /// Saves blobs of 40 bytes that are all different, on two threads.
    private func fill(_ repository: OpenRepository, blobs: Int, _ options: WriteOptions) throws -> WriteTotals {
        let writer = try repository.beginWriting(options)
        try runWorkers(2) { worker in
            let sealer = try writer.makeSealer()
            var blob = [UInt64](repeating: 0x6279_7465_7320_3a20, count: 5)
            for index in stride(from: worker, to: blobs, by: 2) {
                blob[0] = UInt64(index)
                _ = try blob.withUnsafeBytes { try writer.save($0, as: .data, using: sealer) }
            }
        }
        return try writer.finish()
    }

    private func expectWhole(_ repository: OpenRepository, blobs: Int, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let contents = try repository.loadIndexContents()
        #expect(contents.packs.values.reduce(0) { $0 + $1.count } == blobs, sourceLocation: sourceLocation)
        // What restic takes for a header, and so the most that any reader can be asked to.
        let longest = contents.packs.values.map { $0.count * PackHeader.compressedRecordLength + Sealing.overhead }.max() ?? 0
        #expect(longest <= PackHeader.longest, sourceLocation: sourceLocation)
        #expect(try repository.loadIndex().blobCount == blobs, sourceLocation: sourceLocation)
    }

    @Test(
        "260,000 tiny blobs, whose two open packs together have more than one header lists, are stored; restic finds all of them sound",
        .enabled(if: Restic.isInstalled))
    func moreThanOneHeader() throws {
        let directory = try TemporaryDirectory.inMemory()
        let storage = try DirectoryStorage.create(at: directory.file("repository"))
        let repository = try OpenRepository.create(in: storage, password: SampleRepository.password, cost: .quick, host: .forTests())
        let blobs = 260_000
        let totals = try fill(repository, blobs: blobs, WriteOptions())
        #expect(totals.blobs == blobs)
        try expectWhole(repository, blobs: blobs)
        try Restic(directory.file("repository")).check()
    }

    @Test("Packs of 64 MiB in a spool are closed by number long before they are full")
    func largePacks() throws {
        let folder = try TemporaryDirectory.inMemory()
        let sample = try SampleRepository()
        let blobs = 430_000
        let totals = try fill(sample.repository, blobs: blobs, WriteOptions(packSize: 64 << 20, packWriters: 1, spool: folder.path))
        #expect(totals.blobs == blobs && totals.packs >= 3)
        try expectWhole(sample.repository, blobs: blobs)
    }
}
