import HostIO
import Model
import ObjectStorage
import ResticFormat
import Testing
import TestSupport

@testable import RepositoryEngine

@Suite struct ForgottenTests {
    private func id(_ number: Int) -> SnapshotID { SnapshotID(words: SIMD4<UInt64>(0, 0, 0, UInt64(number))) }

    @Test func `deletions are noted in one file, the newest of them`() throws {
        let sample = try SampleRepository()
        try sample.repository.noteForgotten([id(1), id(2)])
        sample.clock.advance(by: .seconds(1))
        try sample.repository.noteForgotten([id(3)])
        #expect(try sample.repository.forgottenSnapshots() == [id(1), id(2), id(3)])
        #expect(try sample.names("holdfast/forgotten").count == 1)
        sample.clock.advance(by: .seconds(1))
        try sample.repository.noteForgotten((10..<ForgottenNote.most + 10).map(id))
        let known = try sample.repository.forgottenSnapshots()
        #expect(known.count == ForgottenNote.most && !known.contains(id(1)))
    }

    @Test func `only who has the password says what was deleted, and no other file is taken for it`() throws {
        let sample = try SampleRepository()
        let other = try SampleRepository()
        try other.repository.noteForgotten([id(1)])
        for (name, bytes) in other.storage.objects where name.text.hasPrefix("holdfast/") { try sample.storage.write(name, bytes) }
        let mark = try sample.repository.writeMark([PackID(words: SIMD4<UInt64>(0, 0, 0, 1))], sessions: [], at: sample.clock.now())
        let bytes: [UInt8] = try sample.storage.read(RepositoryNames.mark(mark))
        try sample.storage.write(ObjectName(known: "holdfast/forgotten/\(mark.hex)"), bytes)
        #expect(try sample.repository.forgottenSnapshots().isEmpty)
    }

    @Test(arguments: ["snapshots", "index", "data"]) func `where there is data, a folder that is missing is an error and not an empty list`(
        _ folder: String
    ) throws {
        let directory = try TemporaryDirectory()
        let storage = try DirectoryStorage.create(at: directory.file("r"))
        let repository = try OpenRepository.create(in: storage, password: Password("p"), cost: .quick, host: .forTests())
        #expect(try repository.snapshots().isEmpty, "a new one has none yet")
        #expect(try storage.holdsFolder("snapshots") == true, "a first entry that is cut off leaves data beside it")
        try repository.backUp(SampleTree(files: ["a": [1, 2, 3]]))
        try removeTree(directory.file("r/\(folder)"))
        let packs = try storage.list("data").count
        do {
            _ = try repository.prune(PruneOptions(grace: 0))
            // What packs hold is read from them again, where nothing else says it.
            let left = try storage.list("data").count
            #expect(folder == "index" && left == packs)
        } catch { #expect(Failure(describing: error).code == .damaged) }
        #expect(folder == "index" || folder == "data" || (try? repository.snapshots()) == nil)
        #expect(try repository.snapshots(folder: .allowed).isEmpty == (folder == "snapshots"))
    }
}
