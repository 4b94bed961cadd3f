import Backups
import Glibc
import HostIO
import Model
import Synchronization
import TestSupport
import Testing

private let canMountRemotely = SSHMount.isPossible("an analysis of a share whose server dies")

@Suite(.timeLimit(.minutes(5))) struct TargetAnalyzingTests {
    private static let tried = [
        "free space", "free inodes", "exclusive create", "atomic rename", "link or exclusive rename", "read after write", "fsync",
        "latency",
        "concurrent writers", "names", "permissions", "clock", "throughput",
    ]

    private func analyze(_ path: String, volume: Int = 16 << 20, clock: (any WallClock)? = nil) throws -> TargetAnalysis {
        try TargetAnalyzing(host: clock.map { .forTests(clock: $0) } ?? .current()).analyze(path, volume: volume, job: JobControl())
    }

    private func verdicts(_ analysis: TargetAnalysis) -> [String: TargetAnalysis.Verdict] {
        Dictionary(analysis.findings.map { ($0.probe, $0.verdict) }) { max($0, $1) }
    }

    @Test func `a directory on a disk does all that a target must, and nothing of the trying stays`() throws {
        let place = try TemporaryDirectory()
        let analysis = try analyze(place.path)
        let probes = analysis.findings.map(\.probe)
        #expect(Self.tried.allSatisfy(probes.contains), "\(probes)")
        let found = verdicts(analysis)
        for probe in [
            "exclusive create", "atomic rename", "link or exclusive rename", "read after write", "concurrent writers", "names",
            "permissions",
        ] {
            #expect(found[probe] == .good, "\(probe): \(analysis.findings)")
        }
        #expect(analysis.findings.allSatisfy { $0.verdict == .good || $0.remedy != nil }, "what is not good says what to do")
        #expect(try Descriptor.openDirectory(place.path).isEmptyDirectory())
    }

    @Test func `memory is not fit, and neither is what cannot be written or is not there`() throws {
        let memory = try TemporaryDirectory.inMemory()
        if try Descriptor.openDirectory(memory.path).fileSystemKind() == .tmpfs {
            let analysis = try analyze(memory.path)
            #expect(verdicts(analysis)["fsync"] == .unfit && analysis.verdict == .unfit)
        }
        let place = try TemporaryDirectory()
        #expect(#expect(throws: Failure.self) { try analyze(place.file("nothing")) }?.code == .notFound)
        try AtomicFile.write([1], to: place.file("file"))
        #expect(#expect(throws: Failure.self) { try analyze(place.file("file")) }?.code == .refused)
        // The kernel's own: nobody may write there, whoever it is.
        let analysis = try analyze("/proc/sys")
        #expect(analysis.verdict == .unfit && analysis.findings.last?.probe == "writing", "\(analysis.findings)")
    }

    @Test(.enabled(if: canMountRemotely))
    func `a share is tried through its mount, and one that dies in the middle is not fit and gets nothing written below it`() throws {
        let share = try SSHMount()
        let healthy = try analyze(share.path)
        #expect(healthy.verdict != .unfit, "\(healthy.findings)")
        let mount = try #require(healthy.findings.first)
        #expect(mount.probe == "mount" && mount.message.contains("fuse.sshfs") && mount.remedy?.contains("directory below it") == true)
        #expect(try Descriptor.openDirectory(share.backing).isEmptyDirectory())

        let result = Mutex<TargetAnalysis?>(nil)
        let path = share.path
        let running = try WorkerThread(named: "analysis") {
            let analysis = try TargetAnalyzing(host: .current()).analyze(path, volume: 4 << 30, job: JobControl())
            result.withLock { $0 = analysis }
        }
        while try !FileTree.files(below: share.backing).contains(where: { $0.hasSuffix("/pack-1") }) { sched_yield() }
        try share.die()
        try running.join()
        let died = try #require(result.withLock { $0 })
        let last = try #require(died.findings.last)
        #expect(died.verdict == .unfit && last.probe == "mount" && last.message.contains("went away"), "\(last)")
        #expect(try Descriptor.openDirectory(share.path).isEmptyDirectory(), "nothing may be written where nothing is mounted")
        // What it left there goes with an analysis an hour later.
        try share.connect()
        #expect(try !Descriptor.openDirectory(share.backing).isEmptyDirectory())
        let later = ManualClock(SystemClock().now().adding(seconds: 7200))
        #expect(try verdicts(analyze(share.path, clock: later))["clock"] == .unfit)
        #expect(try Descriptor.openDirectory(share.backing).isEmptyDirectory())
    }

    @Test(.enabled(if: canMountRemotely)) func `a share whose server does not answer keeps nobody waiting for ever`() throws {
        let share = try SSHMount()
        let result = Mutex<TargetAnalysis?>(nil)
        let path = share.path
        let running = try WorkerThread(named: "analysis") {
            let analysis = try TargetAnalyzing(host: .current(), patience: .seconds(10)).analyze(path, volume: 4 << 30, job: JobControl())
            result.withLock { $0 = analysis }
        }
        // Should it end too soon, that is told below.
        while result.withLock({ $0 == nil }), try !FileTree.files(below: share.backing).contains(where: { $0.hasSuffix("/pack-1") }) {
            sched_yield()
        }
        try share.freeze()
        try running.join()
        let last = try #require(result.withLock { $0?.findings.last })
        #expect(last.probe == "mount" && last.verdict == .unfit && last.message.contains("does not answer"), "\(last)")
        #expect(last.message.contains("throughput"))
        // Whoever waits for it can be told to stop, too.
        let job = JobControl()
        job.cancel()
        #expect(throws: Cancelled.self) { try TargetAnalyzing(host: .current()).analyze(path, volume: 16 << 20, job: job) }
        share.thaw()
        try share.die()
        #expect(try Descriptor.openDirectory(share.path).isEmptyDirectory(), "nothing may be written where nothing is mounted")
    }
}
