import HostIO
import Model
import ObjectStorage
import ResticFormat
import Testing
import TestSupport

@testable import RepositoryEngine

@Suite struct AccessTests {
    @Test("A new repository opens with its password and has its id")
    func createAndOpen() throws {
        let sample = try SampleRepository()
        let again = try sample.reopened()
        #expect(again.id == sample.repository.id)
        #expect(again.config.version == 2)
        #expect(ChunkerPolynomial.isValid(again.config.chunkerPolynomial))
        #expect(try again.snapshots().snapshots.isEmpty)
        expectSound(again)
    }

    @Test("Two repositories have nothing in common")
    func twoRepositories() throws {
        let first = try SampleRepository()
        let second = try SampleRepository()
        #expect(first.repository.id != second.repository.id)
        #expect(first.repository.config.chunkerPolynomial != second.repository.config.chunkerPolynomial)
        #expect(first.repository.key.encrypt != second.repository.key.encrypt)
    }

    @Test("A wrong password says so, and changes nothing")
    func wrongPassword() throws {
        let sample = try SampleRepository()
        let before = sample.storage.objects
        #expect(throws: RepositoryError.wrongPassword(location: "memory")) {
            try OpenRepository.open(sample.storage, password: Password("incorrect"), host: sample.host)
        }
        #expect(sample.storage.objects == before)
    }

    @Test("A place without a repository says so")
    func noRepository() {
        #expect(throws: RepositoryError.notARepository(location: "memory")) {
            try OpenRepository.open(MemoryStorage(), password: SampleRepository.password, host: .forTests())
        }
    }

    @Test("A repository is not made over another, nor over packs or snapshots without a config")
    func noSecondCreation() throws {
        let sample = try SampleRepository()
        try sample.repository.backUp(SampleTree(files: ["a": [1, 2, 3]]))
        let config = RepositoryNames.config
        for gone in [[], [config]] {
            let storage = sample.storage.copy()
            for name in gone { try storage.remove(name) }
            let before = storage.objects
            #expect(throws: RepositoryError.alreadyARepository(location: "memory")) {
                try OpenRepository.create(in: storage, password: Password("other"), cost: .quick, host: sample.host)
            }
            #expect(storage.objects == before)
        }
        for entry in try sample.storage.list("snapshots") { try sample.storage.remove(entry.name) }
        try sample.storage.remove(config)
        #expect(throws: RepositoryError.alreadyARepository(location: "memory")) {
            try OpenRepository.create(in: sample.storage, password: Password("other"), cost: .quick, host: sample.host)
        }
    }

    @Test("Two creations at once at one place leave one repository that opens")
    func racingCreations() throws {
        let storage = MemoryStorage()
        let host = Host.forTests()
        // The second creation runs as a whole between the first one's key and its config.
        let second = Box<Result<OpenRepository, any Error>>()
        let watched = WatchedStorage(
            storage,
            before: { operation in
                guard operation.kind == .write, operation.object == "config", second.value == nil else { return }
                second.value = Result { try OpenRepository.create(in: storage, password: Password("two"), cost: .quick, host: host) }
            })
        #expect(throws: RepositoryError.alreadyARepository(location: "memory")) {
            try OpenRepository.create(in: watched, password: Password("one"), cost: .quick, host: host)
        }
        let winner = try #require(try second.value?.get())
        #expect(try OpenRepository.open(storage, password: Password("two"), host: host).id == winner.id)
        #expect(try winner.keys().count == 1)
    }

    @Test("An interrupted creation is no repository, and the next one succeeds", arguments: 1...2, [false, true])
    func interruptedCreation(change: Int, effectTaken: Bool) throws {
        let storage = MemoryStorage()
        let faulty = FaultyStorage(storage)
        faulty.crash(atChange: change, effectTaken: effectTaken)
        #expect(throws: StorageError.self) {
            try OpenRepository.create(in: faulty, password: SampleRepository.password, cost: .quick, host: .forTests())
        }
        if change == 2, effectTaken {
            _ = try OpenRepository.open(storage, password: SampleRepository.password, host: .forTests())
            return
        }
        #expect(throws: RepositoryError.notARepository(location: "memory")) {
            try OpenRepository.open(storage, password: SampleRepository.password, host: .forTests())
        }
        let made = try OpenRepository.create(in: storage, password: SampleRepository.password, cost: .quick, host: .forTests())
        #expect(try made.keys().count == 1)
    }

    @Test("Each of several passwords opens the repository until its key is removed; the last key stays")
    func severalKeys() throws {
        let sample = try SampleRepository()
        let tree = SampleTree(files: ["a": Array("hello".utf8)])
        let snapshot = try sample.repository.backUp(tree)
        let other = Password("second one")
        let id = try sample.repository.addKey(other, cost: .quick)
        let opened = try OpenRepository.open(sample.storage, password: other, host: sample.host)
        #expect(opened.openedWith == id)
        #expect(try opened.restore(snapshot) == tree)
        #expect(try opened.keys().map(\.id).contains(id))
        #expect(try opened.keys().count == 2)
        try opened.removeKey(sample.repository.openedWith)
        #expect(throws: RepositoryError.wrongPassword(location: "memory")) { try sample.reopened() }
        #expect(throws: RepositoryError.lastKey) { try opened.removeKey(id) }
        #expect(throws: RepositoryError.unknownKey(sample.repository.openedWith.short)) {
            try opened.removeKey(sample.repository.openedWith)
        }
        #expect(try opened.restore(snapshot) == tree)
    }

    @Test("A damaged key file does not keep the others from opening; alone, it is named, and the remedy is a copy of any key file")
    func damagedKey() throws {
        let sample = try SampleRepository()
        let other = Password("second one")
        let id = try sample.repository.addKey(other, cost: .quick)
        #expect(sample.storage.damage(RepositoryNames.key(id)) { $0[20] ^= 4 })
        _ = try sample.reopened()
        let either = RepositoryError.wrongPasswordOrDamagedKey(name: RepositoryNames.key(id).text, location: "memory")
        #expect(throws: either) { try OpenRepository.open(sample.storage, password: other, host: sample.host) }
        #expect(either.failure.code == .password && either.failure.hint?.contains("copy the keys/ folder back") == true)
        let copy = sample.storage.copy()
        let only = RepositoryNames.key(sample.repository.openedWith)
        #expect(sample.storage.damage(only) { $0.removeLast() })
        let error = #expect(throws: RepositoryError.self) { try sample.reopened() }
        guard case .damagedKeys(_, "its bytes do not hash to its name", _) = error else {
            return #expect(Bool(false), "\(String(describing: error))")
        }
        #expect(error?.failure.code == .damaged)
        #expect(error?.failure.hint?.contains("copy the keys/ folder back") == true && error?.failure.hint?.contains("suffices") == true)
        for key in try sample.names("keys") { try sample.storage.remove(key) }
        #expect(throws: RepositoryError.noKeys(location: "memory")) { try sample.reopened() }
        // The remedy helps.
        try sample.storage.write(only, try copy.read(only))
        #expect(try sample.reopened().id == sample.repository.id)
    }

    @Test("A key file that cannot be read does not keep the others from opening; alone, its error is told")
    func unreadableKey() throws {
        let sample = try SampleRepository()
        let id = try sample.repository.addKey(Password("second one"), cost: .quick)
        let faulty = FaultyStorage(sample.storage)
        faulty.inject(Fault([.read], below: RepositoryNames.key(id).text, times: nil, .fail(.inputOutput)))
        _ = try sample.reopened(through: faulty)
        faulty.inject(Fault([.read], below: "keys/", times: nil, .fail(.inputOutput)))
        let error = #expect(throws: StorageError.self) { try sample.reopened(through: faulty) }
        #expect(error?.kind == .inputOutput)
    }

    @Test("A damaged, cut or lost config is one clear error, and a copy of it is the remedy")
    func damagedConfig() throws {
        let sample = try SampleRepository()
        try sample.repository.backUp(SampleTree(files: ["a": [1]]))
        let sound = try sample.storage.read(RepositoryNames.config)
        for count in [0, 10, 31, 40, sound.count] {
            let storage = sample.storage.copy()
            #expect(
                storage.damage(RepositoryNames.config) { bytes in
                    bytes.removeLast(bytes.count - count)
                    if count == sound.count { bytes[40] ^= 1 }
                })
            let error = #expect(throws: RepositoryError.self) { try sample.reopened(through: storage) }
            guard case .damagedConfig = error else { return #expect(Bool(false), "\(String(describing: error))") }
            #expect(error?.failure.code == .damaged && error?.failure.hint?.hasPrefix("copy config back") == true)
            try storage.remove(RepositoryNames.config)
            let lost = #expect(throws: RepositoryError.missingConfig(location: "memory")) { try sample.reopened(through: storage) }
            #expect(lost?.failure.code == .damaged && lost?.failure.hint?.hasPrefix("copy config back") == true)
            try storage.write(RepositoryNames.config, sound)
            #expect(try sample.reopened(through: storage).id == sample.repository.id)
        }
    }

    @Test("A password is never printed")
    func passwordsAreNotPrinted() {
        let password = Password("hunter2")
        #expect(!"\(password) \(String(reflecting: password)) \([password])".contains("hunter2"))
        var dumped = ""
        dump(password, to: &dumped)
        #expect(!dumped.contains("hunter2"))
    }

    @Test("A snapshot that cannot be read is listed as such, and the others are read")
    func unreadableSnapshot() throws {
        let sample = try SampleRepository()
        var made: [StoredSnapshot] = []
        for index in 0..<3 {
            sample.clock.advance(by: .seconds(60))
            made.append(try sample.repository.backUp(SampleTree(files: ["a": [UInt8(index)]])))
        }
        #expect(sample.storage.damage(RepositoryNames.snapshot(made[1].id)) { $0[5] ^= 1 })
        let listing = try sample.repository.snapshots()
        #expect(listing.snapshots == [made[0], made[2]])
        #expect(listing.unreadable.map(\.id) == [made[1].id])
        #expect(throws: Failure.self) { try sample.repository.planPrune(PruneOptions()) }
    }
}

/// A value that closures share; used by one thread at a time.
final class Box<Value>: @unchecked Sendable {
    // The tests that use it call back on the thread that they run on.
    var value: Value?
}
