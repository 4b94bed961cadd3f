import Archiving
import Backups
import Clusters
import Foundation
import HostIO
import Model
import ObjectStorage
import RepositoryEngine
import ResticFormat
import SQLiteStore
import Snapshots
import TestSupport
import Testing

/// Drills of backups of a small cluster: what is sound passes, what is not fails with the store named.
@Suite(.timeLimit(.minutes(5))) struct DrillTests {
    private let place: TemporaryDirectory
    private let small: SmallCluster

    init() throws {
        place = try TemporaryDirectory.inMemory()
        small = try SmallCluster(in: place.path)
        try small.writeFile("holdfast.yaml", more: Self.checks)
        let cluster = try small.load()
        _ = try cluster.initialize()
        _ = try Backups(cluster).create(BackupRequest(name: "b", target: "nas"), job: JobControl())
    }

    private static let checks = """
        checks:
          - {name: two-accounts, store: accounts, sql: "SELECT id, name FROM account ORDER BY id", expect: "1|ada\\n2|grace"}
          - {name: uploads-there, command: "test -s \\"$HOLDFAST_STORE_UPLOADS/sub/file3\\"", expect: ""}
          - {name: clean, command: "env | sed 's/=.*//' | sort | tr '\\\\n' ' '", expect: "HOLDFAST_BACKUP HOLDFAST_SCRATCH HOLDFAST_STORE_ACCOUNTS HOLDFAST_STORE_LAKE HOLDFAST_STORE_UPLOADS HOME LC_ALL PATH PWD "}
        """

    private var backups: Backups { get throws { Backups(try small.load()) } }

    private func drill(_ name: String = "b") throws -> DrillReport {
        try backups.drill(DrillRequest(backup: name, target: "nas"), job: JobControl()).report
    }

    /// What drills restore to holds nothing any more.
    private func expectTidy(_ scratch: String? = nil) throws {
        let folder = scratch ?? "\(small.root)/state/scratch"
        #expect(try Descriptor.openDirectory(folder).isEmptyDirectory())
    }

    private func verdicts(_ report: DrillReport) -> [String: DrillReport.Verdict] {
        Dictionary(uniqueKeysWithValues: report.stores.map { ($0.name, $0.verdict) })
    }

    @Test func `a good backup passes, with what was proven, and leaves a signed report and nothing else`() throws {
        let before = try small.text("accounts.db")
        let report = try drill("latest")
        #expect(report.verdict == .passed, "\(report.problems)\(report.gaps)\(report.checks)")
        #expect(
            report.stores.map(\.name) == ["accounts", "uploads", "lake"]
                && report.checks.map(\.name) == ["two-accounts", "uploads-there", "clean"])
        #expect(report.stores.allSatisfy { $0.restoreSeconds > 0 && $0.checkSeconds > 0 && $0.bytes > 0 })
        #expect(
            report.stores[0].proofs.contains { $0.contains("integrity_check") }
                && report.stores[0].proofs.contains("2 tables with as many rows as recorded"))
        #expect(report.recoverySeconds > 0 && report.verification.bytesRead > 0)
        try expectTidy()
        #expect(try small.text("accounts.db") == before, "the cluster is not touched")
        let found = try backups.report(of: "b", in: "nas")
        #expect(found.altered == nil && found.report.backup.text == "b" && found.report.verdict == .passed)
        let page = String(decoding: try AtomicFile.read("\(small.target)/\(found.name).md"), as: UTF8.self)
        #expect(page.contains("# Drill of the backup b: passed") && page.contains("| accounts | sqlite |"))
        #expect(try backups.cluster.catalogue().history.last?.command == "backup drill b --target nas")
        try small.expectResticAgrees(small.target, "after a drill")
    }

    @Test func `what a mode leaves out is not missed`() throws {
        for mode in [BackupMode.lightweight, .dataless] {
            _ = try backups.create(BackupRequest(name: mode.rawValue, target: "nas", mode: mode), job: JobControl())
            let report = try drill(mode.rawValue)
            #expect(report.verdict == .passed, "\(report.problems)\(report.gaps)")
            #expect(report.stores[0].proofs.contains("2 tables with as many rows as recorded"))
            #expect(report.checks.isEmpty, "what was left out cannot be asked for")
        }
    }

    @Test func `flipped bytes in a pack fail the store that needs them, and no other`() throws {
        var random = SeededRandom(named: "flipped")
        let before = Set(try FileTree.files(below: "\(small.target)/data"))
        try AtomicFile.write(random.bytes(400_000), to: "\(small.root)/srv/uploads/large")
        _ = try backups.create(BackupRequest(name: "c", target: "nas"), job: JobControl())
        let packs = try FileTree.files(below: "\(small.target)/data").filter { !before.contains($0) }.map { "\(small.target)/data/\($0)" }
        let largest = try #require(try packs.max { try AtomicFile.read($0).count < AtomicFile.read($1).count })
        try AtomicFile.write(try #require(PackDamage.flipped.afflict(AtomicFile.read(largest))), to: largest)
        let report = try drill("c")
        #expect(report.verdict == .failed && !report.verification.problems.isEmpty)
        #expect(verdicts(report) == ["accounts": .passed, "uploads": .failed, "lake": .passed], "\(report.problems)")
        #expect(report.problems.contains { $0.hasPrefix("store uploads: ") && $0.contains("large") }, "\(report.problems)")
        #expect(try drill("b").verdict == .passed)
        try expectTidy()
        let event = try backups.cluster.catalogue().history.first { $0.command == "backup drill c --target nas" }
        #expect(event?.outcome == "damaged")
    }

    /// A backup like `b` whose database is another one, as whoever has the password could make it, or a defect.
    private func forge(_ name: String, notingTree: Bool, _ sql: String) throws {
        let cluster = try small.load()
        let folder = place.file("forged-\(name)")
        try makeDirectories(folder)
        try AtomicFile.write(try AtomicFile.read("\(small.root)/srv/accounts.db"), to: "\(folder)/accounts.db")
        let database = try SQLiteConnection(path: "\(folder)/accounts.db")
        try database.execute("\(sql); PRAGMA journal_mode = DELETE")
        database.close()
        let lock = try cluster.repository(of: cluster.target(named: "nas")).lockForWriting(patience: .seconds(5))
        defer { lock.release() }
        let (listing, writable) = try EntryReader.list(.backup, under: lock)
        let entry = try listing.entry(named: "b", .backup)
        let writer = try writable.beginWriting()
        let forged = try Archiver(writer: writer, host: cluster.host).archive(
            LocalDirectory(path: folder), parent: nil, shape: .contentDefined, job: JobControl()
        ).root
        var manifest = entry.manifest
        manifest.name = try SnapshotName(name)
        if !notingTree { for index in manifest.stores.indices { manifest.stores[index].tree = nil } }
        let reader = EntryReader(writable.index)
        var nodes = ["accounts": forged]
        for store in ["uploads", "lake"] { nodes[store] = try reader.tree(of: store, in: entry) }
        _ = try writer.commit(manifest, stores: nodes, user: "test")
    }

    @Test func `a row that was changed or removed fails the database, by its checksum and by the count of the cut`() throws {
        let write = try SQLiteConnection(path: "\(small.root)/srv/accounts.db")
        try write.query("PRAGMA wal_checkpoint(TRUNCATE)") { _ in }
        write.close()
        try forge("changed", notingTree: true, "UPDATE account SET name = 'eve' WHERE id = 2")
        try forge("removed", notingTree: false, "DELETE FROM account WHERE id = 2")
        let changed = try drill("changed")
        #expect(verdicts(changed) == ["accounts": .failed, "uploads": .passed, "lake": .passed])
        #expect(changed.problems.contains { $0.hasPrefix("store accounts: its checksum is ") }, "\(changed.problems)")
        #expect(changed.checks.first?.verdict == .failed)
        let removed = try drill("removed")
        #expect(verdicts(removed)["accounts"] == .failed)
        #expect(removed.problems.contains("store accounts: table account has 1 row; 2 were recorded"), "\(removed.problems)")
    }

    @Test func `a check that fails, ends with an error or takes too long fails the drill, and nothing of its answer is in the report`()
        throws
    {
        try small.writeFile(
            "holdfast.yaml",
            more: """
                checks:
                  - {name: right, store: accounts, sql: "SELECT count(*) FROM account", expect: "2"}
                  - {name: other, store: accounts, sql: "SELECT upper(name || name) FROM account WHERE id = 1", expect: "secret-name"}
                  - {name: broken, store: accounts, sql: "SELECT nothing FROM nowhere", expect: ""}
                  - {name: endless, store: accounts, sql: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n", expect: "1", timeout: 50ms}
                  - {name: status, command: "exit 3"}
                  - {name: slow, command: "sleep 600", timeout: 50ms}
                """)
        let outcome = try backups.drill(DrillRequest(backup: "b", target: "nas"), job: JobControl())
        let problems = outcome.report.checks.reduce(into: [String: String]()) { $0[$1.name] = $1.problem }
        #expect(outcome.report.verdict == .failed && problems["right"] == nil && problems.count == 5)
        #expect(problems["other"] == "the answer is not what is expected" && outcome.answers["other"] == "ADAADA")
        #expect(problems["broken"]?.contains("nowhere") == true)
        #expect(problems["endless"] == "it ran past its timeout" && problems["slow"] == "the command ran past its timeout")
        #expect(problems["status"] == "the command exited with status 3")
        let found = try backups.report(of: "b", in: "nas")
        // In capitals and twice, as no hash can have it by chance.
        let written = try AtomicFile.read("\(small.target)/\(found.name).json") + AtomicFile.read("\(small.target)/\(found.name).md")
        #expect(!String(decoding: written, as: UTF8.self).contains("ADAADA"))
        #expect(outcome.report.stores.allSatisfy { $0.verdict == .passed })
        try expectTidy()
    }

    @Test func `a report under another backup's name, or under a later time, is none`() throws {
        _ = try backups.create(BackupRequest(name: "c", target: "nas"), job: JobControl())
        _ = try drill("b")
        let folder = "\(small.target)/holdfast/drills"
        let ids = try backups.list(in: "nas").entries.reduce(into: [String: String]()) {
            $0[$1.manifest.name.text] = String($1.id.hex.prefix(16))
        }
        let (own, other) = (try #require(ids["b"]), try #require(ids["c"]))
        for name in try FileTree.files(below: folder) {
            let bytes = try AtomicFile.read("\(folder)/\(name)")
            try AtomicFile.write(bytes, to: "\(folder)/\(name.replacing(own, with: other))")
            try AtomicFile.write(bytes, to: "\(folder)/\(own)-99991231T000000Z-0000.\(name.hasSuffix(".md") ? "md" : "json")")
        }
        #expect(#expect(throws: Failure.self) { try backups.report(of: "c", in: "nas") }?.code == .notFound)
        #expect(try !backups.report(of: "b", in: "nas").name.contains("9999"))
        #expect(try backups.reports(in: "nas").count == 1)
        #expect(try backups.drills(of: backups.list(in: "nas").entries.map(\.id), in: "nas").count == 1)
    }

    @Test func `a report or page of which one byte is changed is noticed, and so is one of another repository`() throws {
        _ = try drill()
        // As another process has it, which holds nothing open.
        var backups: Backups { get throws { Backups(try SmallCluster(at: small.root).load()) } }
        let found = try backups.report(of: "b", in: "nas")
        let (json, page) = ("\(small.target)/\(found.name).json", "\(small.target)/\(found.name).md")
        let good = try (AtomicFile.read(json), AtomicFile.read(page))
        var random = SeededRandom(named: "altered")
        for _ in 0..<40 {
            var bytes = good.0
            let index = Int.random(in: bytes.indices, using: &random)
            bytes[index] ^= UInt8(1 << Int.random(in: 0..<7, using: &random))
            try AtomicFile.write(bytes, to: json)
            // What cannot be read as a report is as good as altered.
            let altered = (try? backups.report(of: "b", in: "nas")).map { $0.altered } ?? "unreadable"
            #expect(altered != nil, "byte \(index)")
        }
        try AtomicFile.write(good.0, to: json)
        try AtomicFile.write(good.1 + [0x20], to: page)
        #expect(try backups.report(of: "b", in: "nas").altered == "the page")
        try AtomicFile.write(good.1, to: page)
        #expect(try backups.report(of: "b", in: "nas").altered == nil)
        let copy = place.file("copy.json")
        try AtomicFile.write(good.0, to: copy)
        #expect(try backups.report(inFile: copy, page: nil, of: "nas").altered == nil)
        _ = try Backups(backups.cluster).addTarget("other", path: place.file("other"))
        #expect(try backups.report(inFile: copy, page: nil, of: "other").altered == "the report")
    }

    @Test func `a scratch place that lies in the cluster is refused, and another one is used and left empty`() throws {
        for path in ["srv/uploads/x", "storage", "nas/y"] {
            let request = DrillRequest(backup: "b", target: "nas", scratch: "\(small.root)/\(path)")
            #expect(#expect(throws: Failure.self) { try backups.drill(request, job: JobControl()) }?.code == .refused)
        }
        let spare = place.file("spare")
        let request = DrillRequest(backup: "b", target: "nas", scratch: spare)
        #expect(try backups.drill(request, job: JobControl()).report.verdict == .passed)
        try expectTidy(spare)
        let job = JobControl()
        job.cancel()
        #expect(
            #expect(throws: (any Error).self) { try backups.drill(request, job: job) }.map { Failure(describing: $0).code } == .cancelled)
        try expectTidy(spare)
        #expect(#expect(throws: Failure.self) { try drill("nothing") }?.code == .notFound)
    }

    @Test func `a report that the target does not take is kept in the state, and counts like those in the target`() throws {
        #expect(#expect(throws: Failure.self) { try backups.report(of: "b", in: "nas") }?.code == .notFound)
        small.storages.at(small.target).inject(Fault([.write], below: "holdfast/", times: nil, .fail(.noSpace)))
        let cluster = try small.load()
        let outcome = try Backups(cluster).drill(DrillRequest(backup: "b", target: "nas"), job: JobControl())
        #expect(outcome.report.verdict == .passed && outcome.place == nil && outcome.unwritten?.code == .space)
        let kept = try #require(outcome.kept)
        #expect(kept.hasPrefix("\(cluster.file.state)/drills/"))
        #expect(try statusOfPath("\(kept).md") != nil)
        let found = try backups.report(of: "b", in: "nas")
        #expect(found.altered == nil && found.report.ended == outcome.report.ended && found.name == kept)
        #expect(try backups.reports(in: "nas").count == 1)
        small.storages.at(small.target).heal()
        let newer = try backups.drill(DrillRequest(backup: "b", target: "nas"), job: JobControl())
        #expect(newer.place != nil && newer.kept == nil)
        let newest = try backups.report(of: "b", in: "nas")
        #expect(newest.name == newer.place, "\(newest.name)")
        #expect(try backups.reports(in: "nas").count == 2)
    }

    @Test func `a report in the state that was changed is told like one in the target`() throws {
        small.storages.at(small.target).inject(Fault([.write], below: "holdfast/", times: nil, .fail(.noSpace)))
        let outcome = try backups.drill(DrillRequest(backup: "b", target: "nas"), job: JobControl())
        let file = try #require(outcome.kept) + ".json"
        let text = String(decoding: try AtomicFile.read(file), as: UTF8.self).replacing("\"host\"", with: "\"host\" ")
        try AtomicFile.write(Array(text.replacing(outcome.report.host, with: "elsewhere").utf8), to: file)
        #expect(try backups.report(of: "b", in: "nas").altered == "the report")
    }
}

/// Drills that a policy asks for, under a clock that the test moves.
@Suite(.timeLimit(.minutes(5))) struct DrillPolicyTests {
    @Test func `a policy drills its newest backup once a week, and what comes of it is known`() throws {
        let place = try TemporaryDirectory.inMemory()
        let small = try SmallCluster(in: place.path)
        let clock = ManualClock(Timestamp(seconds: 1_795_305_600))
        let backups = Backups(try small.load(host: .forTests(clock: clock)))
        _ = try backups.cluster.initialize()
        var change = PolicyChange(every: "1d", keep: "20@1d")
        change.drill = "1w"
        _ = try backups.createPolicy(change.backupPolicy(named: "nightly", target: "nas"))
        #expect(try backups.drillByPolicy("nightly", job: JobControl()) == nil, "there is no backup yet")
        var drilled: [Int] = []
        for day in 1...16 {
            clock.advance(by: .seconds(86_400))
            let made = try #require(try backups.createByPolicy("nightly", PolicyRun(slot: clock.now()), job: JobControl()))
            guard let outcome = try backups.drillByPolicy("nightly", job: JobControl()) else { continue }
            #expect(outcome.report.verdict == .passed && outcome.report.backup == made.backup.entry.manifest.name)
            drilled.append(day)
        }
        #expect(drilled == [1, 8, 15])
        let last = try #require(try backups.cluster.policies()[record: "nightly"].lastDrill)
        #expect(last.verdict == .passed)
        #expect(try backups.cluster.health().concerns.allSatisfy { !$0.key.hasPrefix("drill") })
        clock.advance(by: .seconds(20 * 86_400))
        let keys = try backups.cluster.health().concerns.map(\.key)
        #expect(keys.contains("drill-age nightly"), "\(keys)")
        _ = try backups.setPolicy(
            "nightly",
            {
                var change = PolicyChange(); change.drill = "none"; return change
            }())
        #expect(try backups.cluster.policies().backup(named: "nightly").policy.drill == nil)
        #expect(try backups.drillByPolicy("nightly", job: JobControl()) == nil)
    }
}
