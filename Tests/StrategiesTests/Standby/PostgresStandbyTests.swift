import Clusters
import Glibc
import HostIO
import Model
import Snapshots
import Standby
import StoreContract
import TestSupport
import Testing

@Suite(.enabled(if: PostgresServer.isInstalled), .timeLimit(.minutes(10))) struct PostgresStandbyTests {
    private let sites: PostgresSites

    init() throws { sites = try PostgresSites() }

    /// The file of the large table, which does not change.
    private func bulk(_ server: PostgresServer) throws -> FileStatus { try #require(try statusOfPath(Path.join(server.data, sites.bulk))) }

    @Test func `a standby keeps the files of a server that is down, and opens them with every commit up to its point`() throws {
        try sites.backup("first")
        let plan = try sites.standby("b").prepareStart(from: sites.nas, of: "acme").plan
        #expect(plan.warnings.isEmpty && plan.checks.contains { $0.contains("catalog is kept as its files") }, "\(plan)")

        try breakOffStart()
        let first = try sites.start("b").sync
        try expectClosed()
        let status = try sites.standby("b").status()
        #expect(status.forms.map(\.form) == [.physical] && status.record.applied?.name.text == "first")
        #expect(try sites.site("b").adapter(for: sites.site("b").file.stores[0]).open().version == "15")

        let (point, commits) = try writeAroundBackup("second")
        let before = try bulk(sites.b)
        let second = try sites.sync("b")
        let written = (first.stores[0].changes.bytesWritten, second.stores[0].changes.bytesWritten)
        #expect(written.1 < written.0 / 2 && first.stores[0].isEqual && second.stores[0].isEqual, "\(written) \(second.stores[0].check)")
        let after = try bulk(sites.b)
        #expect(before.inode == after.inode && before.changed == after.changed, "a file that did not change was touched")
        #expect(second.bytesFetched < 2 << 20, "\(second.bytesFetched)")
        try expectClosed()
        try undoDamage()
        let rehearsal = try sites.standby("b").rehearse(at: nil, job: JobControl())
        let proofs = try #require(rehearsal.stores.first).proofs
        #expect(rehearsal.verdict == .passed && proofs.contains("pg_amcheck finds nothing"), "\(rehearsal)")
        #expect(proofs.contains("a server of PostgreSQL recovers from the files and serves them") && !sites.b.isRunning)

        try promoteInTwoTries()
        try expectCommits(commits, upTo: point)
        try sites.b.program("pg_amcheck", ["--all", "--install-missing", "--heapallindexed"])
        try failBack()
    }

    /// Into a place where nothing is, while the files are written; the same command goes on.
    private func breakOffStart() throws {
        try sites.b.stop()
        try removeTree(sites.b.data)
        let prepared = try sites.standby("b").prepareStart(from: sites.nas, of: "acme")
        let (job, guarded) = (JobControl(), Path.join(sites.b.data, "PG_VERSION.holdfast-restoring"))
        let watcher = try WorkerThread(named: "cancel") {
            while try statusOfPath(guarded) == nil { sched_yield() }
            job.cancel()
        }
        #expect(#expect(throws: Failure.self) { try sites.standby("b").start(prepared, job: job) }?.code == .cancelled)
        try watcher.join()
        #expect(throws: (any Error).self) { try sites.b.start() }
        #expect(try sites.standby("b").status().record.applying?.name.text == "first")
    }

    /// Nobody can open it.
    private func expectClosed() throws {
        #expect(!sites.b.isRunning)
        #expect(throws: (any Error).self) { try sites.b.start() }
        #expect(!sites.b.isRunning)
    }

    /// A page that somebody has written, with the size and the time of before.
    private func undoDamage() throws {
        let file = Path.join(sites.b.data, sites.bulk)
        let damage = "touch -r '\(file)' kept; printf x | dd of='\(file)' bs=1 seek=9000 conv=notrunc status=none; touch -r kept '\(file)'"
        #expect(try ChildProcess(["/bin/sh", "-c", damage], workingDirectory: sites.home.path).run().succeeded)
        let undone = try sites.sync("b")
        #expect(undone.writes.map(\.store) == ["catalog"] && undone.stores.allSatisfy(\.isEqual), "\(undone.writes)")
        #expect((1..<100_000).contains(undone.stores[0].changes.bytesWritten), "\(undone.stores[0].changes)")
    }

    private func writeAroundBackup(_ name: String) throws -> (StoreRecord, [NumberedCommits.Commit]) {
        let writer = try NumberedCommits(into: sites.a)
        writer.wait(for: 50)
        let entry = try sites.backup(name)
        return (try #require(entry.manifest.store(named: "catalog")), try writer.end())
    }

    /// The server does not start at first.
    private func promoteInTwoTries() throws {
        try AtomicFile.write([], to: sites.obstacle)
        #expect(#expect(throws: Failure.self) { try sites.promote("b") }?.code == .store)
        #expect(try !sites.b.isRunning && sites.site("b").standing().role == .standby)
        try removeTree(sites.obstacle)
        let outcome = try sites.promote("b")
        #expect(outcome.point.name.text == "second" && outcome.promotion.isDone(.start) && sites.b.isRunning)
        #expect(try sites.site("b").standing().role == .active)
    }

    private func expectCommits(_ commits: [NumberedCommits.Commit], upTo point: StoreRecord) throws {
        let numbers = try sites.numbers(sites.b)
        #expect(numbers == Array(1...max(1, numbers.count)))
        #expect(commits.filter { $0.ended < point.began }.allSatisfy { $0.number <= numbers.count }, "a commit is missing")
        #expect(commits.filter { $0.began > point.ended }.allSatisfy { $0.number > numbers.count }, "something came after the point")
        #expect(commits.count > numbers.count && numbers.count > 40, "this proves nothing: \(numbers.count) of \(commits.count)")
    }

    /// The files of the old primary are used; a backup without its files is loaded as dumps.
    private func failBack() throws {
        try sites.b.sql("CREATE TABLE on_b AS SELECT 1 AS id", in: "acme")
        try sites.backup("third", from: "b")
        let before = try bulk(sites.a)
        try sites.a.stop()
        let refusal = #expect(throws: Failure.self) { try sites.start("a") }
        #expect(refusal?.code == .refused && refusal?.message.contains("cannot be saved") == true, "what diverged would be lost")
        try sites.a.start()
        let back = try sites.start("a")
        #expect(!sites.a.isRunning && back.divergence != nil && back.sync.stores[0].isEqual)
        let after = try bulk(sites.a)
        #expect(before.inode == after.inode && before.modified == after.modified)
        try sites.backup("fourth", .portable, from: "b")
        let portable = try sites.standby("a").prepareStart(from: sites.nas, of: "acme").plan
        #expect(portable.warnings.contains { $0.contains("catalog") && $0.contains("--physical") }, "\(portable.warnings)")
        let sync = try sites.sync("a")
        #expect(sync.stores.map(\.name) == ["catalog"] && sites.a.isRunning)
        #expect(try sites.standby("a").status().forms.map(\.obstacle) == [KeptForm.noPhysicalForm])
        #expect(try sites.a.sql("SELECT id FROM on_b", in: "acme") == "1\n" && sites.numbers(sites.a) == sites.numbers(sites.b))
    }
}
