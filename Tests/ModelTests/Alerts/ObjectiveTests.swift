import Model
import Testing

/// What is asked of snapshots, backups, drills and standbys, and what becomes of it.
@Suite struct ObjectiveTests {
    private let now = Timestamp(seconds: 1_795_456_200)

    private func ago(_ seconds: Int64) -> Timestamp { now.adding(seconds: -seconds) }

    private func facts(_ change: (inout HealthFacts) throws -> Void = { _ in }) throws -> HealthFacts {
        var facts = HealthFacts(now: now, protectedSince: ago(100 * 86_400), policies: Policies(), newestSnapshot: ago(5400))
        let change1 = PolicyChange(every: "1d", keep: "7@1d")
        try facts.policies.add(change1.backupPolicy(named: "nightly", target: "nas"), at: ago(50 * 86_400))
        facts.policies[record: "nightly"].lastGood = ago(2 * 86_400)
        try change(&facts)
        return facts
    }

    private func keys(_ change: (inout HealthFacts) throws -> Void) throws -> [String] { try facts(change).concerns.map(\.key) }

    private func period(_ text: String) throws -> Period { try Period(text, for: "test") }

    private func drill(_ verdict: DrillReport.Verdict, _ seconds: Double, daysAgo: Int64) throws -> DrillNote {
        let store = DrillReport.Store(
            name: "a", kind: .sqlite, extent: .whole, restoreSeconds: seconds, problems: verdict == .failed ? ["it is empty"] : [])
        let time = ago(86_400 * daysAgo)
        return DrillNote(
            DrillReport(
                program: "p", host: "h", cluster: ClusterIdentity(id: "i", name: "acme", release: "1"), target: "nas",
                backup: try SnapshotName("b\(daysAgo)"), backupID: "00", mode: .full, cut: time, began: time, ended: time,
                verification: .init(packsRead: 1, bytesRead: 1, problems: [], seconds: 0), stores: [store], checks: []))
    }

    @Test func `an aim in the cluster file counts where the policy has none, and that of the policy where it has one`() throws {
        #expect(try facts().concerns.isEmpty, "three periods are tolerated")
        let asked = try facts {
            $0.objectives.snapshots.rpo = try period("1h")
            $0.objectives.backups.rpo = try period("36h")
        }
        #expect(asked.concerns.map(\.key) == ["backup-age nightly", "snapshot-age"])
        #expect(asked.concerns.allSatisfy { $0.severity == .warning })
        #expect(asked.concerns[1].message.contains("at most an hour") || asked.concerns[1].message.contains("at most 1 hour"))
        #expect(
            try keys {
                $0.objectives.snapshots.rpo = try period("1h")
                $0.policies.snapshot.objective = try period("2h")
            }.isEmpty)
        #expect(try asked.readings.map(\.origin) == [.clusterFile, .clusterFile] && facts().readings.map(\.origin) == [.usual, .usual])
    }

    @Test func `a recovery that took too long is a concern, critical at twice its aim, and nothing is asked without an aim`() throws {
        let slow = Measurement(seconds: 1900, source: "the last restore of a snapshot")
        #expect(try keys { $0.snapshotRestore = slow }.isEmpty)
        let beyond = try facts {
            $0.snapshotRestore = slow
            $0.objectives.snapshots.rto = try period("30m")
        }
        #expect(beyond.concerns.map(\.key) == ["snapshot-rto"] && beyond.concerns[0].severity == .warning)
        #expect(beyond.concerns[0].message.hasPrefix("the last restore of a snapshot took "))
        let far = try facts {
            $0.snapshotRestore = slow
            $0.policies.snapshot.recoveryObjective = try period("15m")
            $0.objectives.snapshots.rto = try period("1h")
        }
        #expect(far.concerns.map(\.severity) == [.critical], "that of the policy counts")
        #expect(try keys { $0.objectives.snapshots.rto = try period("1s") }.isEmpty, "what was never measured is for advise")
    }

    @Test func `a backup is measured by its last good drill, else by the last restore of the cluster`() throws {
        func read(_ drills: [DrillNote], _ rto: String = "1h") throws -> ObjectiveReading {
            let facts = try facts { facts in
                facts.clusterRestore = Measurement(seconds: 9000, source: "the restore of the cluster")
                facts.objectives.backups.rto = try period(rto)
                for note in drills { facts.policies[record: "nightly"].note(note) }
            }
            return try #require(facts.readings.first { $0.strategy == .backups })
        }
        #expect(try read([]).recovery?.seconds == 9000 && read([]).recoveryIsBeyond)
        let good = try drill(.passed, 600, daysAgo: 3)
        #expect(try read([good]).recovery?.seconds == 600 && !read([good]).recoveryIsBeyond && read([good], "5m").recoveryIsBeyond)
        let failed = try drill(.failed, 1, daysAgo: 1)
        #expect(try read([good, failed]).recovery?.seconds == 600, "a drill that failed measures nothing")
    }

    @Test func `only a good drill is one, and the cluster file asks for them where no policy makes them`() throws {
        #expect(try keys { $0.objectives.drills = try period("30d") } == ["drill-age nightly"])
        let good = try drill(.passed, 5, daysAgo: 20)
        #expect(
            try keys {
                $0.objectives.drills = try period("30d")
                $0.policies[record: "nightly"].note(good)
            }.isEmpty)
        let two = try keys {
            $0.objectives.drills = try period("15d")
            $0.policies[record: "nightly"].note(good)
            $0.policies[record: "nightly"].note(try drill(.failed, 5, daysAgo: 1))
        }
        #expect(two == ["drill-failure nightly", "drill-age nightly"], "one that failed does not make the last good one younger")
        let own = try facts {
            $0.objectives.drills = try period("1d")
            try $0.policies.changeBackup(named: "nightly") { $0.policy.drill = Period(seconds: 30 * 86_400) }
            $0.policies[record: "nightly"].note(good)
        }
        #expect(own.concerns.isEmpty && own.readings.last?.origin == .policy && own.readings.last?.rpo == 60 * 86_400)
    }

    @Test func `backups that are wanted and that no policy makes are missed`() throws {
        #expect(
            try keys {
                try $0.policies.removeBackup(named: "nightly")
                $0.objectives.backups.rpo = try period("1d")
            } == ["backup-age"])
        #expect(
            try keys {
                try $0.policies.removeBackup(named: "nightly")
                $0.objectives.backups.rpo = try period("1d")
                $0.newestBackup = ago(3600)
            }.isEmpty)
    }

    @Test func `a standby is held against its own aims`() throws {
        var facts = HealthFacts(now: now, protectedSince: ago(86_400), policies: Policies())
        facts.standing = Standing(member: "m", role: .standby)
        var record = StandbyRecord(from: "/nas", repository: "r", since: ago(7200))
        record.rehearsed = 100
        facts.standby = record
        #expect(facts.concerns.isEmpty, "nobody asks for anything, and the active one has told no policies")
        facts.objectives.standby = Objectives.Aim(rpo: try period("1h"), rto: try period("1m"))
        #expect(facts.concerns.map(\.key) == ["standby-age", "standby-rto"])
        facts.objectives.standby = Objectives.Aim(rpo: try period("3h"), rto: try period("2m"))
        #expect(facts.concerns.isEmpty && facts.readings.map(\.title) == ["standby"])
    }
}

