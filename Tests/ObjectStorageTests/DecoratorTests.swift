import HostIO
import Model
import ObjectStorage
import Synchronization
import TestSupport
import Testing

@Suite struct DecoratorTests {
    private func name(_ text: String) throws -> ObjectName { try #require(ObjectName(text)) }

    private func kind(_ body: () throws -> Void) -> StorageError.Kind? {
        #expect(throws: StorageError.self) { try body() }?.kind
    }

    @Test func theThirdWriteFailsAndOnlyThat() throws {
        let memory = MemoryStorage()
        let storage = FaultyStorage(memory, faults: [Fault([.write], from: 3, .fail(.noSpace))])
        try storage.write(name("a"), [1])
        try storage.write(name("b"), [1])
        #expect(kind { try storage.write(name("c"), [1]) } == .noSpace)
        try storage.write(name("d"), [1])
        #expect(memory.objects.keys.map(\.text).sorted() == ["a", "b", "d"])
        #expect(storage.log.map(\.object) == ["a", "b", "c", "d"])
        #expect(storage.changeCount == 4)
    }

    @Test func faultsAreLimitedToAFolder() throws {
        let storage = FaultyStorage(MemoryStorage(), faults: [Fault([.write, .list], below: "index", times: nil, .fail(.readOnly))])
        try storage.write(name("data/a"), [1])
        #expect(kind { try storage.write(name("index/a"), [1]) } == .readOnly)
        #expect(kind { _ = try storage.list("index") } == .readOnly)
        #expect(try storage.list("data").count == 1)
    }

    @Test func aTornWriteLeavesTheFirstBytes() throws {
        let memory = MemoryStorage()
        let storage = FaultyStorage(memory, faults: [Fault([.write], .tear(keeping: 3, .inputOutput))])
        #expect(kind { try withBuffers([[1, 2], [3, 4], [5]]) { try storage.write(name("a"), $0) } } == .inputOutput)
        #expect(memory.objects[try name("a")] == [1, 2, 3])
    }

    @Test func afterACrashNothingAnswersUntilHealed() throws {
        for effectTaken in [false, true] {
            let memory = MemoryStorage()
            let storage = FaultyStorage(memory)
            storage.crash(atChange: 2, effectTaken: effectTaken)
            try storage.write(name("a"), [1])
            #expect(kind { try storage.write(name("b"), [1]) } == .unreachable)
            #expect(kind { _ = try storage.list("a") } == .unreachable)
            #expect(kind { try storage.remove(name("a")) } == .unreachable)
            #expect(storage.hasCrashed)
            #expect(memory.objects.count == (effectTaken ? 2 : 1))
            storage.heal()
            try storage.remove(name("a"))
        }
    }

    @Test func aFlippedBitComesWithoutAnError() throws {
        let storage = FaultyStorage(MemoryStorage(), faults: [Fault([.read], .flipBit(at: 1))])
        try storage.write(name("a"), [1, 2, 3])
        #expect(try storage.read(name("a")) == [1, 3, 3])
        #expect(try storage.read(name("a")) == [1, 2, 3])
    }

    @Test func retriesPauseLongerEachTimeAndGiveUp() throws {
        let pauses = Mutex<[Duration]>([])
        let faulty = FaultyStorage(MemoryStorage(), faults: [Fault([.list], times: nil, .fail(.inputOutput))])
        let policy = RetryPolicy(attempts: 5, firstPause: .seconds(1), longestPause: .seconds(3))
        let storage = RetryingStorage(faulty, policy: policy, sleep: { pause in pauses.withLock { $0.append(pause) } })
        #expect(kind { _ = try storage.list("data") } == .inputOutput)
        #expect(pauses.withLock { $0 } == [.seconds(1), .seconds(2), .seconds(3), .seconds(3)])
        #expect(faulty.log.count == 5)
    }

    @Test func aPlaceThatStaysAwayIsWaitedForOnceUntilItIsBack() throws {
        let pauses = Mutex(0)
        let faulty = FaultyStorage(
            MemoryStorage(), faults: [Fault([.list], times: 7, .fail(.unreachable)), Fault([.size], times: nil, .fail(.unreachable))])
        let storage = RetryingStorage(faulty, policy: RetryPolicy(attempts: 5), sleep: { _ in pauses.withLock { $0 += 1 } })
        #expect(kind { _ = try storage.list("data") } == .unreachable)
        #expect(pauses.withLock { $0 } == 4)
        #expect(kind { _ = try storage.list("data") } == .unreachable)
        #expect(kind { _ = try storage.list("data") } == .unreachable)
        #expect(pauses.withLock { $0 } == 4)
        _ = try storage.list("data")
        #expect(kind { _ = try storage.size(of: name("a")) } == .unreachable)
        #expect(pauses.withLock { $0 } == 8)
    }

    @Test func nobodyWaitsForAPlaceWhenTheJobIsToStop() throws {
        let faulty = FaultyStorage(MemoryStorage(), faults: [Fault([.list], times: nil, .fail(.unreachable))])
        let storage = RetryingStorage(faulty, sleep: { _ in Issue.record("paused") }, goesOn: { false })
        #expect(kind { _ = try storage.list("data") } == .unreachable)
        #expect(faulty.log.count == 1)
    }

    @Test(arguments: [StorageError.Kind.noSpace, .readOnly, .permission, .notFound, .truncated]) func whatWillNotPassIsNotRetried(
        kind: StorageError.Kind
    ) throws {
        let faulty = FaultyStorage(MemoryStorage(), faults: [Fault([.write], times: nil, .fail(kind))])
        let storage = RetryingStorage(faulty, sleep: { _ in Issue.record("paused") })
        #expect(self.kind { try storage.write(name("a"), [1]) } == kind)
        #expect(faulty.log.count == 1)
    }

    @Test func aWriteThatSucceededUnheardIsOurs() throws {
        let memory = MemoryStorage()
        let faulty = FaultyStorage(memory, faults: [Fault([.write], .failAfterEffect(.unreachable))])
        try RetryingStorage(faulty, sleep: { _ in }).write(name("a"), [1, 2])
        #expect(memory.objects[try name("a")] == [1, 2])
        let other = FaultyStorage(MemoryStorage([try name("a"): [9]]), faults: [Fault([.write], .fail(.unreachable))])
        #expect(kind { try RetryingStorage(other, sleep: { _ in }).write(name("a"), [1, 2]) } == .exists)
    }

    @Test func aReadOnlyStorageIsReadAndNeverChanged() throws {
        let memory = MemoryStorage([try name("a"): [1]])
        let storage = ReadOnlyStorage(memory)
        #expect(try storage.read(name("a")) == [1])
        #expect(kind { try storage.write(name("b"), [1]) } == .readOnly)
        #expect(kind { try withBuffers([[2]]) { try storage.replace(name("a"), $0) } } == .readOnly)
        #expect(kind { try storage.remove(name("a")) } == .readOnly)
        #expect(memory.objects.count == 1)
    }

    @Test func memoryHasALimitAndCanBeDamaged() throws {
        let memory = MemoryStorage(capacity: 10)
        try memory.write(name("a"), [UInt8](repeating: 1, count: 8))
        #expect(kind { try memory.write(name("b"), [1, 2, 3]) } == .noSpace)
        try withBuffers([[1, 2]]) { try memory.replace(name("a"), $0) }
        try memory.write(name("b"), [1, 2, 3])
        #expect(try memory.space() == StorageSpace(free: 5, total: 10))
        #expect(memory.damage(try name("a")) { $0[0] = 7 })
        #expect(try memory.copy().read(name("a")) == [7, 2])
        #expect(!memory.damage(try name("none")) { _ in })
    }

    @Test(arguments: ["", "/a", "a//b", "a/", "../a", "a/./b", "a b", "ä", "a\0", String(repeating: "x", count: 241)])
    func namesThatSomeStorageCannotHoldAreRefused(text: String) { #expect(ObjectName(text) == nil) }
}
