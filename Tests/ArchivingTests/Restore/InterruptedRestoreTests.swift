import Archiving
import Glibc
import HostIO
import RepositoryEngine
import ResticFormat
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

    private static let own = [".holdfast-0123456789ab-1", ".holdfast-fedcba987654-4096"]
    private static let others = [
        ".holdfast-0123456789ab-", ".holdfast-0123456789ab-01", ".holdfast-0123456789AB-1", ".holdfast-0123456789ab-1x",
        ".holdfast-0123456789abc-1", ".holdfast-0123456789a-1", "a.holdfast-0123456789ab-1", ".holdfast-0123456789ab", ".holdfast-",
    ]

    /// Files and a directory with something in it, as a restore leaves them that was killed.
    private func leave(_ names: [String], in folder: String) throws {
        for name in names { try writeFile("\(folder)/\(name)", Array(name.utf8)) }
        try makeDirectories("\(folder)/.holdfast-0123456789ab-2/deep")
        try writeFile("\(folder)/.holdfast-0123456789ab-2/deep/file", [1])
    }

    @Test func `what a killed restore left is no part of an image, and the next restore removes it`() throws {
        let folder = try TemporaryDirectory()
        let fixture = try ArchiveFixture()
        let target = folder.file("target")
        for below in ["", "/sub"] {
            try makeDirectories(target + below)
            for name in Self.others { try writeFile("\(target)\(below)/\(name)", Array(name.utf8)) }
        }
        let before = try TreePortrait.of(target)
        let clean = try fixture.archive(target)
        for below in ["", "/sub"] { try leave(Self.own, in: target + below) }
        let littered = try fixture.archive(target)
        #expect(littered.totals.files == clean.totals.files && littered.totals.directories == clean.totals.directories)
        let plan = try fixture.restore(of: clean, to: target).plan(job: JobControl())
        #expect(plan.leftOvers == 6 && plan.deleted == 0 && plan.created == 0 && plan.replaced == 0 && !plan.isEmpty)
        #expect(plan.newestChange == nil && plan.examples.allSatisfy { !$0.contains("holdfast-0123456789ab-1") })
        try fixture.restoreNow(clean, to: target)
        #expect(try TreePortrait.of(target) == before)
        #expect(try fixture.restore(of: clean, to: target).plan(job: JobControl()).isEmpty)
    }

    @Test func `left-overs in an image of before are not restored`() throws {
        let folder = try TemporaryDirectory()
        let repository = try SampleRepository().repository
        let leftOvers = [".holdfast-0123456789ab-1": [UInt8(1)], "file": [2]]
        let tree = SampleTree(files: leftOvers, folders: ["sub": SampleTree(files: leftOvers), ".holdfast-0123456789ab-2": SampleTree()])
        let root = try repository.backUp(tree).file.tree
        let image = ImageTree.archived(ArchivedTree(repository: try repository.loadIndex(), id: root, node: nil))
        for name in ["empty", "filled"] {
            let target = try folder.folder(name)
            if name == "filled" { try writeFile("\(target)/.holdfast-0123456789ab-1", [3]) }
            let restore = TreeRestore(image: image, destination: target, host: .forTests())
            _ = try restore.apply(try restore.plan(job: JobControl()), job: JobControl())
            #expect(try shell("cd '\(target)' && find . -type f | sort") == "./file\n./sub/file\n")
        }
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
