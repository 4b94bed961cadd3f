import Model
import Testing

/// Which fault is covered by what, for clusters that lack one thing or another.
@Suite struct AdviceTests {
    private static let now = Timestamp(seconds: 1_795_305_600)

    /// Everything is there: hourly snapshots, a share at another site that is written once, policies, drills.
    private func whole() throws -> AdviceFacts {
        var facts = AdviceFacts(now: Self.now, cluster: "acme", suffix: " -c acme.yaml", snapshotPolicy: .standard)
        facts.isServed = true
        facts.storageSharesDiskWith = ["uploads"]
        facts.snapshots = 13
        facts.newestSnapshot = Self.now.adding(seconds: -1200)
        facts.snapshotRuns = (0..<10).reversed().map { Self.now.adding(seconds: Int64(-1200 - 3600 * $0)) }
        facts.snapshotRestores = [9, 4]
        var target = AdviceFacts.Target(name: "nas")
        (target.isRemote, target.isOffsite, target.isImmutable, target.hasPolicy) = (true, true, true, true)
        target.backups = 5
        target.newest = Self.now.adding(seconds: -7200)
        target.newestFull = target.newest
        target.runs = [5, 4, 1].map { Self.now.adding(seconds: -86_400 * $0 - 7200) } + [Self.now.adding(seconds: -7200)]
        target.drill = try note(.passed, daysAgo: 3)
        facts.targets = [target]
        return facts
    }

    private func note(_ verdict: DrillReport.Verdict, daysAgo: Int64) throws -> DrillNote {
        let store = DrillReport.Store(
            name: "a", kind: .sqlite, extent: .whole, restoreSeconds: 50, problems: verdict == .failed ? ["it is empty"] : [])
        let time = Self.now.adding(seconds: -86_400 * daysAgo)
        return DrillNote(
            DrillReport(
                program: "p", host: "h", cluster: ClusterIdentity(id: "i", name: "acme", release: "1"), target: "nas",
                backup: try SnapshotName("b"), backupID: "00", mode: .full, cut: time, began: time, ended: time,
                verification: .init(packsRead: 1, bytesRead: 1, problems: [], seconds: 10), stores: [store], checks: []))
    }

    private func cover(_ facts: AdviceFacts) -> [Fault: FaultAdvice.Cover] {
        Dictionary(uniqueKeysWithValues: facts.advice.map { ($0.fault, $0.cover) })
    }

    private func missing(_ facts: AdviceFacts, _ fault: Fault) -> [String] {
        facts.advice.first { $0.fault == fault }?.missing.map { "\($0.text) → \($0.command)" } ?? []
    }

    @Test func `a cluster that has everything is covered, with what was measured`() throws {
        let advice = try whole().advice
        #expect(advice.map(\.fault) == Fault.allCases.filter { $0 != .nameNodeLost }, "without an HDFS there is no NameNode to lose")
        for line in advice where line.fault != .badUpgrade {
            #expect(line.cover == .covered && line.missing.isEmpty, "\(line)")
        }
        let rows = try #require(advice.first { $0.fault == .deletedRows })
        #expect(rows.rpo?.now == 1200 && rows.rpo?.worst == 3600 && rows.rto == 4 && rows.by == "13 snapshots")
        let lost = try #require(advice.first { $0.fault == .clusterLost })
        #expect(lost.rpo?.now == 7200 && lost.rpo?.worst == 3 * 86_400, "three days without a backup are remembered")
        #expect(lost.rto == 60 && lost.rtoSource?.contains("drill of b") == true)
    }

    @Test func `what was measured is held against what is asked`() throws {
        var facts = try whole()
        facts.objectives.snapshots = Objectives.Aim(rpo: Period(seconds: 7200), rto: Period(seconds: 3))
        (facts.targets[0].rpo, facts.targets[0].rto) = (2 * 86_400, 30)
        let rows = try #require(facts.advice.first { $0.fault == .deletedRows })
        #expect(rows.cover == .partly && rows.rpoAim == 7200 && rows.rtoAim == 3)
        #expect(missing(facts, .deletedRows).map { String($0.prefix(29)) } == ["the last restore of a snapsho"], "\(rows.missing)")
        let lost = missing(facts, .clusterLost)
        #expect(lost.count == 2 && lost[0].contains("in 30 days there was no backup in nas for 3 days"), "\(lost)")
        #expect(lost[1].contains("the drill of b took a minute") || lost[1].contains("the drill of b took 1 minute"), "\(lost)")
        facts.targets[0].rpo = 3600
        #expect(missing(facts, .clusterLost)[0].contains("the newest backup in nas is 2 hours old"), "\(missing(facts, .clusterLost))")
    }

    @Test func `nothing is covered where nothing is done, and the first commands are told`() {
        let facts = AdviceFacts(now: Self.now, cluster: "acme", suffix: "", snapshotPolicy: .standard)
        #expect(facts.advice.allSatisfy { $0.cover == .uncovered && $0.by == nil && $0.rpo == nil && $0.rto == nil })
        #expect(missing(facts, .deletedRows).contains { $0.contains("→ holdfast snapshot create") })
        #expect(missing(facts, .siteLost) == ["there is no target → holdfast target add NAME PATH"])
    }

