import Archiving
import Glibc
import HostIO
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct InterruptedRestoreTests {
    private static let files = 300

    private func name(_ index: Int) -> String { "\(index % 7)/\(index)" }

    /// What a file holds in the image and before the restore; some are of several blobs.
    private func content(_ index: Int, _ age: String) -> [UInt8] {
        var random = SeededRandom(seed: UInt64(index) &* 2 + (age == "new" ? 1 : 0))
        return random.bytes(index % 50 == 0 ? 3 << 20 : 5000 + index)
    }

    private func write(_ path: String, _ age: String) throws {
        for folder in 0..<7 { try makeDirectories("\(path)/\(folder)") }
        for index in 0..<Self.files { try writeFile("\(path)/\(name(index))", content(index, age)) }
    }

    @Test(arguments: [1, 40, 150, 290]) func `a restore that stops in the middle leaves every file old or new, and the next one ends it`(
        after: Int
    ) throws {
        let folder = try TemporaryDirectory()
        let fixture = try ArchiveFixture()
        try write(folder.file("image"), "new")
        let outcome = try fixture.archive(folder.file("image"))
        let target = folder.file("target")
        try write(target, "old")
        let restore = fixture.restore(of: outcome, to: target)
        let plan = try restore.plan(job: JobControl())
        #expect(plan.replaced == Self.files)
        let job = JobControl()
        let watcher = try WorkerThread(named: "watcher") {
            while job.value(of: .filesDone) < after { sched_yield() }
            job.cancel()
        }
        // The wish may come when all is done.
        do { _ = try restore.apply(plan, job: job) } catch is Cancelled {}
        try watcher.join()
        for index in 0..<Self.files {
            let found = try readFile("\(target)/\(name(index))")
            #expect(found == content(index, "old") || found == content(index, "new"))
        }
        #expect(try shell("find '\(target)' -name '.holdfast*'") == "")
        try fixture.restoreNow(outcome, to: target)
        #expect(try TreePortrait.of(target) == TreePortrait.of(folder.file("image")))
    }

    @Test func `a restore into an empty place that stops in the middle is ended by the next one`() throws {
        let folder = try TemporaryDirectory()
        let fixture = try ArchiveFixture()
        try write(folder.file("image"), "new")
        let outcome = try fixture.archive(folder.file("image"))
        let restore = fixture.restore(of: outcome, to: folder.file("target"))
        let plan = try restore.plan(job: JobControl())
        let job = JobControl()
        let watcher = try WorkerThread(named: "watcher") {
            while job.value(of: .filesDone) < 100 { sched_yield() }
            job.cancel()
        }
        // The wish may come when all is done.
        do { _ = try restore.apply(plan, job: job) } catch is Cancelled {}
        try watcher.join()
        try fixture.restoreNow(outcome, to: folder.file("target"))
        #expect(try TreePortrait.of(folder.file("target")) == TreePortrait.of(folder.file("image")))
    }
}
