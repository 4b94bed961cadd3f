import Backups
import Clusters
import HostIO
import Model
import Snapshots
import TestSupport
import Testing

/// What was done to a cluster, as `jobs/` in its state knows it.
@Suite(.timeLimit(.minutes(5))) struct JobHistoryTests {
    private let place: TemporaryDirectory
    private let small: SmallCluster
    private let clock = ManualClock(Timestamp(seconds: 1_795_305_600))

    init() throws {
        place = try TemporaryDirectory.inMemory()
        small = try SmallCluster(in: place.path)
        _ = try small.load(host: .forTests(clock: clock)).initialize()
    }

    private var cluster: Cluster { get throws { try small.load(host: .forTests(clock: clock)) } }

    @Test func `a job has its number, its outcome and its log, and a failure says what next`() throws {
        _ = try Snapshots(cluster).create(SnapshotRequest("one"), job: JobControl())
        try removeTree("\(place.path)/srv/lake")
        #expect(throws: (any Error).self) { try Snapshots(cluster).create(SnapshotRequest("two"), job: JobControl(cause: "a test")) }
        let jobs = try cluster.jobs.list()
        #expect(jobs.map(\.number) == [1, 2] && jobs.map(\.command) == ["snapshot create one", "snapshot create two"])
        #expect(jobs.map(\.outcome) == [.done, .failed] && jobs[1].cause == "a test")
        #expect(jobs[1].code == .store && jobs[1].message?.contains("lake") == true)
        let log = try cluster.jobs.log(of: 1).map(\.text)
        #expect(log.first == "begun: snapshot create one, for \(jobs[0].cause)" && log.last?.hasPrefix("done in ") == true, "\(log)")
        #expect(log.contains("archiving") && log.contains { $0.hasPrefix("snapshot one: ") && $0.contains("skew") }, "\(log)")
        #expect(try cluster.jobs.log(of: 2).contains { $0.text.hasPrefix("failed: ") })
        #expect(#expect(throws: Failure.self) { try cluster.jobs.job(3) }?.code == .notFound)
    }

    @Test func `runs that were skipped stand there with the reason, for the policy that wanted them`() throws {
        let run = PolicyRun(slot: clock.now(), missed: 3, reason: "holdfast serve did not run")
        _ = try Snapshots(cluster).createPeriodic(run, job: JobControl(cause: "snapshot policy"))
        let jobs = try cluster.jobs.list()
        #expect(jobs.map(\.outcome) == [.skipped, .done])
        #expect(jobs[0].message == "3 runs had no time: holdfast serve did not run" && jobs[0].cause == "snapshot policy")
    }

    @Test func `a job whose process is gone is interrupted, and one that is there is not`() throws {
        let seen = try cluster.logging("long work", nil) { () throws -> JobRecord.Outcome? in
            try cluster.jobs.settle()
            return try cluster.jobs.list().last?.outcome
        }
        #expect(seen == .running)
        let folder = "\(place.path)/state/jobs"
        var dead = JobRecord(number: 7, command: "backup create x", cause: "root", process: 4711, began: clock.now())
        try AtomicFile.write(try dead.json(), to: "\(folder)/7.json")
        try AtomicFile.write(Array(JobLogLine("begun", at: clock.now()).stored.utf8), to: "\(folder)/7.log")
        #expect(try cluster.jobs.job(7).outcome == .interrupted)
        try cluster.jobs.settle()
        dead = try #require(JobRecord(json: try AtomicFile.read("\(folder)/7.json")))
        #expect(dead.outcome == .interrupted && dead.message?.contains("4711") == true && dead.ended == nil)
        _ = try Snapshots(cluster).create(SnapshotRequest("next"), job: JobControl())
        #expect(try cluster.jobs.list().last?.number == 8)
    }

    @Test func `a history that cannot be written or read stops nothing`() throws {
        try AtomicFile.write([], to: "\(place.path)/state/jobs")
        _ = try Snapshots(cluster).create(SnapshotRequest("one"), job: JobControl())
        #expect(try Snapshots(cluster).list().snapshots.count == 1)
        try removeTree("\(place.path)/state/jobs")
        try makeDirectories("\(place.path)/state/jobs")
        for name in ["1.log", "1.json", "x.log", "2.log"] { try AtomicFile.write(Array("{".utf8), to: "\(place.path)/state/jobs/\(name)") }
        #expect(try cluster.jobs.list().isEmpty && cluster.jobs.log(of: 1).isEmpty)
        _ = try Snapshots(cluster).create(SnapshotRequest("two"), job: JobControl())
        #expect(try cluster.jobs.list().map(\.number) == [3])
    }

    @Test func `old jobs go with their logs`() throws {
        let folder = "\(place.path)/state/jobs"
        try makeDirectories(folder)
        let record = try JobRecord(number: 1, command: "old", cause: "root", process: 1, began: clock.now()).json()
        for number in 1...1004 {
            try Descriptor.open("\(folder)/\(number).json", [.write, .create]).write(record)
            _ = try Descriptor.open("\(folder)/\(number).log", [.write, .create])
        }
        try cluster.logging("new", nil) {}
        let names = try Descriptor.openDirectory(folder).entries().map { String(decoding: $0.name, as: UTF8.self) }
        #expect(names.count == 2000 && names.contains("1005.json") && names.contains("6.log") && !names.contains("5.log"))
    }
}
