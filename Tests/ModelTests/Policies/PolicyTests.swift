import Model
import Testing

@Suite struct PolicyTests {
    private let now = Timestamp(seconds: 1_795_456_200)

    @Test func `a cluster begins with snapshots every hour`() throws {
        let policies = Catalogue(clusterID: "c1", clusterName: "acme", created: now).policies
        #expect(policies.snapshot == .standard && policies.backups.isEmpty)
        #expect(policies.snapshot.isEnabled && policies.snapshot.schedule.every.text == "1h")
        #expect(policies.snapshot.keep.text == "3@1h,4@4h,4@1d,2@1w")
        #expect(policies.snapshot.manual.warning == 15 && policies.snapshot.manual.refusal == 20)
        #expect(try KeepRules(policies.snapshot.keep.text, most: SnapshotPolicy.mostKept) == policies.snapshot.keep)
    }

    @Test func `a catalogue of before there were policies has the default`() throws {
        let json =
            #"{"format":1,"clusterID":"c","clusterName":"acme","created":"2026-11-23T17:50:00Z","targets":[],"overrides":{},"history":[]}"#
        #expect(try Catalogue(json: Array(json.utf8), at: "/c").policies.snapshot == .standard)
    }

    @Test func `policies and their records go through the catalogue`() throws {
        var catalogue = Catalogue(clusterID: "c1", clusterName: "acme", created: now)
        let policy = try PolicyChange(every: "1d", offset: "2h", keep: "7@1d,4@1w").backupPolicy(named: "nightly", target: "nas")
        try catalogue.policies.add(policy, at: now)
        let reading = ClockReading(wall: now, boot: "b", nanoseconds: 5)
        let name = try SnapshotName("nightly-20261126-020000")
        try catalogue.policies.changeBackup(named: "nightly") { backup in
            backup.record.arrive("id1", name, .good, at: reading)
            backup.record.add(PolicyRecord.Sample(seconds: 1.5, bytesAdded: 10, bytes: 100))
            backup.record.ended(slot: now, missed: 2, at: now, failure: "no room")
        }
        catalogue.policies.snapshotRecord.arrive("id2", name, .flawed, at: reading)
        let read = try Catalogue(json: catalogue.json(), at: "/c")
        #expect(read == catalogue)
        #expect(try read.policies.backup(named: "nightly").record.state.failures == 1)
        #expect(try read.policies.backup(named: "nightly").record.missed == 2)
        catalogue.forget("id2")
        #expect(catalogue.policies.snapshotRecord.arrivals.isEmpty)
    }

    @Test func `names of backup policies differ, and one that is not there is an error with the nearest`() throws {
        var policies = Policies()
        let policy = try PolicyChange(every: "1d", keep: "7@1d").backupPolicy(named: "nightly", target: "nas")
        try policies.add(policy, at: now)
        #expect(#expect(throws: Failure.self) { try policies.add(policy, at: now) }?.code == .exists)
        let failure = #expect(throws: Failure.self) { try policies.backup(named: "nightli") }
        #expect(failure?.code == .notFound && failure?.hint?.contains("nightly?") == true)
        try policies.removeBackup(named: "nightly")
        #expect(policies.backups.isEmpty)
        for name in ["", "a b", String(repeating: "n", count: 29)] {
            #expect(#expect(throws: Failure.self) { try BackupPolicy.check(name) }?.code == .usage)
        }
    }

    @Test func `a change says only what changes`() throws {
        let changed = try PolicyChange(every: "2h", offset: "15m").applied(to: .standard)
        #expect(changed.schedule.every.text == "2h" && changed.schedule.offsetText == "15m" && changed.keep == SnapshotPolicy.standard.keep)
        #expect(try PolicyChange(keep: "1@1d").applied(to: changed).schedule == changed.schedule)
        #expect(#expect(throws: Failure.self) { try PolicyChange(every: "10m").applied(to: changed) }?.message.contains("offset") == true)
        #expect(PolicyChange().isEmpty && !PolicyChange(mode: .full).isEmpty)
        #expect(#expect(throws: Failure.self) { try PolicyChange(keep: "101@1h").applied(to: .standard) }?.code == .usage)
    }

