import HostIO
import ObjectStorage
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct ReadAheadTests {
    private let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }

    private func name(_ text: String = "data/ab/pack") throws -> ObjectName { try #require(ObjectName(text)) }

    private func storages(memory: Int = 3000) throws -> (ahead: ReadAheadStorage, base: FaultyStorage) {
        let base = FaultyStorage(MemoryStorage())
        try base.write(name(), bytes)
        return (ReadAheadStorage(base, window: 1000, memory: memory), base)
    }

    private func read(_ storage: any ObjectStorage, _ offset: Int, _ count: Int, of object: String = "data/ab/pack") throws -> [UInt8] {
        var piece = [UInt8](repeating: 0, count: count)
        try piece.withUnsafeMutableBytes { try storage.read(name(object), from: UInt64(offset), into: $0) }
        return piece
    }

    private func reads(_ base: FaultyStorage) -> [Int] { base.log.filter { $0.kind == .read }.map(\.bytes) }

    @Test(arguments: ObjectStorageContract.clauses) func theContractIsKept(clause: ObjectStorageContract.Clause) throws {
        try clause.check(ReadAheadStorage(MemoryStorage(), window: 1000, memory: 3000))
        try clause.check(ReadAheadStorage(MemoryStorage()))
    }

    @Test func fromTheThirdReadOnPiecesComeOutOfWindows() throws {
        let (ahead, base) = try storages()
        for start in stride(from: 0, to: 10_000, by: 100) { #expect(try read(ahead, start, 100) == Array(bytes[start..<start + 100])) }
        #expect(reads(base) == [100, 100] + [Int](repeating: 1000, count: 10))
    }

    @Test func piecesOverTheEdgeOfAWindowAreWhole() throws {
        let (ahead, base) = try storages()
        var random = SeededRandom(named: "edges")
        for _ in 0..<300 {
            let start = Int.random(in: 0...bytes.count, using: &random)
            let count = Int.random(in: 0...min(2500, bytes.count - start), using: &random)
            #expect(try read(ahead, start, count) == Array(bytes[start..<start + count]))
        }
        #expect(reads(base).contains(1000))
    }

    @Test func aPieceThatIsAskedForAgainIsReadAnew() throws {
        let (ahead, base) = try storages()
        for start in [0, 100, 200, 300] { _ = try read(ahead, start, 100) }
        base.clearLog()
        #expect(try read(ahead, 300, 100) == Array(bytes[300..<400]))
        #expect(reads(base) == [100])
    }

    @Test func largePiecesPassThrough() throws {
        let (ahead, base) = try storages()
        for start in [0, 1, 2, 3, 4] { _ = try read(ahead, start, 1000) }
        #expect(reads(base) == [Int](repeating: 1000, count: 5))
    }

    @Test func windowsAreDroppedWhenMemoryIsFull() throws {
        let (ahead, base) = try storages(memory: 2000)
        for start in [0, 1, 2, 1000, 2000, 3000, 3001] { _ = try read(ahead, start, 10) }
        base.clearLog()
        _ = try read(ahead, 3002, 10)
        _ = try read(ahead, 2001, 10)
        #expect(reads(base).isEmpty)
        _ = try read(ahead, 3, 10)
        #expect(reads(base) == [1000])
    }

    @Test func whatIsRemovedOrReplacedIsNotGivenAnyMore() throws {
        let (ahead, _) = try storages()
        for start in 0..<5 { _ = try read(ahead, start, 10) }
        try ahead.remove(name())
        #expect(throws: StorageError.self) { try read(ahead, 6, 10) }
        try ahead.write(name(), [UInt8](repeating: 9, count: 10_000))
        for start in 0..<5 { #expect(try read(ahead, start + 7, 10) == [UInt8](repeating: 9, count: 10)) }
        try ahead.replace(name(), [UInt8](repeating: 8, count: 10_000))
        for start in 0..<5 { #expect(try read(ahead, start + 20, 10) == [UInt8](repeating: 8, count: 10)) }
    }

    @Test func aWindowThatFailsIsReadAgainByTheNextWhoWantsIt() throws {
        let (ahead, base) = try storages()
        for start in [0, 1] { _ = try read(ahead, start, 10) }
        base.inject(Fault([.read], .fail(.inputOutput)))
        let error = #expect(throws: StorageError.self) { try read(ahead, 2, 10) }
        #expect(error?.kind == .inputOutput)
        #expect(try read(ahead, 3, 10) == Array(bytes[3..<13]))
        let end = #expect(throws: StorageError.self) { try read(ahead, 9_995, 10) }
        #expect(end?.kind == .truncated)
    }

    @Test func threadsThatWantOneWindowReadItOnce() throws {
        let (ahead, base) = try storages()
        for start in [0, 1] { _ = try read(ahead, start, 10) }
        base.clearLog()
        try runWorkers(8, named: "ahead") { worker in
            for round in 0..<20 {
                let start = 100 + worker * 20 + round
                let piece = try read(ahead, start, 7)
                #expect(piece == Array(bytes[start..<start + 7]))
            }
        }
        #expect(reads(base) == [1000])
    }
}

extension ObjectStorage {
    fileprivate func replace(_ name: ObjectName, _ bytes: [UInt8]) throws {
        try withBuffers([bytes]) { try replace(name, $0) }
    }
}
