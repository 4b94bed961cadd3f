import Model
import ObjectStorage
import ResticFormat
import Testing
import TestSupport

@testable import RepositoryEngine

@Suite struct IndexTests {
    private struct Key: Hashable {
        let id: BlobID
        let kind: BlobKind
    }

    private func id(_ random: inout SeededRandom, near: Int) -> BlobID {
        // Few different words, so that ids collide in the table.
        BlobID(
            words: SIMD4(
                UInt64(Int.random(in: 0..<near, using: &random)) &* 0x9E37_79B9_7F4A_7C15, random.next() % 3, 0, random.next() % 2))
    }

    @Test("The table of blobs knows every copy of each, and one that is to stay comes first")
    func tableAgainstDictionary() {
        var random = SeededRandom(named: "tableAgainstDictionary")
        let table = BlobTable()
        var model: [Key: Set<BlobLocation>] = [:]
        var doomedPacks: Set<PackID> = []
        let packs = (0..<20).map { PackID(words: SIMD4(UInt64($0), 0, 0, 0)) }
        for step in 0..<20_000 {
            let key = Key(id: id(&random, near: 3000), kind: Bool.random(using: &random) ? .data : .tree)
            let pack = packs[Int.random(in: 0..<20, using: &random)]
            let place = BlobLocation(
                pack: pack, offset: UInt32(step), length: 100, uncompressedLength: Bool.random(using: &random) ? 500 : nil)
            // As two index files may list one pack.
            for _ in 0...(step % 2) {
                table.insert(
                    key.id, key.kind, pack: table.packPosition(pack), offset: place.offset, length: place.length,
                    uncompressedLength: place.uncompressedLength, doomed: doomedPacks.contains(pack))
            }
            model[key, default: []].insert(place)
            if step % 4000 == 3999 {
                table.doom { pack, _ in pack == packs[step / 4000] }
                doomedPacks.insert(packs[step / 4000])
            }
        }
        #expect(table.count == model.count && model.values.contains { $0.count > 2 })
        var wrong = 0
        table.forEach { blob, kind, place in
            let copies = model[Key(id: blob, kind: kind)] ?? []
            let isHeld = copies.contains { !doomedPacks.contains($0.pack) }
            if table.location(of: blob, kind) != place || table.holds(blob, kind) != isHeld { wrong += 1 }
            if doomedPacks.contains(place.pack) == isHeld { wrong += 1 }
            let others = table.otherLocations(of: blob, kind)
            if Set(others + [place]) != copies || others.count + 1 != copies.count { wrong += 1 }
        }
        #expect(wrong == 0)
        let lost = model.values.count { $0.allSatisfy { doomedPacks.contains($0.pack) } }
        #expect(table.doomedCount == lost && lost > 0)
        #expect(table.location(of: BlobID(words: SIMD4(.max, 0, 0, 0)), .data) == nil)
    }

    @Test("The set of blobs behaves like a set")
    func setAgainstSet() {
        var random = SeededRandom(named: "setAgainstSet")
        let set = BlobSet()
        var model: Set<Key> = []
        var wrong = 0
        for _ in 0..<20_000 {
            let key = Key(id: id(&random, near: 3000), kind: Bool.random(using: &random) ? .data : .tree)
            if set.insert(key.id, key.kind) != model.insert(key).inserted { wrong += 1 }
            if !set.contains(key.id, key.kind) { wrong += 1 }
        }
        var seen: Set<Key> = []
        set.forEach { seen.insert(Key(id: $0, kind: $1)) }
        #expect(wrong == 0 && seen == model && set.count == model.count)
        #expect(!set.contains(BlobID(words: SIMD4(.max, 0, 0, 0)), .data))
    }

    private func damagedSample() throws -> (sample: SampleRepository, made: [StoredSnapshot: SampleTree], index: ObjectName) {
        let sample = try SampleRepository()
        var random = SeededRandom(named: "damagedSample")
        var made: [StoredSnapshot: SampleTree] = [:]
        for _ in 0..<3 {
            let tree = SampleTree.random(&random, files: 10, bytes: 5000)
            made[try sample.repository.backUp(tree)] = tree
        }
        let index = try #require(try sample.names("index").randomElement(using: &random))
        return (sample, made, index)
    }

