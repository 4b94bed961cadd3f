import HostIO
import ObjectStorage
import ResticFormat
import Synchronization
import Testing
import TestSupport

@testable import RepositoryEngine

@Suite(.timeLimit(.minutes(10)))
struct BlobWriterTests {
    private let options = WriteOptions(packSize: 1 << 20)

    @Test("Many threads save the same blobs, and each is stored once and read back by all")
    func manyThreads() throws {
        let sample = try SampleRepository()
        var random = SeededRandom(named: "manyThreads")
        let blobs = (0..<400).map { _ in random.bytes(Int.random(in: 0...20_000, using: &random)) }
        let distinct = Set(blobs)
        let writer = try sample.repository.beginWriting(options)
        let new = Atomic<Int>(0)
        try runWorkers(6) { worker in
            let sealer = try writer.makeSealer()
            for index in blobs.indices {
                let blob = blobs[(index * 7 + worker * 61) % blobs.count]
                let saved = try blob.withUnsafeBytes { try writer.save($0, as: .data, using: sealer) }
                if saved.isNew { new.add(1, ordering: .relaxed) }
                #expect(writer.contains(saved.id, .data))
            }
        }
        let totals = try writer.finish()
        #expect(new.load(ordering: .relaxed) == distinct.count)
        #expect(totals.blobs == distinct.count)
        let index = try sample.reopened().loadIndex()
        #expect(index.blobCount == distinct.count)
        try runWorkers(4) { _ in
            let opener = try index.makeOpener()
            for blob in blobs {
                let id = blob.withUnsafeBytes { opener.hash($0, naming: BlobNamed.self) }
                #expect(try index.withBlob(id, .data, using: opener) { Array($0) } == blob)
                #expect(index.plainSize(of: id, .data) == blob.count)
                #expect(!index.contains(id, .tree))
            }
        }
        expectSound(sample.repository)
    }

    @Test("Packs are closed at their size, hold one kind each, and blobs are spread over two at a time")
    func packShapes() throws {
        let sample = try SampleRepository()
        var random = SeededRandom(named: "packShapes")
        let writer = try sample.repository.beginWriting(options)
        let sealer = try writer.makeSealer()
        var order: [BlobID] = []
        for index in 0..<300 {
            let kind = index % 10 == 0 ? BlobKind.tree : .data
            let blob = random.bytes(30_000)
            let id = try blob.withUnsafeBytes { try writer.save($0, as: kind, using: sealer).id }
            if kind == .data { order.append(id) }
        }
        let totals = try writer.finish()
        let contents = try sample.repository.loadIndexContents()
        #expect(totals.packs == contents.packs.count)
        for (pack, blobs) in contents.packs {
            #expect(Set(blobs.map(\.kind)).count == 1)
            #expect(IndexContents.packSize(blobs) <= UInt64(options.packSize + options.slack + 30_000))
            #expect(try sample.storage.size(of: RepositoryNames.pack(pack)) == IndexContents.packSize(blobs))
        }
        let index = try sample.repository.loadIndex()
        let changes = zip(order, order.dropFirst()).count { index.locate($0, .data)?.pack != index.locate($1, .data)?.pack }
        #expect((60...220).contains(changes), "\(changes) of 269 neighbours lie apart")
    }

    @Test("A small run leaves one pack of a kind: the left-overs of the two open ones are merged")
    func mergedLeftovers() throws {
        let sample = try SampleRepository()
        var random = SeededRandom(named: "mergedLeftovers")
        try sample.repository.backUp(.random(&random, files: 30, bytes: 5000))
        #expect(try sample.names("data").count == 2)
        #expect(try sample.names("index").count == 1)
        expectSound(sample.repository)
    }

