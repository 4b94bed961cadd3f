import HostIO
import Model
import ObjectStorage
import ResticFormat
import Testing
import TestSupport

@testable import RepositoryEngine

/// Whoever can write in a repository can put any number of key files of any cost there.
@Suite(.timeLimit(.minutes(2))) struct KeyTrialTests {
    private func file(n: UInt32, r: UInt32 = 8, p: UInt32 = 1, salt: UInt8 = 0) -> KeyFile {
        KeyFile(
            created: .epoch, username: "u", hostname: "h", cost: n, blockSize: r, parallelism: p, salt: [UInt8](repeating: salt, count: 64),
            data: [UInt8](repeating: salt, count: 200))
    }

    private func id(_ number: Int) -> KeyID { KeyID(words: SIMD4<UInt64>(0, 0, 0, UInt64(number))) }

    private func put(_ file: KeyFile, into storage: MemoryStorage) throws {
        let json = file.encoded()
        let id = try json.withUnsafeBytes { try Hasher256().hash($0, naming: KeyNamed.self) }
        try storage.write(RepositoryNames.key(id), json)
    }

    @Test func `two hundred key files of a gigabyte each cost nothing, and the password opens`() throws {
        let sample = try SampleRepository()
        for index in 0..<200 { try put(file(n: 1 << 20, p: 16, salt: UInt8(index)), into: sample.storage) }
        #expect(try sample.reopened().openedWith == sample.repository.openedWith)
        let failure = Failure(
            describing: try #require(throws: (any Error).self) {
                try OpenRepository.open(sample.storage, password: Password("wrong"), host: sample.host)
            })
        #expect(failure.code == .password && failure.cause?.contains("and 199 more") == true && failure.cause?.contains("keys/") == true)
    }

    @Test func `the one that opened last time is tried first, however many cheaper ones there are`() throws {
        let sample = try SampleRepository()
        for index in 0..<100 { try put(file(n: 2, r: 1, salt: UInt8(index)), into: sample.storage) }
        #expect(throws: RepositoryError.self) { try sample.reopened() }
        let known = sample.repository.openedWith
        let again = try OpenRepository.open(sample.storage, password: SampleRepository.password, first: known, host: sample.host)
        #expect(again.openedWith == known)
    }

    /// N, r and p.
    private static let costly: [[UInt32]] = [
        [524_288, 8, 1], [32_768, 1024, 1], [32_768, 8, 64], [3, 8, 1], [2_147_483_648, 1, 1], [.max, .max, .max], [2, 1, .max],
        [1_073_741_824, 1_048_576, 1024],
    ]

    @Test(arguments: costly) func `no key file is tried that asks for more than 256 MiB or for many seconds`(_ cost: [UInt32]) {
        var trials = KeyTrials(first: nil)
        trials.add(id(1), file(n: cost[0], r: cost[1], p: cost[2]))
        #expect(trials.choose().isEmpty)
        #expect(trials.skippedText?.contains("ask for too much") == true)
    }

    @Test func `what restic makes is tried, the cheapest first, twenty at most`() {
        var trials = KeyTrials(first: id(7))
        for index in 0..<40 { trials.add(id(index), file(n: 32_768, p: UInt32(30 - index % 8))) }
        let chosen = trials.choose()
        #expect(chosen.count < KeyTrials.most && chosen.first?.id.words.w == 7)
        let costs: [UInt32] = chosen.dropFirst().map(\.file.parallelism)
        #expect(costs == costs.sorted())
        var cheap = KeyTrials(first: nil)
        for index in 0..<40 { cheap.add(id(index), file(n: 32_768)) }
        #expect(cheap.choose().count == KeyTrials.most)
    }

    @Test func `a key file beyond its size is not read`() throws {
        let sample = try SampleRepository()
        try sample.storage.write(ObjectName(known: "keys/" + String(repeating: "0", count: 64)), [UInt8](repeating: 0, count: 20 << 10))
        #expect(try sample.reopened().openedWith == sample.repository.openedWith)
    }
}