    @Test("A damaged index file is stood in for by the packs' own headers, and is named", arguments: 0..<3)
    func damagedIndex(kind: Int) throws {
        let (sample, made, index) = try damagedSample()
        #expect(
            sample.storage.damage(index) { bytes in
                if kind == 0 { bytes[40] ^= 1 } else if kind == 1 { bytes.removeLast(10) } else { bytes.removeAll() }
            })
        let loaded = try sample.repository.loadIndex()
        #expect(loaded.damagedIndexes.map { RepositoryNames.index($0) } == [index])
        for (snapshot, tree) in made { #expect(try loaded.sample(snapshot.file.tree) == tree) }
        let report = try sample.repository.check(data: .all)
        #expect(report.problems.map(\.place) == [.index(try #require(loaded.damagedIndexes.first))])
        #expect(report.orphanedPacks.isEmpty)
        #expect(try sample.repository.affected(by: report, among: Array(made.keys)).isEmpty)
    }

    @Test("A prune writes an index file that is damaged or gone anew, from the packs that it listed", arguments: 0..<4)
    func mendedIndex(kind: Int) throws {
        let (sample, made, index) = try damagedSample()
        switch kind {
        case 0: #expect(sample.storage.damage(index) { $0[40] ^= 1 })
        case 1: #expect(sample.storage.damage(index) { $0.removeLast(10) })
        case 2: #expect(sample.storage.damage(index) { $0.removeAll() })
        default: try sample.storage.remove(index)
        }
        #expect(try sample.repository.planPrune(PruneOptions()).isEmpty)
        _ = try sample.repository.prune(PruneOptions())
        #expect(try sample.names("index").count == 3 && !sample.names("index").contains(index))
        #expect(try sample.repository.loadIndex().damagedIndexes.isEmpty)
        expectHolds(made, in: sample.repository)
        #expect(try sample.repository.planPrune(PruneOptions()).isEmpty)
    }

    @Test("An index file that the storage does not give is not written anew: it may be sound")
    func indexOutOfReach() throws {
        let (sample, _, index) = try damagedSample()
        let before = sample.storage.objects
        let faulty = FaultyStorage(sample.storage, faults: [Fault([.read], below: index.text, times: nil, .fail(.inputOutput))])
        let repository = try sample.reopened(through: faulty)
        let failure = #expect(throws: Failure.self) { try repository.prune(PruneOptions(grace: 0)) }
        #expect(failure?.code == .damaged)
        #expect(try sample.names("index").contains(index))
        #expect(before.keys.allSatisfy { sample.storage.objects[$0] == before[$0] })
    }

    @Test("What only pack headers know is read but not built upon: a new backup stores and indexes it again")
    func notBuiltUpon() throws {
        let (sample, made, index) = try damagedSample()
        #expect(sample.storage.damage(index) { $0[40] ^= 1 })
        var again: [StoredSnapshot: SampleTree] = [:]
        for tree in made.values { again[try sample.repository.backUp(tree)] = tree }
        try sample.storage.remove(index)
        for (snapshot, tree) in again { #expect(try sample.repository.restore(snapshot) == tree) }
    }

    @Test("An index file that a prune replaces while the index is loaded makes the loading start again")
    func replacedWhileLoading() throws {
        let (sample, made, index) = try damagedSample()
        let storage = sample.storage
        let replaced = Box<Bool>()
        let repository = sample.repository
        let watched = WatchedStorage(
            storage,
            before: { operation in
                guard operation.kind == .size, operation.object == index.text, replaced.value == nil else { return }
                replaced.value = true
                do {
                    let contents = try repository.loadIndexContents()
                    try repository.writeIndex(contents.packs.map { IndexedPack(id: $0.key, blobs: $0.value) })
                    for file in contents.files.keys { try storage.remove(RepositoryNames.index(file)) }
                } catch { Issue.record(error) }
            })
        let loaded = try sample.reopened(through: watched).loadIndex()
        #expect(replaced.value == true)
        #expect(loaded.damagedIndexes.isEmpty)
        for (snapshot, tree) in made { #expect(try loaded.sample(snapshot.file.tree) == tree) }
    }

    @Test("A storage that vanishes while headers stand in for an index is an error, not an empty repository")
    func vanishedStorage() throws {
        let (sample, _, index) = try damagedSample()
        #expect(sample.storage.damage(index) { $0[40] ^= 1 })
        let faulty = FaultyStorage(sample.storage, faults: [Fault([.read], below: "data/", times: nil, .fail(.unreachable))])
        let repository = try sample.reopened(through: faulty)
        let error = #expect(throws: StorageError.self) { try repository.loadIndex() }
        #expect(error?.kind == .unreachable)
    }
}