/// `objectives:` of the cluster file.
@Suite struct ObjectiveSettingsTests {
    private func read(_ text: String) throws -> Objectives {
        try ClusterFile(parsing: wholeClusterFile + text + "\n", at: "/etc/holdfast/acme.yaml").objectives
    }

    @Test func `each strategy has aims of its own, all of which may be left out`() throws {
        #expect(try read("") == Objectives())
        let all = try read("objectives: {snapshots: {rpo: 2h, rto: 30m}, backups: {rpo: 26h}, drills: 30d, standby: {rto: 15m}}")
        #expect(all.snapshots.rpo?.seconds == 7200 && all.snapshots.rto?.seconds == 1800 && all.backups.rpo?.seconds == 93_600)
        #expect(all.backups.rto == nil && all.drills?.text == "30d" && all.standby.rto?.text == "15m" && all.standby.rpo == nil)
    }

    @Test(
        arguments: [
            ("objectives: 5", "objectives is a number"), ("objectives: {snapshot: {rpo: 1h}}", "did you mean snapshots?"),
            ("objectives: {snapshots: 2h}", "snapshots is text"), ("objectives: {snapshots: {rpo: 0h}}", "rpo: 0h is out of range"),
            ("objectives: {backups: {rto: 5}}", "rto: \"5\" is not a length of time"),
            ("objectives: {drills: {age: 1d}}", "drills is a mapping"),
            ("objectives: {standby: {rpo: soon}}", "rpo: \"soon\" is not a length of time"),
            ("objectives: {backups: {rpo: 1h, age: 2h}}", "unknown key \"age\""),
        ])
    func `what makes no sense is an error with its line`(_ text: String, _ message: String) {
        let failure = #expect(throws: Failure.self) { try read(text) }
        #expect(failure?.code == .clusterFile && failure?.message.contains(":15: ") == true, "\(failure?.message ?? "")")
        let words = "\(failure?.message ?? "") \(failure?.hint ?? "")"
        #expect(words.contains(message), "\(words)")
    }
}
