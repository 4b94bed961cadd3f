import HostIO
import Model
import ObjectStorage
import ResticFormat
import TestSupport
import Testing

@testable import RepositoryEngine

/// A repository on a disk in which somebody without the password puts other things in the place of objects.
@Suite(.timeLimit(.minutes(2))) struct HostileObjectTests {
    private static let zeros = String(repeating: "0", count: 64)

    enum Place: String, CaseIterable, Sendable {
        case config, key, otherKey, index, otherIndex, snapshot, otherSnapshot, lock, pack, mark, damage
        case keys, data, indexes, snapshots, locks, marks
    }

    private let directory: TemporaryDirectory
    private let host = Host.forTests()
    private let snapshot: SnapshotID

    init() throws {
        directory = try TemporaryDirectory.inMemory()
        let storage = try DirectoryStorage.create(at: directory.path)
        let repository = try OpenRepository.create(in: storage, password: SampleRepository.password, cost: .quick, host: host)
        snapshot = try repository.backUp(SampleTree(files: ["a": [1, 2, 3], "b": [UInt8](repeating: 7, count: 5000)])).id
    }

    private func first(_ folder: String) throws -> String {
        try #require(try DirectoryStorage(directory.path).list(folder).map(\.name.text).min())
    }

    private func path(_ place: Place) throws -> String {
        let name =
            switch place {
            case .config: "config"
            case .key: try first("keys")
            case .otherKey: "keys/\(Self.zeros)"
            case .index: try first("index")
            case .otherIndex: "index/\(Self.zeros)"
            case .snapshot: "snapshots/\(snapshot.hex)"
            case .otherSnapshot: "snapshots/\(Self.zeros)"
            case .lock: "locks/\(Self.zeros)"
            case .pack: try first("data")
            case .mark: "holdfast/doomed/\(Self.zeros)"
            case .damage: "holdfast/damaged/\(Self.zeros)"
            case .keys, .data, .snapshots, .locks: place.rawValue
            case .indexes: "index"
            case .marks: "holdfast/doomed"
            }
        return directory.file(name)
    }

    /// Everything that reads a repository, each on its own. What cannot be done is an error that says what to do.
    private func use() -> [Failure] {
        var failures: [Failure] = []
        func attempt(_ body: () throws -> Void) { do { try body() } catch { failures.append(Failure(describing: error)) } }
        func open() throws -> OpenRepository {
            try OpenRepository.open(DirectoryStorage(directory.path), password: SampleRepository.password, host: host)
        }
        attempt { _ = try open().snapshots() }
        attempt { _ = try open().loadIndex() }
        attempt { _ = try open().check(data: .all) }
        attempt { try open().lock(.write).release() }
        return failures
    }

    @Test(arguments: HostileEntry.allCases, Place.allCases)
    func `whatever lies in the place of an object is found out at once, without memory`(entry: HostileEntry, place: Place) throws {
        let path = try path(place)
        try makeDirectories(Path.parent(path))
        try entry.place(at: path)
        let start = host.clock.monotonicNanoseconds()
        let failures = use()
        #expect(host.clock.monotonicNanoseconds() - start < 10_000_000_000)
        #expect(failures.allSatisfy { $0.hint != nil && $0.code != .internal }, "\(failures)")
        switch place {
        case .config, .key: #expect(failures.count == 4)
        // Nobody needs it.
        case .otherKey, .lock, .mark, .damage, .otherSnapshot, .otherIndex:
            #expect(failures.isEmpty || entry == .link || entry == .linkToNothing, "\(failures)")
        case .keys, .data, .indexes, .snapshots, .locks, .marks: #expect(entry == .directory || !failures.isEmpty)
        default: break
        }
    }

    @Test(arguments: [HostileEntry.fifo, .socket, .device, .directory, .link, .linkToNothing, .sparse, .empty, .garbage, .deep])
    func `a snapshot that was replaced is told in the listing`(entry: HostileEntry) throws {
        try entry.place(at: path(.snapshot))
        let listing = try OpenRepository.open(DirectoryStorage(directory.path), password: SampleRepository.password, host: host).snapshots()
        #expect(listing.snapshots.isEmpty && listing.unreadable.map(\.id) == [snapshot])
    }

    @Test(arguments: [HostileEntry.fifo, .socket, .directory, .link, .sparse, .empty, .garbage]) func `a pack that was replaced is damaged`(
        entry: HostileEntry
    ) throws {
        try entry.place(at: path(.pack))
        let repository = try OpenRepository.open(DirectoryStorage(directory.path), password: SampleRepository.password, host: host)
        #expect(try !repository.check(data: .all).problems.isEmpty)
    }
}
