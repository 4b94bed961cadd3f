import Glibc
import HostIO
import TestSupport
import Testing

/// One directory of very many entries, and how much memory the program has for it.
@Suite(.timeLimit(.minutes(60)), .serialized) struct ManyEntriesTests {
    /// HOLDFAST_MANY_FILES: so many.
    private static let entries = environmentValue("HOLDFAST_MANY_FILES").flatMap { Int($0) } ?? 100_000

    private let folder: TemporaryDirectory
    private let cluster: SampleCluster

    init() throws {
        folder = try TemporaryDirectory.inMemory()
        cluster = try SampleCluster(in: folder, filled: false, .init(stores: ["uploads"]))
        try makeDirectories(cluster.root + "/uploads")
    }

    /// Links: their content is in the directory alone, so that nothing else takes time.
    private func fill(_ count: Int) throws {
        let place = try Descriptor.openDirectory(cluster.root + "/uploads")
        for index in 0..<count {
            try place.makeSymlink(Array("entry-\(index + 1_000_000_000)".utf8), to: Array("target \(index % 7)".utf8))
        }
    }

    private func peak(_ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation) throws -> Int {
        let outcome = try MeasuredProgram.run(arguments + ["-c", cluster.file])
        #expect(outcome.status == 0, "\(arguments)", sourceLocation: sourceLocation)
        return outcome.peak
    }

    /// `bytes`: for each entry beyond what the same takes for a store without any.
    private func expect(_ peak: Int, _ none: Int, bytes: Int, _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation) {
        let each = (peak - none) / Self.entries
        #expect(each <= bytes, "\(what): \(peak >> 20) MiB, and \(none >> 20) MiB without entries", sourceLocation: sourceLocation)
    }

    @Test func `a snapshot, a comparison and a check of one directory hold little of each entry`() throws {
        try cluster.succeed("cluster", "init")
        let none = try max(peak("snapshot", "create", "none"), peak("snapshot", "validate", "none"))
        try fill(Self.entries)
        expect(try peak("snapshot", "create", "first"), none, bytes: 700, "snapshot")
        try removeTree(cluster.root + "/uploads/entry-1000000003")
        expect(try peak("snapshot", "restore", "first", "--dry-run"), none, bytes: 150, "comparison")
        expect(try peak("snapshot", "validate", "first"), none, bytes: 150, "check")
        guard isLongRun else { return }
        expect(try peak("snapshot", "restore", "first", "--yes"), none, bytes: 900, "restore")
        #expect(try statusOfPath(cluster.root + "/uploads/entry-1000000003") != nil)
    }
}

/// The built `holdfast` as a process whose memory is watched.
private enum MeasuredProgram {
    struct Outcome {
        var status: Int32
        /// The most memory that it had at a time, in bytes: VmHWM, which only grows, as it was a hundredth of a second before the end or later.
        /// What wait4(2) gives is no less than what the process had that started it.
        var peak: Int
    }

    static func run(_ arguments: [String]) throws -> Outcome {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for stream: Int32 in 0...2 { posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_RDWR, 0) }
        var words = ([HoldfastProgram.path] + arguments).map { strdup($0) } + [nil]
        var variables = ChildProcess.minimalEnvironment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for word in words + variables { free(word) } }
        var process: pid_t = 0
        try #require(posix_spawn(&process, HoldfastProgram.path, &actions, nil, &words, &variables) == 0)
        var outcome = Outcome(status: -1, peak: 0)
        var status: Int32 = 0
        while waitpid(process, &status, WNOHANG) == 0 {
            outcome.peak = max(outcome.peak, memory(of: process))
            usleep(10_000)
        }
        if status & 0x7F == 0 { outcome.status = status >> 8 & 0xFF }
        return outcome
    }

    /// 0 when it has ended.
    private static func memory(of process: pid_t) -> Int {
        guard let bytes = try? AtomicFile.read("/proc/\(process)/status") else { return 0 }
        let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return (line.flatMap { Int($0.filter(\.isNumber)) } ?? 0) << 10
    }
}
