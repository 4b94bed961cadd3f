import Archiving
import Backups
import Clusters
import HostIO
import Model
import ObjectStorage
import RepositoryEngine
import ResticFormat
import Snapshots
import Standby
import StoreContract
import Synchronization
import TestSupport
import Testing

/// Standbys by the functions that the commands call: preflight, sync, promotion, failback.
@Suite(.timeLimit(.minutes(5))) struct StandbyTests {
    private let place: TemporaryDirectory
    private let sites: StandbySites

    init() throws {
        place = try TemporaryDirectory.inMemory()
        sites = try StandbySites(in: place.path)
        try sites.backup("first")
        try sites.writeStandby("b")
    }

    private func refusal(_ name: String, from path: String? = nil, of id: String = "acme") throws -> String {
        let failure = #expect(throws: Failure.self) { try sites.standby(name).prepareStart(from: path ?? sites.nas, of: id) }
        #expect(failure?.code == .refused && failure?.hint != nil)
        return failure?.message ?? ""
    }

    @Test func `everything that is wrong is listed at once, and nothing is changed`() throws {
        try sites.writeStandby(
            "b", cluster: "other", stores: ["accounts", "{name: uploads, kind: sqlite, role: content, path: b/uploads}"])
        try makeDirectories("\(place.path)/b")
        try AtomicFile.write([UInt8](repeating: 1, count: 5000), to: "\(place.path)/b/accounts.db")
        let text = try refusal("b")
        for part in ["calls the cluster other", "lacks the store lake", "uploads is of kind sqlite", "accounts is not empty", "4 things"] {
            #expect(text.contains(part), "\(part): \(text)")
        }
        #expect(try statusOfPath("\(place.path)/b-state") == nil && statusOfPath("\(place.path)/b-storage") == nil)
        #expect(try refusal("b", of: "nobody").contains("acme ("))
        #expect(try refusal("b", from: "\(place.path)/srv").contains("no repository"))
        #expect(try refusal("holdfast").contains("active installation"))
    }

    @Test func `a standby that has synced opens the target among any number of key files that somebody puts there`() throws {
        try sites.start("b")
        for number in 0..<100 {
            let file = KeyFile(
                created: .epoch, username: "u", hostname: "h", cost: 2, blockSize: 1, parallelism: 1,
                salt: [UInt8](repeating: UInt8(number), count: 64), data: [UInt8](repeating: 1, count: 200))
            let json = file.encoded()
            let id = try json.withUnsafeBytes { try Hasher256().hash($0, naming: KeyNamed.self) }
            try AtomicFile.write(json, to: "\(sites.nas)/keys/\(id.hex)")
        }
        try sites.backup("second")
        #expect(try sites.standby("b").sync(job: JobControl()).point.name.text == "second")
        try sites.promote("b")
    }

    @Test func `only full backups count`() throws {
        try Backups(sites.primary).delete(["first"], in: "nas")
        try sites.backup("light", mode: .lightweight)
        #expect(try refusal("b").contains("no full backup"))
    }

    @Test func `a clock that is far off is a fault`() throws {
        try sites.start("b")
        try sites.backup("second")
        try sites.writeStandby("c")
        let folder = try sites.primary.epochs(in: sites.nas)
        var notice = try #require(try folder.active()?.notice)
        notice.written = notice.written.adding(seconds: 4000)
        try folder.publish(notice)
        #expect(try refusal("c").contains("clocks"))
        notice.written = notice.written.adding(seconds: -3900)
        try folder.publish(notice)
        #expect(try sites.standby("c").prepareStart(from: sites.nas, of: "acme").plan.warnings.contains { $0.contains("clocks") })
    }

    @Test func `a sync costs what changed and touches only that`() throws {
        let first = try sites.start("b").sync
        #expect(try sites.content("b") == sites.content("srv"))
        #expect(try !sites.standby("b").isBehind() && sites.standby("b").sync(job: JobControl()).wasThere)
        let kept = try #require(try statusOfPath("\(place.path)/b/uploads/sub/file0"))
        try sites.small.write("changed", to: "uploads/sub/file1")
        try sites.small.write("new", to: "uploads/new")
        try removeTree("\(place.path)/srv/uploads/sub/file2")
        try sites.backup("second")
        #expect(try sites.standby("b").isBehind())
        let second = try sites.standby("b").sync(job: JobControl())
        #expect(second.bytesFetched < first.bytesFetched && second.stores.map(\.name) == ["uploads", "lake"], "\(second)")
        #expect(second.stores.reduce(0) { $0 + $1.changes.bytesWritten } == 10)
        #expect(try sites.content("b") == sites.content("srv") && statusOfPath("\(place.path)/b/uploads/sub/file0")?.inode == kept.inode)
        try sites.execute("INSERT INTO account VALUES (7, 'x')", at: "srv")
        // Other bytes with the size and the time of before: a copy that keeps times.
        let swapped = "touch -r uploads/sub/file3 t; printf 'upload X' > uploads/sub/file3; touch -r t uploads/sub/file3; rm t"
        #expect(try ChildProcess(["/bin/sh", "-c", swapped], workingDirectory: "\(place.path)/srv").run().succeeded)
        try sites.backup("third")
        #expect(try sites.standby("b").sync(job: JobControl()).stores.map(\.name).contains("accounts"))
        #expect(try sites.content("b") == sites.content("srv"))
    }

    @Test func `a fetch that breaks off loses what was in flight, and no more`() throws {
        var random = SeededRandom(named: "broken fetch")
        let size = 80 << 20
        try AtomicFile.write(random.bytes(size), to: "\(place.path)/srv/lake/large", mode: 0o644)
        try sites.backup("large")
        let nas = sites.small.storages.at(sites.nas)
        let isRead = { (operation: StorageOperation) in operation.kind == .read && operation.object.hasPrefix("data/") }
        nas.clearLog()
        try sites.writeStandby("c")
        try sites.start("c")
        nas.inject(Fault([.read], below: "data/", from: nas.log.count(where: isRead) * 3 / 4, times: nil, .fail(.unreachable)))
        do {
            try sites.start("b")
            Issue.record("a storage that fails was not missed")
        } catch { #expect(Failure(describing: error).code == .storage) }
        #expect(try sites.standby("b").status().points.isEmpty && sites.standby("b").current()?.lastFailure != nil)
        nas.heal()
        let sync = try sites.standby("b").sync(job: JobControl())
        #expect(sync.bytesFetched < UInt64(size) - (16 << 20), "\(sync.bytesFetched)")
        let compared = try ChildProcess(["cmp", "\(place.path)/srv/lake/large", "\(place.path)/b/lake/large"]).run()
        #expect(compared.succeeded)
    }

    @Test func `what was written to a standby is told, and gone with the next sync`() throws {
        try sites.start("b")
        #expect(try sites.standby("b").status().writes.isEmpty && sites.standby("b").sync(job: JobControl()).wasThere)
        try AtomicFile.write([1], to: "\(place.path)/b/uploads/stray")
        try sites.execute("DELETE FROM account", at: "b")
        // The same size and the same time, so that only its time of change tells.
        let (there, mine) = ("\(place.path)/srv/uploads/sub/file0", "\(place.path)/b/uploads/sub/file0")
        let overwritten = try ChildProcess(["/bin/sh", "-c", "printf 'xxxxxxxx' > \(mine); touch -r \(there) \(mine)"]).run()
        #expect(overwritten.succeeded)
        #expect(try sites.standby("b").status().writes.map(\.store) == ["accounts", "uploads"])
        let undone = try sites.standby("b").sync(job: JobControl())
        #expect(undone.writes.map(\.store) == ["accounts", "uploads"] && !undone.wasThere)
        #expect(try sites.content("b") == sites.content("srv") && sites.standby("b").status().writes.isEmpty)
        let concerns = try sites.site("b").health().concerns.map(\.key)
        #expect(concerns.contains("standby-written uploads"), "\(concerns)")

        try sites.execute("DELETE FROM account", at: "b")
        try sites.backup("second")
        #expect(try sites.standby("b").sync(job: JobControl()).writes.map(\.store) == ["accounts"])
        try AtomicFile.write([1], to: "\(place.path)/b/uploads/stray")
        let promoted = try sites.promote("b")
        #expect(promoted.notes.contains { $0.contains("written to uploads") }, "\(promoted.notes)")
        #expect(try sites.content("b") == sites.content("srv"))
    }

    @Test func `it keeps so many points on its own disk, and can be promoted at each, without the target and the primary`() throws {
        try sites.writeStandby("b", "keep: 2")
        try sites.start("b")
        for name in ["second", "third", "fourth"] {
            try sites.small.write(name, to: "uploads/which")
            try sites.backup(name)
        }
        let outcome = try sites.standby("b").sync(job: JobControl())
        #expect(try sites.standby("b").status().points.map(\.name.text) == ["third", "fourth"] && outcome.removed.map(\.text) == ["first"])
        try Descriptor.openDirectory(place.path).rename(Array("nas".utf8), to: Array("away".utf8))
        #expect(throws: Failure.self) { try sites.standby("b").sync(job: JobControl()) }
        #expect(try sites.standby("b").status().trouble != nil && sites.standby("b").status().record.lastFailure != nil)
        #expect(#expect(throws: Failure.self) { try sites.promote("b") { $0.at = "third" } }?.code == .storage)
        #expect(try sites.standby("b").current()?.promotion == nil, "nothing was begun")
        let promoted = try sites.promote("b") {
            $0.at = "third"
            $0.withoutTarget = true
        }
        #expect(promoted.point.name.text == "third" && promoted.promotion.epoch == 0 && promoted.notes.count == 2)
        #expect(try sites.small.text("uploads/which", place: "b") == "third")
        // The target comes back: the epoch that is owed is raised, and the old primary is fenced.
        try Descriptor.openDirectory(place.path).rename(Array("away".utf8), to: Array("nas".utf8))
        #expect(try sites.site("b").lookAtEpochs().contains { if case .claimed = $0 { true } else { false } })
        #expect(#expect(throws: Failure.self) { try sites.backup("late") }?.code == .fenced)
        try sites.backup("fifth", from: sites.site("b"))
    }

    @Test func `a standby makes no snapshots and no backups, and is not deleted`() throws {
        try sites.start("b")
        let standby = try sites.site("b")
        #expect(#expect(throws: Failure.self) { try Snapshots(standby).create(SnapshotRequest("x"), job: JobControl()) }?.code == .fenced)
        #expect(#expect(throws: Failure.self) { try sites.backup("x", from: standby) }?.code == .fenced)
        #expect(#expect(throws: Failure.self) { try standby.delete(job: JobControl()) }?.code == .refused)
    }

    @Test func `a stopped standby is a cluster of its own with the state that it had`() throws {
        try sites.start("b")
        let content = try sites.content("b")
        try sites.standby("b").stop(job: JobControl())
        let own = try sites.site("b")
        #expect(try own.catalogue().clusterID != sites.primary.catalogue().clusterID && sites.content("b") == content)
        _ = try Snapshots(own).create(SnapshotRequest("own"), job: JobControl())
        #expect(try sites.primary.epochs(in: sites.nas).standbyNotices().isEmpty)
        try own.delete(job: JobControl())
        try sites.backup("goes-on")
    }

    @Test func `a rehearsal changes nothing and shows the check command where its copies are`() throws {
        let seen = "\(place.path)/seen"
        try sites.writeStandby(
            "b",
            "check: \"sqlite3 $HOLDFAST_STORE_ACCOUNTS 'SELECT count(*) FROM account' > \(seen); ls $HOLDFAST_STORE_UPLOADS/sub | wc -l >> \(seen)\""
        )
        try sites.start("b")
        let outcome = try sites.standby("b").rehearse(at: nil, job: JobControl())
        #expect(outcome.fault == nil && outcome.stores.count == 3 && outcome.verdict == .passed, "\(outcome)")
        #expect(String(decoding: try AtomicFile.read(seen), as: UTF8.self) == "2\n6\n")
        #expect(try FileTree.files(below: "\(place.path)/b-state/scratch").isEmpty)
        #expect(try sites.primary.epochs(in: sites.nas).newest() == nil && sites.standby("b").status().record.rehearsed != nil)
        try sites.writeStandby("b", "check: \"exit 3\"")
        #expect(try sites.standby("b").rehearse(at: "first", job: JobControl()).fault?.contains("status 3") == true)
    }

    @Test func `a promotion takes the newest backup, the policies and the target, and goes on after a hook that failed`() throws {
        let log = "\(place.path)/log"
        try sites.writeStandby(
            "b",
            "fence: \"echo $HOLDFAST_EVENT >> \(log); test -e \(log).fence\", on-promote: \"echo $HOLDFAST_EVENT $HOLDFAST_BACKUP >> \(log)\", check: \"echo $HOLDFAST_EVENT >> \(log)\""
        )
        try sites.start("b")
        let nightly = try PolicyChange(every: "1d", keep: "3@1d").backupPolicy(named: "nightly", target: "nas")
        _ = try Backups(sites.primary).createPolicy(nightly)
        try sites.small.write("newest", to: "uploads/which")
        let last = try sites.backup("last")
        let content = try sites.content("srv")
        #expect(#expect(throws: Failure.self) { try sites.promote("b") }?.code == .hook)
        #expect(try sites.standby("b").status().owner?.epoch == 2, "the primary's is 1")
        #expect(#expect(throws: Failure.self) { try sites.standby("b").sync(job: JobControl()) }?.code == .refused)
        #expect(#expect(throws: Failure.self) { try sites.backup("late") }?.code == .fenced)
        try AtomicFile.write([], to: "\(log).fence")
        let outcome = try sites.promote("b")
        #expect(outcome.point.name.text == "last" && outcome.promotion.epoch == 2 && outcome.policies == 1)
        #expect(outcome.lossSeconds == outcome.promotion.began.secondsSince(last.manifest.cut.began))
        #expect(try sites.content("b") == content)
        #expect(String(decoding: try AtomicFile.read(log), as: UTF8.self) == "fence\nfence\npromote last\ncheck\n")
        let promoted = try sites.site("b")
        #expect(try promoted.policies().backups.map(\.policy.name) == ["nightly"] && promoted.state.standby() == nil)
        #expect(try promoted.standing().role == .active)
        let next = try sites.backup("next", from: promoted)
        #expect(try next.manifest.cluster.id == last.manifest.cluster.id && Backups(promoted).list(in: "nas").entries.count == 3)
    }

    @Test func `a primary that did nothing after its standby began has told no policies, and that is said`() throws {
        let nightly = try PolicyChange(every: "1d", keep: "3@1d").backupPolicy(named: "nightly", target: "nas")
        _ = try Backups(sites.primary).createPolicy(nightly)
        try sites.start("b")
        let outcome = try sites.promote("b")
        #expect(outcome.policies == 0 && outcome.notes.contains { $0.hasPrefix("no policies were taken over") }, "\(outcome.notes)")
    }

    @Test func `two standbys that promote at once: one wins, the other goes on as a standby of it`() throws {
        try sites.start("b")
        try sites.writeStandby("c")
        try sites.start("c")
        let prepared = try ["b", "c"].map { try sites.standby($0).preparePromotion(PromotionRequest()) }
        let clusters = try ["b", "c"].map { try sites.site($0) }
        let won = Mutex<[Int: FailureCode?]>([:])
        try runWorkers(2, named: "promote") { index in
            var code: FailureCode?
            do { _ = try OfflineStandby(clusters[index]).promote(prepared[index], job: JobControl()) } catch {
                code = Failure(describing: error).code
            }
            won.withLock { $0[index] = .some(code) }
        }
        let results = won.withLock { $0 }
        let winner = try #require(results.first { $0.value == nil }?.key)
        #expect(results[1 - winner] == .some(.fenced), "\(results)")
        #expect(try clusters.map { try $0.standing().role } == (winner == 0 ? [.active, .standby] : [.standby, .active]))
        try sites.backup("of-the-winner", from: clusters[winner])
        #expect(try OfflineStandby(clusters[1 - winner]).sync(job: JobControl()).point.name.text == "of-the-winner")
    }

    @Test func `failback saves what diverged, fetches only what differs, and a planned promotion back loses nothing`() throws {
        let gate = "\(place.path)/gate"
        try sites.writePrimary("on-promote: \"true\"")
        try sites.writeStandby("b", "on-fenced: \"touch \(gate)\", on-promote: \"true\"")
        let first = try sites.start("b").sync
        try sites.backup("last")
        try sites.promote("b")
        #expect(throws: Failure.self) { try sites.backup("late") }
        // Both go on writing: the old primary, which nobody stopped, and the new one.
        try sites.small.write("diverged", to: "uploads/diverged")
        try AtomicFile.write(Array("on b".utf8), to: "\(place.path)/b/uploads/on-b", mode: 0o644)
        try sites.backup("of-b", from: sites.site("b"))
        let back = try sites.start("holdfast")
        let divergence = try #require(back.divergence)
        #expect(
            divergence.base == "last" && divergence.stores.first { $0.name == "uploads" }?.examples.map(\.path) == ["diverged"],
            "\(divergence)")
        #expect(divergence.stores.first { $0.name == "lake" }?.counts.isEmpty == true)
        let saved = try Snapshots(sites.primary).find(divergence.snapshot.text)
        #expect(saved.keeping.pinned && saved.entry.manifest.reason.contains("epoch 2"))
        #expect(back.sync.bytesFetched < first.bytesFetched / 2, "\(back.sync.bytesFetched) of \(first.bytesFetched)")
        #expect(try sites.content("srv") == sites.content("b") && sites.small.text("uploads/diverged") == nil)
        // b makes way: asked by one thread, answered by the other.
        try AtomicFile.write(Array("last words".utf8), to: "\(place.path)/b/uploads/last", mode: 0o644)
        let (small, host) = (sites.small, sites.host)
        let answering = try WorkerThread(named: "active") {
            while try Handover(small.load("b.yaml", host: host)).answer(job: JobControl()).isEmpty { sleepThread(for: .milliseconds(20)) }
        }
        let planned = try sites.promote("holdfast") {
            $0.isPlanned = true
            $0.patience = .seconds(60)
        }
        try answering.join()
        #expect(
            try planned.lossSeconds == 0 && planned.promotion.epoch == 3 && sites.small.text("uploads/last", place: "srv") == "last words")
        #expect(try statusOfPath(gate) != nil && sites.site("b").standing().role == .fenced && sites.primary.standing().role == .active)
        try sites.backup("home")
        #expect(try sites.start("b").divergence?.stores.allSatisfy { $0.counts.isEmpty } == true)
    }

    @Test func `an active cluster that does not make way stays active, and its applications run`() throws {
        let log = "\(place.path)/log"
        try sites.start("b")
        _ = try sites.primary.lookAtEpochs()
        let (small, host) = (sites.small, sites.host)
        func ask() throws -> Failure? {
            let answering = try WorkerThread(named: "active") {
                while try Handover(small.load(host: host)).answer(job: JobControl()).isEmpty { sleepThread(for: .milliseconds(20)) }
            }
            defer { try? answering.join() }
            return #expect(throws: Failure.self) { try sites.promote("b") { $0.isPlanned = true } }
        }
        #expect(try ask()?.message.contains("on-fenced") == true)
        try sites.writePrimary("on-fenced: \"echo stop >> \(log)\", on-promote: \"echo go >> \(log)\"")
        try removeTree("\(place.path)/srv/lake")
        #expect(try ask()?.message.contains("lake") == true)
        #expect(String(decoding: try AtomicFile.read(log), as: UTF8.self) == "stop\ngo\n")
        #expect(try sites.primary.standing().role == .active && sites.standby("b").current()?.promotion == nil)
        #expect(
            #expect(throws: Failure.self) {
                try sites.promote("b") {
                    $0.isPlanned = true
                    $0.patience = .milliseconds(300)
                }
            }?.message.contains("did not make way") == true)
        #expect(try sites.primary.epochs(in: sites.nas).standbyNotices().allSatisfy { $0.request == nil })
    }
}