    @Test("Packs that wait in a spool are what they would have been in memory, and leave nothing there")
    func spooledPacks() throws {
        let folder = try TemporaryDirectory()
        let spooling = WriteOptions(packSize: 4 << 20, packWriters: 1, spool: folder.path)
        let sample = try SampleRepository()
        var random = SeededRandom(named: "spooledPacks")
        var held: [StoredSnapshot: SampleTree] = [:]
        // More than a pack of each kind, then a run whose two open packs are merged.
        for sizes in [(files: 300, bytes: 60_000), (files: 30, bytes: 5000)] {
            let tree = SampleTree.random(&random, files: sizes.files, bytes: sizes.bytes)
            held[try sample.repository.backUp(tree, options: spooling)] = tree
            #expect(try FileTree.files(below: folder.path).isEmpty)
        }
        #expect(try sample.storage.list("data").map(\.size).max() ?? 0 >= 4 << 20)
        expectHolds(held, in: sample.repository)
        expectSound(sample.repository)
        let missing = WriteOptions(packSize: 4 << 20, spool: folder.file("missing"))
        #expect(throws: SystemError.self) { try sample.repository.backUp(.random(&random, files: 3, bytes: 100), options: missing) }
    }

    @Test(
        "A pack is closed at its number of blobs too, and two left-overs are one pack only when it can list both",
        arguments: [1, 99, 100, 101, 150, 199, 200, 201, 260, 1000])
    func countedBlobs(blobs: Int) throws {
        let sample = try SampleRepository()
        let options = WriteOptions(packBlobs: 100)
        let writer = try sample.repository.beginWriting(options)
        let sealer = try writer.makeSealer()
        for index in 0..<blobs {
            _ = try Array("blob \(index)".utf8).withUnsafeBytes { try writer.save($0, as: index % 7 == 0 ? .tree : .data, using: sealer) }
        }
        #expect(try writer.finish().blobs == blobs)
        let contents = try sample.repository.loadIndexContents()
        #expect(contents.packs.values.allSatisfy { $0.count <= 100 })
        #expect(contents.packs.values.reduce(0) { $0 + $1.count } == blobs)
        expectSound(sample.repository)
    }

    @Test("A blob larger than a pack gets one to itself or the end of one")
    func largeBlob() throws {
        let sample = try SampleRepository()
        var random = SeededRandom(named: "largeBlob")
        var tree = SampleTree.random(&random, files: 5, bytes: 5000)
        tree.files["large"] = random.bytes(12 << 20)
        let snapshot = try sample.repository.backUp(tree, options: options, chunk: 16 << 20)
        expectHolds([snapshot: tree], in: sample.repository)
    }

    @Test("A run that saves nothing new writes nothing")
    func nothingNew() throws {
        let sample = try SampleRepository()
        let tree = SampleTree(files: ["a": [1, 2, 3]])
        let first = try sample.repository.backUp(tree)
        let before = sample.storage.objects
        let writer = try sample.repository.beginWriting()
        #expect(try writer.save(tree, using: writer.makeSealer()) == first.file.tree)
        #expect(try writer.finish() == WriteTotals())
        writer.lock.release()
        #expect(sample.storage.objects == before)
    }

