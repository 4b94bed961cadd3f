import HostIO
import Model
import ObjectStorage
import ResticFormat
import Testing
import TestSupport

@testable import RepositoryEngine

@Suite(.timeLimit(.minutes(10)))
struct LockTests {
    /// A lock file as restic writes it, by somebody on another host.
    private func putResticLock(_ sample: SampleRepository, exclusive: Bool, host: String = "elsewhere", pid: Int64 = 1) throws -> LockID {
        let file = LockFile(
            time: NodeTime(sample.clock.now()), isExclusive: exclusive, hostname: host, username: "restic", processID: pid)
        return try sample.repository.files.write(file.encoded(), as: LockNamed.self, name: RepositoryNames.lock)
    }

    private func isRefused(_ sample: SampleRepository, _ purpose: LockPurpose) throws -> Bool {
        do {
            try sample.repository.lock(purpose).release()
            return false
        } catch let error as RepositoryError {
            guard case .locked = error else { throw error }
            return true
        }
    }

    @Test("Among Holdfasts only two prunes exclude each other", arguments: LockPurpose.allCases, LockPurpose.allCases)
    func conflictMatrix(held: LockPurpose, wanted: LockPurpose) throws {
        let sample = try SampleRepository()
        let lock = try sample.repository.lock(held)
        #expect(try isRefused(sample, wanted) == (held == .prune && wanted == .prune))
        #expect(try sample.names("locks").count == 1)
        lock.release()
        #expect(try sample.names("locks").isEmpty)
        #expect(try !isRefused(sample, wanted))
    }

    @Test("An exclusive lock of restic excludes all, a plain one only a prune", arguments: LockPurpose.allCases, [false, true])
    func againstRestic(wanted: LockPurpose, exclusive: Bool) throws {
        let sample = try SampleRepository()
        _ = try putResticLock(sample, exclusive: exclusive)
        #expect(try isRefused(sample, wanted) == (exclusive || wanted == .prune))
        #expect(try sample.names("locks").count == 1)
    }

    @Test("Our locks are exclusive for restic only when we prune", arguments: LockPurpose.allCases)
    func asResticSeesThem(purpose: LockPurpose) throws {
        let sample = try SampleRepository()
        let lock = try sample.repository.lock(purpose)
        defer { lock.release() }
        let stored = try #require(try sample.repository.liveLocks().first)
        #expect(stored.file.isExclusive == (purpose == .prune))
        #expect(stored.file.processID == Int64(sample.host.processID))
        #expect(stored.file.hostname == "testhost")
        #expect(stored.session == lock.session)
        #expect(stored.owner.contains(purpose.rawValue))
    }

    /// A lock file as a Holdfast of this host's name leaves it; nil for `owner`: of a release before.
    private func putLock(_ sample: SampleRepository, pid: Int64, _ owner: LockFile.Owner?) throws {
        var file = LockFile(
            time: NodeTime(sample.clock.now()), isExclusive: true, hostname: "testhost", username: "tester", processID: pid)
        (file.program, file.purpose, file.owner) = ("holdfast", "prune 0123456789abcdef", owner)
        _ = try sample.repository.files.write(file.encoded(), as: LockNamed.self, name: RepositoryNames.lock)
    }

    private static let deadNumber: Int64 = 4_194_304 + 7

    @Test("A lock whose process is proven to have ended is removed: its number is free, or another's by now")
    func provenDead() throws {
        let sample = try SampleRepository()
        let own = try #require(sample.host.process)
        let here = OpenRepository.owner(own)
        try putLock(sample, pid: Self.deadNumber, here)
        #expect(try !isRefused(sample, .prune))
        #expect(try sample.names("locks").isEmpty)
        var reused = here
        reused.started += 1
        try putLock(sample, pid: own.number, reused)
        #expect(try !isRefused(sample, .prune))
        #expect(try sample.names("locks").isEmpty)
        try putLock(sample, pid: own.number, here)
        #expect(try isRefused(sample, .prune))
    }

    @Test(
        "A lock that proves nothing here is believed until it is stale, whatever this host and its processes are called: of another container, of another run of the kernel, of a cloned machine, of before, of restic"
    )
    func notProven() throws {
        let sample = try SampleRepository()
        let own = try #require(sample.host.process)
        let here = OpenRepository.owner(own)
        // Cloned machines may share all but the machine's id.
        var (elsewhere, before, clone) = (here, here, here)
        elsewhere.namespaces = "pid:[4026532999] time:[4026531834]"
        before.boot = "another"
        clone.machine = "0123456789abcdef0123456789abcdef"
        let owners: [LockFile.Owner?] = [elsewhere, before, clone, nil]
        for owner in owners { try putLock(sample, pid: Self.deadNumber, owner) }
        _ = try putResticLock(sample, exclusive: true, host: "testhost", pid: Self.deadNumber)
        #expect(try sample.repository.liveLocks().count == 5)
        #expect(try isRefused(sample, .prune))
        #expect(try sample.repository.removeStaleLocks() == 0)
        sample.clock.advance(by: .seconds(1799))
        #expect(try sample.repository.liveLocks().count == 5)
        sample.clock.advance(by: .seconds(2))
        #expect(try !isRefused(sample, .prune))
        #expect(try sample.names("locks").count == 5, "a stale lock is passed over, not removed")
        #expect(try sample.repository.removeStaleLocks() == 5)
    }