    @Test func `what a policy shows as a file reads as the same policy`() throws {
        var policy = try PolicyChange(every: "2h", offset: "15m", keep: "3@2h,4@1d").applied(to: .standard)
        policy.manual = try ManualLimits(warning: 3, refusal: 5)
        (policy.objective, policy.recoveryObjective) = (try Period("3h", for: "rpo"), try Period("20m", for: "rto"))
        let change = try PolicyChange(parsing: policy.yaml, at: "/p.yaml", of: .snapshot)
        #expect(try change.applied(to: .standard) == policy)
        let backup = try PolicyChange(every: "1d", keep: "7@1d", mode: .lightweight).backupPolicy(named: "n", target: "nas")
        let other = try PolicyChange(every: "1h", keep: "1@1h").backupPolicy(named: "n", target: "tape")
        #expect(try PolicyChange(parsing: backup.yaml, at: "/p.yaml", of: .backup).applied(to: other) == backup)
        var physical = backup
        physical.form = .physical
        #expect(try PolicyChange(parsing: physical.yaml, at: "/p.yaml", of: .backup).applied(to: other) == physical)
    }

    @Test(
        arguments: [
            ("every: 1h\nkep: 3@1h", "2: unknown key \"kep\""), ("every: 15", "1: every is a number"),
            ("keep: {a: b}", "1: keep is a mapping"),
            ("", "is empty"), ("every: [", "not valid YAML"), ("manual: {warn: x}", "1: warn is not a whole number"),
            ("rto: 5", "1: rto is a number"),
            ("mode: full", "unknown key \"mode\""), ("- 1", "is a list"), ("keep: [3@1h, [4@1d]]", "keep is a list"),
        ])
    func `a file that makes no sense is one error with its line`(_ text: String, _ message: String) {
        let failure = #expect(throws: Failure.self) { try PolicyChange(parsing: text, at: "/p.yaml", of: .snapshot) }
        #expect(failure?.code == .usage && failure?.message.contains(message) == true, "\(failure?.message ?? "")")
    }

    @Test func `manual snapshots are counted against two limits`() throws {
        let limits = try ManualLimits(warning: 2, refusal: 3)
        #expect((0...4).map(limits.verdict) == [.fine, .many, .many, .tooMany, .tooMany])
        for (warning, refusal) in [(0, 3), (4, 3), (1, 1001), (-1, -1)] {
            #expect(#expect(throws: Failure.self) { try ManualLimits(warning: warning, refusal: refusal) }?.code == .usage)
        }
        #expect(SnapshotPolicy.standard.manual.verdict(on: 13) == .fine && SnapshotPolicy.standard.manual.verdict(on: 14) == .many)
        #expect(SnapshotPolicy.standard.manual.verdict(on: 19) == .many && SnapshotPolicy.standard.manual.verdict(on: 20) == .tooMany)
    }

    @Test func `a simulation shows what is kept, with sizes as far as they are known`() throws {
        let start = try #require(Timestamp(text: "2026-11-22T00:00:00Z"))
        let simulation = try Simulation(
            SnapshotPolicy.standard.retention, from: start, days: 30, sizes: SizeEstimate(first: 1000, each: 10))
        #expect(simulation.days.count == 30)
        #expect(simulation.days[0].kept.count <= 13 && simulation.days[29].byRule == [3, 4, 4, 2])
        #expect(simulation.days[29].bytes == UInt64(1000 + 10 * (simulation.days[29].kept.count - 1)))
        #expect(try Simulation(SnapshotPolicy.standard.retention, from: start, days: 1, sizes: nil).days[0].bytes == nil)
        for days in [0, -1, 5000] {
            #expect(
                #expect(throws: Failure.self) { try Simulation(SnapshotPolicy.standard.retention, from: start, days: days, sizes: nil) }?
                    .code == .usage)
        }
        let fast = Retention(keep: SnapshotPolicy.standard.keep, schedule: try Schedule(every: "1s"))
        #expect(
            #expect(throws: Failure.self) { try Simulation(fast, from: start, days: 10, sizes: nil) }?.hint?.contains("--days 1") == true)
        #expect(Simulation.usefulDays(fast) == 1 && Simulation.usefulDays(SnapshotPolicy.standard.retention) == 16)
    }
}