    @Test("A failing storage ends the writer with its error, and what was there stays sound", arguments: 1...3)
    func failingStorage(failAt: Int) throws {
        let sample = try SampleRepository()
        var random = SeededRandom(named: "failingStorage")
        let kept = SampleTree.random(&random, files: 10, bytes: 5000)
        let snapshot = try sample.repository.backUp(kept)
        let faulty = FaultyStorage(sample.storage)
        faulty.inject(Fault([.write], below: "data/", from: failAt, times: nil, .fail(.noSpace)))
        let writer = try sample.reopened(through: faulty).beginWriting(options)
        let error = #expect(throws: StorageError.self) {
            try runWorkers(3) { _ in
                let sealer = try writer.makeSealer()
                var local = SeededRandom(seed: UInt64.random(in: 0...(.max)))
                for _ in 0..<600 { _ = try local.bytes(20_000).withUnsafeBytes { try writer.save($0, as: .data, using: sealer) } }
            }
            _ = try writer.finish()
        }
        #expect(error?.kind == .noSpace)
        #expect(throws: StorageError.self) { try writer.finish() }
        writer.abandon()
        expectHolds([snapshot: kept], in: try sample.reopened())
    }

    @Test("What an abandoned writer had stored is indexed, and the next run need not store it again")
    func abandonKeepsDurablePacks() throws {
        let sample = try SampleRepository()
        var random = SeededRandom(named: "abandonKeepsDurablePacks")
        var blobs: [[UInt8]] = []
        let writer = try sample.repository.beginWriting(options)
        let sealer = try writer.makeSealer()
        // Packs are stored by threads of the writer's, which holds a few packs at most.
        while try blobs.count < 200 || sample.names("data").isEmpty {
            let blob = random.bytes(20_000)
            _ = try blob.withUnsafeBytes { try writer.save($0, as: .data, using: sealer) }
            blobs.append(blob)
        }
        writer.abandon()
        let packs = try sample.names("data").count
        #expect(try sample.repository.loadIndexContents().packs.count == packs)
        let again = try sample.repository.beginWriting(options)
        var new = 0
        for blob in blobs where try blob.withUnsafeBytes({ try again.save($0, as: .data, using: sealer).isNew }) { new += 1 }
        #expect(new < blobs.count)
        #expect(try again.finish().blobs == new)
        expectSound(sample.repository)
    }

    @Test("When only the index cannot be written, abandoning tries once more")
    func failingIndex() throws {
        let sample = try SampleRepository()
        let faulty = FaultyStorage(sample.storage, faults: [Fault([.write], below: "index/", .fail(.inputOutput))])
        let writer = try sample.reopened(through: faulty).beginWriting(options)
        _ = try writer.save(SampleTree(files: ["a": [1]]), using: writer.makeSealer())
        #expect(throws: StorageError.self) { try writer.finish() }
        #expect(try sample.names("index").isEmpty)
        writer.abandon()
        #expect(try sample.names("index").count == 1)
        let report = try sample.repository.check(data: .all)
        #expect(report.isSound && report.orphanedPacks.isEmpty)
    }

    @Test("In a long run an index file is written every two minutes")
    func indexesOnTheWay() throws {
        let sample = try SampleRepository()
        var random = SeededRandom(named: "indexesOnTheWay")
        // The clock moves with each pack, not with a test's own thread.
        let clock = sample.clock
        let watched = WatchedStorage(
            sample.storage, before: { if $0.kind == .write, $0.object.hasPrefix("data/") { clock.advance(by: .seconds(61)) } })
        let writer = try sample.reopened(through: watched).beginWriting(options)
        let sealer = try writer.makeSealer()
        for _ in 0..<300 { _ = try random.bytes(20_000).withUnsafeBytes { try writer.save($0, as: .data, using: sealer) } }
        let totals = try writer.finish()
        #expect(totals.packs >= 5)
        #expect(totals.indexes >= 3 && totals.indexes <= totals.packs)
        #expect(try sample.names("index").count == totals.indexes)
        expectSound(sample.repository)
    }

    @Test("A writer that is dropped without an end leaves no threads behind")
    func droppedWriter() throws {
        let ended = Event()
        let sample = try SampleRepository()
        do {
            let token = Token(ended)
            let watched = WatchedStorage(sample.storage, before: { _ in _ = token })
            let writer = try sample.reopened(through: watched).beginWriting(options)
            _ = try writer.save(SampleTree(files: ["a": [1]]), using: writer.makeSealer())
        }
        #expect(ended.wait(atMost: .seconds(20)))
    }

    @Test("Stored blobs are taken over from another repository as they are, also into one of version 1")
    func takenOver() throws {
        let source = try SampleRepository()
        var random = SeededRandom(named: "takenOver")
        let blobs = [random.text(50_000), random.bytes(50_000), []]
        let writer = try source.repository.beginWriting()
        let ids = try blobs.map { blob in
            try blob.withUnsafeBytes { try writer.save($0, as: .data, using: writer.makeSealer()).id }
        }
        _ = try writer.finish()
        let index = try source.repository.loadIndex()
        for version in 1...2 {
            let target = version == 1 ? try SampleRepository.version1() : try SampleRepository()
            let writer = try target.repository.beginWriting()
            let sealer = try writer.makeSealer()
            let opener = try index.makeOpener()
            for id in ids {
                let saved = try index.withStoredBlob(id, .data, using: opener) {
                    try writer.saveStored(id, .data, $0, uncompressedLength: $1, using: sealer)
                }
                #expect(saved.isNew)
            }
            _ = try writer.finish()
            let copied = try target.repository.loadIndex()
            for (id, blob) in zip(ids, blobs) {
                #expect(try copied.withBlob(id, .data, using: target.repository.makeOpener()) { Array($0) } == blob)
                #expect(version == 2 || copied.locate(id, .data)?.uncompressedLength == nil)
            }
            expectSound(target.repository)
        }
    }
}