    @Test func `each thing that is missing lowers what depends on it, and no more`() throws {
        var facts = try whole()
        facts.isServed = false
        #expect(cover(facts)[.deletedRows] == .partly && cover(facts)[.clusterLost] == .partly)
        #expect(missing(facts, .badLoad).contains { $0.contains("holdfast serve") })

        facts = try whole()
        facts.targets[0].isOffsite = false
        #expect(cover(facts)[.siteLost] == .partly && cover(facts)[.clusterLost] == .covered)
        facts.targets[0].isRemote = false
        #expect(cover(facts)[.siteLost] == .uncovered && cover(facts)[.clusterLost] == .partly && cover(facts)[.diskLost] == .covered)
        facts.targets[0].sharesDiskWith = ["accounts"]
        #expect(cover(facts)[.diskLost] == .uncovered && cover(facts)[.clusterLost] == .uncovered && cover(facts)[.deletedRows] == .covered)
        #expect(missing(facts, .clusterLost).contains { $0.contains("nas dies with the disk") })
        facts.storageSharesDiskWith = []
        #expect(cover(facts)[.diskLost] == .covered && facts.advice.first { $0.fault == .diskLost }?.by == "13 snapshots on another disk")

        facts = try whole()
        facts.targets[0].isImmutable = false
        #expect(cover(facts)[.ransomwareOnCluster] == .partly && cover(facts)[.ransomwareOnTarget] == .partly)
        var second = facts.targets[0]
        second.name = "tape"
        facts.targets.append(second)
        #expect(cover(facts)[.ransomwareOnTarget] == .covered && cover(facts)[.ransomwareOnCluster] == .partly)

        facts = try whole()
        facts.targets[0].drill = nil
        #expect(cover(facts)[.clusterLost] == .partly && facts.advice.first { $0.fault == .clusterLost }?.rto == nil)
        #expect(missing(facts, .clusterLost).contains { $0.contains("→ holdfast backup drill latest --target nas -c acme.yaml") })
        facts.targets[0].drill = try note(.failed, daysAgo: 1)
        #expect(cover(facts)[.clusterLost] == .partly && missing(facts, .clusterLost).contains { $0.contains("it is empty") })
        facts.targets[0].drill = try note(.passed, daysAgo: 40)
        #expect(missing(facts, .clusterLost).contains { $0.contains("40 days old") })

        facts = try whole()
        facts.targets[0].problem = "the server is gone"
        #expect(cover(facts)[.clusterLost] == .uncovered && missing(facts, .clusterLost).contains { $0.contains("the server is gone") })

        facts = try whole()
        facts.targets[0].standbys = ["two"]
        #expect(facts.advice.first { $0.fault == .clusterLost }?.remedy == "on two: holdfast standby promote")
        #expect(facts.advice(on: .takeOver).here == ["a standby on two, in sync through nas"])

        facts = try whole()
        facts.targets[0].newestFull = nil
        #expect(cover(facts)[.clusterLost] == .partly && missing(facts, .clusterLost).contains { $0.contains("no full backup") })
    }

    @Test func `a NameNode takes its snapshots with it, and backups in the same HDFS`() throws {
        var facts = try whole()
        facts.isStorageInHDFS = true
        #expect(cover(facts)[.nameNodeLost] == .covered)
        facts.targets[0].isInClusterHDFS = true
        #expect(cover(facts)[.nameNodeLost] == .uncovered && cover(facts)[.clusterLost] == .uncovered)
    }

    @Test func `without a snapshot a backup stands in, and that is told`() throws {
        var facts = try whole()
        (facts.snapshots, facts.newestSnapshot, facts.snapshotRuns) = (0, nil, [])
        let line = try #require(facts.advice.first { $0.fault == .deletedRows })
        #expect(line.cover == .partly && line.by == "5 backups in nas" && line.rto == 60)
    }

    @Test func `the exposure is the longest stretch, the one that goes on included`() {
        let runs = [100, 200, 900].map { Self.now.adding(seconds: -1000 + $0) }
        #expect(Exposure(newest: runs.last, runs: runs, at: Self.now) == Exposure(newest: runs.last, runs: runs, at: Self.now))
        #expect(Exposure(newest: runs.last, runs: runs, at: Self.now).worst == 700)
        #expect(Exposure(newest: runs.last, runs: runs, at: Self.now.adding(seconds: 5000)).worst == 5100)
        #expect(Exposure(newest: nil, runs: runs, at: Self.now).worst == nil)
        #expect(Exposure(newest: Self.now.adding(seconds: 50), runs: [], at: Self.now).now == 0, "a clock that was put back loses nothing")
    }

    @Test func `every situation names a strategy, what is here for it, and steps`() throws {
        let facts = try whole()
        for situation in Situation.allCases {
            let advice = facts.advice(on: situation)
            #expect(!advice.steps.isEmpty && !advice.here.isEmpty && !advice.limits.isEmpty, "\(situation)")
        }
        #expect(facts.advice(on: .removeNode).strategy == .backup && facts.advice(on: .pointInTime).strategy == .snapshot)
        #expect(facts.advice(on: .otherRelease).here == ["target nas: 5 backups, the newest 2h ago, drilled 3d ago: passed"])
    }

    @Test func `how a restore starts a server is advice wherever a snapshot is the way back, and takes nothing from the cover`() throws {
        var facts = try whole()
        let before = cover(facts)
        facts.serviceNotes = ["shop: its service starts it with pg_ctl itself"]
        #expect(cover(facts) == before)
        for fault in [Fault.deletedRows, .badLoad, .badUpgrade] {
            let told = missing(facts, fault)
            #expect(told.contains("shop: its service starts it with pg_ctl itself → holdfast cluster status -c acme.yaml"), "\(told)")
        }
    }
}
