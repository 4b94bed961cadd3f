import Glibc
import HostIO
import ObjectStorage
import RepositoryEngine
import TestSupport
import Testing

@testable import Clusters

@Suite struct BallastTests {
    private static let piece: UInt64 = 512 << 10
    private let host = Host.forTests()

    @Test(
        arguments: [
            (0, nil, 48), (1 << 20, nil, 48), (16 << 20, nil, 48), (17 << 20, nil, 51), (160 << 20, nil, 480), (0, 1 << 40, 48),
            (0, 384 << 20, 48),
            (1 << 40, nil, 3072), (.max, nil, 3072), (0, 200 << 20, 25), (160 << 20, 200 << 20, 25), (0, 8 << 20, 1), (0, 7 << 20, 0),
            (0, 0, 0),
        ] as [(UInt64, UInt64?, Int)])
    func `it grows with the index, and takes a sixteenth of the room at most`(_ indexBytes: UInt64, _ room: UInt64?, _ pieces: Int) {
        #expect(Ballast.pieces(of: Self.piece, indexBytes: indexBytes, room: room) == pieces)
    }

    @Test func `sizes of files that are no index count for nothing`() throws {
        let place = try TemporaryDirectory()
        let folder = try place.folder("index")
        for (name, size) in [
            (String(repeating: "d", count: 64), 100 << 30), ("rubbish", 1 << 20), (String(repeating: "e", count: 64), 1 << 20),
        ] as [(String, Int64)] {
            try AtomicFile.write([], to: "\(folder)/\(name)")
            #expect(truncate("\(folder)/\(name)", off_t(size)) == 0)
        }
        #expect(try DirectoryStorage(place.path).indexBytes() == 1 << 20)
    }

    @Test func `what is missing is made, what is there stays`() throws {
        let storage = MemoryStorage(capacity: 128 << 20)
        let ballast = Ballast(storage: storage, pieceBytes: Self.piece, host: host)
        try ballast.fill()
        #expect(try ballast.bytes() == 16 * Self.piece)
        let before = storage.objects
        try ballast.fill()
        #expect(storage.objects == before)
        #expect(try ballast.giveUp(3))
        #expect(try ballast.bytes() == 13 * Self.piece)
        try ballast.fill()
        #expect(Set(storage.objects.keys) == Set(before.keys))
        #expect(try ballast.giveUp(100))
        #expect(try !ballast.giveUp(1))
        #expect(storage.objects.isEmpty)
    }

    @Test func `a full place gives none, and asking for it does no harm`() throws {
        let full = MemoryStorage([ObjectName(known: "data/00"): [UInt8](repeating: 1, count: 1 << 20)], capacity: 1 << 20)
        BallastedStorage(full, objectSize: 16 << 20, host: host).keepBallast()
        #expect(full.objects.count == 1)
        let readOnly = BallastedStorage(ReadOnlyStorage(MemoryStorage()), objectSize: 16 << 20, host: host)
        readOnly.keepBallast()
    }

    /// A place of which nothing but the ballast is left.
    private func full() throws -> (MemoryStorage, BallastedStorage) {
        let roomy = MemoryStorage(capacity: 128 << 20)
        try Ballast(storage: roomy, pieceBytes: Self.piece, host: host).fill()
        let full = MemoryStorage(roomy.objects, capacity: 16 * Self.piece)
        return (full, BallastedStorage(full, objectSize: 16 << 20, host: host))
    }

    @Test func `it is given up while room is freed, piece by piece, and at no other time`() throws {
        let (full, storage) = try full()
        let small = ObjectName(known: "locks/1")
        #expect { try storage.write(small, [1]) } throws: { ($0 as? StorageError)?.kind == .noSpace }
        #expect(try storage.ballastBytes() == 16 * Self.piece)
        storage.beginFreeing()
        try storage.write(small, [1])
        #expect(try storage.ballastBytes() == 15 * Self.piece)
        try storage.write(ObjectName(known: "data/1"), [UInt8](repeating: 7, count: 3 << 20))
        #expect(try storage.ballastBytes() == 8 * Self.piece)
        let tooLarge = ObjectName(known: "data/2")
        #expect { try storage.write(tooLarge, [UInt8](repeating: 7, count: 9 << 20)) } throws: { ($0 as? StorageError)?.kind == .noSpace }
        #expect(full.objects[tooLarge] == nil)
        storage.endFreeing()
        #expect { try storage.write(ObjectName(known: "data/3"), [UInt8](repeating: 7, count: 9 << 20)) } throws: {
            ($0 as? StorageError)?.kind == .noSpace
        }
    }

    @Test func `other failures leave it alone`() throws {
        let roomy = MemoryStorage(capacity: 128 << 20)
        try Ballast(storage: roomy, pieceBytes: Self.piece, host: host).fill()
        let faulty = FaultyStorage(roomy, faults: [Fault([.write], below: "locks/", times: nil, .fail(.inputOutput))])
        let storage = BallastedStorage(faulty, objectSize: 16 << 20, host: host)
        storage.beginFreeing()
        #expect { try storage.write(ObjectName(known: "locks/1"), [1]) } throws: { ($0 as? StorageError)?.kind == .inputOutput }
        #expect(try storage.ballastBytes() == 16 * Self.piece)
    }
}