    @Test("A lock of another host is believed until it is stale")
    func deadAndStale() throws {
        let sample = try SampleRepository()
        _ = try putResticLock(sample, exclusive: true)
        #expect(try isRefused(sample, .read))
        sample.clock.advance(by: .seconds(1799))
        #expect(try isRefused(sample, .read))
        sample.clock.advance(by: .seconds(2))
        #expect(try !isRefused(sample, .read))
        #expect(try sample.names("locks").count == 1, "a stale lock of another host is passed over, not removed")
        #expect(try sample.repository.removeStaleLocks() == 1)
        #expect(try sample.names("locks").isEmpty)
    }

    @Test("A clock that jumps back makes no lock stale, and one that is held is not lost by it")
    func clockJumpsBack() throws {
        let sample = try SampleRepository()
        let lock = try sample.repository.lock(.prune)
        sample.clock.set(sample.clock.now().adding(seconds: -1_000_000))
        #expect(try isRefused(sample, .prune))
        try lock.checkHeld()
        lock.release()
        #expect(try !isRefused(sample, .prune))
    }

    @Test("Empty, torn and foreign files among the locks lock nothing and are cleared away on demand")
    func unreadableLocks() throws {
        let sample = try SampleRepository()
        let other = try SampleRepository()
        let lock = try other.repository.lock(.prune)
        defer { lock.release() }
        let foreign = try #require(other.storage.objects.first { $0.key.text.hasPrefix("locks/") })
        try sample.storage.write(foreign.key, foreign.value)
        try sample.storage.write(ObjectName(known: "locks/" + String(repeating: "0", count: 64)), [])
        try sample.storage.write(ObjectName(known: "locks/" + String(repeating: "a", count: 64)), Array(foreign.value.prefix(50)))
        try sample.storage.write(ObjectName(known: "locks/notes.txt"), [1, 2, 3])
        for purpose in LockPurpose.allCases { #expect(try !isRefused(sample, purpose)) }
        #expect(try sample.repository.removeStaleLocks() == 3)
        #expect(try sample.names("locks") == [ObjectName(known: "locks/notes.txt")])
    }

    @Test("A refreshed lock stands in a new file, keeps its session, and is held on")
    func refresh() throws {
        let sample = try SampleRepository()
        let lock = try sample.repository.lock(.write)
        let before = try sample.names("locks")
        sample.clock.advance(by: .seconds(1300))
        try lock.refresh()
        try lock.checkHeld()
        let after = try sample.names("locks")
        #expect(after.count == 1 && after != before)
        sample.clock.advance(by: .seconds(600))
        #expect(try sample.repository.liveLocks().map(\.session) == [lock.session])
        lock.release()
        lock.release()
        #expect(try sample.names("locks").isEmpty)
    }

    @Test("A lock that others could have taken for stale stays lost, however often it is refreshed afterwards")
    func lostForGood() throws {
        let sample = try SampleRepository()
        let lock = try sample.repository.lock(.write)
        sample.clock.advance(by: .seconds(3600))
        #expect(try sample.repository.liveLocks().isEmpty)
        #expect(throws: RepositoryError.lockLost(location: "memory")) { try lock.refresh() }
        #expect(throws: RepositoryError.lockLost(location: "memory")) { try lock.checkHeld() }
        lock.release()
        #expect(try sample.names("locks").isEmpty)
    }

    @Test("A lock that is dropped is released, with the thread that refreshes it", arguments: LockPurpose.allCases)
    func dropped(purpose: LockPurpose) throws {
        let sample = try SampleRepository()
        let ended = Event()
        do {
            let token = Token(ended)
            let watched = WatchedStorage(sample.storage, before: { _ in _ = token })
            let lock = try sample.reopened(through: watched).lock(purpose)
            #expect(try sample.repository.liveLocks().map(\.session) == [lock.session])
        }
        #expect(try sample.names("locks").isEmpty)
        #expect(ended.wait(atMost: .seconds(20)), "something still holds the storage")
    }

    @Test("What is written keeps the lock that its index was loaded under, until it is released")
    func writersKeepTheirLock() throws {
        let sample = try SampleRepository()
        var writer: BlobWriter? = try sample.repository.lockForWriting().loadIndex().beginWriting()
        #expect(try sample.repository.liveLocks().map(\.session) == [writer?.lock.session])
        _ = try writer?.finish()
        #expect(try sample.names("locks").count == 1)
        writer = nil
        #expect(try sample.names("locks").isEmpty)
        let lock = try sample.repository.lockForWriting()
        let writable = try lock.loadIndex()
        lock.release()
        #expect(throws: RepositoryError.lockLost(location: "memory")) { try writable.beginWriting() }
        #expect(throws: RepositoryError.lockLost(location: "memory")) { try writable.lock.checkHeld() }
    }

    @Test("A refresh that fails leaves the old lock in place")
    func failedRefresh() throws {
        let sample = try SampleRepository()
        let faulty = FaultyStorage(sample.storage)
        let lock = try sample.reopened(through: faulty).lock(.write)
        let before = try sample.names("locks")
        faulty.inject(Fault([.write], .fail(.inputOutput)))
        #expect(throws: StorageError.self) { try lock.refresh() }
        #expect(try sample.names("locks") == before)
        lock.release()
        #expect(try sample.names("locks").isEmpty)
    }

    @Test("A lock that is refreshed between a listing and its reading is not missed")
    func refreshedWhileListed() throws {
        let sample = try SampleRepository()
        let lock = try sample.repository.lock(.write)
        defer { lock.release() }
        let left = Box<Int>()
        left.value = 2
        let watched = WatchedStorage(
            sample.storage,
            after: { operation in
                guard operation.kind == .list, operation.object == "locks", let rest = left.value, rest > 0 else { return }
                left.value = rest - 1
                #expect(throws: Never.self) { try lock.refresh() }
            })
        #expect(try sample.reopened(through: watched).liveLocks().map(\.session) == [lock.session])
        #expect(left.value == 0)
    }

    @Test("On a place that cannot be written, or is full, one can read and nothing else")
    func readOnlyPlaces() throws {
        let sample = try SampleRepository()
        let tree = SampleTree(files: ["a": [1, 2, 3]])
        let snapshot = try sample.repository.backUp(tree)
        let before = sample.storage.objects
        let full = MemoryStorage(before, capacity: before.values.reduce(0) { $0 + UInt64($1.count) })
        let forbidden = FaultyStorage(sample.storage, faults: [Fault([.write, .remove], times: nil, .fail(.permission))])
        for storage in [ReadOnlyStorage(sample.storage), full, forbidden] as [any ObjectStorage] {
            let repository = try sample.reopened(through: storage)
            let lock = try repository.lock(.read)
            #expect(try repository.restore(snapshot) == tree)
            try lock.refresh()
            try lock.checkHeld()
            #expect(throws: StorageError.self) { try repository.lock(.write) }
            #expect(throws: StorageError.self) { try repository.lock(.prune) }
            lock.release()
        }
        #expect(sample.storage.objects == before && full.objects == before)
    }

    @Test("Patience waits for a lock to go, and no longer than it was told")
    func patience() throws {
        let sample = try SampleRepository()
        let id = try putResticLock(sample, exclusive: true)
        let start = sample.clock.monotonicNanoseconds()
        #expect(throws: RepositoryError.self) { try sample.repository.lock(.write, patience: .seconds(10)) }
        let waited = sample.clock.monotonicNanoseconds() - start
        #expect(waited >= 10_000_000_000 && waited < 11_000_000_000)
        let storage = sample.storage
        let clock = sample.clock
        let end = clock.now().adding(seconds: 5)
        let watched = WatchedStorage(
            storage, before: { _ in if clock.now() > end { #expect(throws: Never.self) { try storage.remove(RepositoryNames.lock(id)) } } })
        try sample.reopened(through: watched).lock(.write, patience: .seconds(10)).release()
    }

    @Test("Of many who want to prune at once never two do, and with patience each has its turn")
    func manyPrunes() throws {
        let storage = MemoryStorage()
        let host = Host.forTests()
        let repository = try OpenRepository.create(in: storage, password: SampleRepository.password, cost: .quick, host: host)
        let inside = Monitor((now: 0, most: 0, total: 0))
        try runWorkers(3) { _ in
            let lock = try repository.lock(.prune, patience: .seconds(40))
            inside.change { $0 = ($0.now + 1, max($0.most, $0.now + 1), $0.total + 1) }
            inside.change { $0.now -= 1 }
            lock.release()
        }
        #expect(inside.read { $0.most } == 1)
        #expect(inside.read { $0.total } == 3)
        #expect(try storage.list("locks").isEmpty)
    }
}
