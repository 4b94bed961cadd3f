import Model
import Testing

/// What the loss of a disk would cost, as `status` and `advise` judge it alike.
@Suite struct LossOfDiskTests {
    private static let now = Timestamp(seconds: 1_795_305_600)
    private static let long = now.adding(seconds: -100 * 86_400)

    private func ago(_ seconds: Int64) -> Timestamp { Self.now.adding(seconds: -seconds) }

    private func loss(_ targets: [LossOfDisk.Target], since: Timestamp = long, asked: Double? = nil) -> LossOfDisk {
        LossOfDisk(now: Self.now, protectedSince: since, stores: ["up", "db"], targets: targets, asked: asked)
    }

    private func target(_ change: (inout LossOfDisk.Target) -> Void = { _ in }) -> LossOfDisk.Target {
        var target = LossOfDisk.Target(name: "nas", newest: ago(3600), hasPolicy: true, tolerated: 3 * 86_400, since: Self.long)
        change(&target)
        return target
    }

    private func concerns(_ loss: LossOfDisk) -> [Concern] {
        var facts = HealthFacts(now: Self.now, protectedSince: loss.protectedSince, policies: Policies(), newestSnapshot: ago(60))
        (facts.loss, facts.isServed) = (loss, true)
        return facts.concerns
    }

    @Test func `a young backup elsewhere that a policy makes is enough`() {
        #expect(concerns(loss([target()])).isEmpty)
        #expect(loss([target()]).finding == .held(target: "nas"))
        let ahead = target { $0.newest = Self.now.adding(seconds: 500) }
        #expect(concerns(loss([ahead])).isEmpty, "a clock that was put back loses nothing")
        let second = target { ($0.name, $0.sharesDiskWith, $0.newest) = ("local", ["up", "db"], nil) }
        #expect(concerns(loss([second, target()])).isEmpty, "one target elsewhere is enough")
    }

    @Test func `without a target, with all of them on the disk, or without a backup everything would be lost`() {
        let cases: [(LossOfDisk, LossOfDisk.Finding)] = [
            (loss([]), .noTarget), (loss([target { $0.sharesDiskWith = ["db"] }]), .shared(["db"])),
            (loss([target { $0.sharesDiskWith = ["db", "up"] }]), .shared(["up", "db"])),
            (loss([target { $0.newest = nil }]), .empty(target: "nas")),
        ]
        for (loss, finding) in cases {
            #expect(loss.finding == finding)
            let told = concerns(loss)
            #expect(told.map(\.key) == ["disk-lost"] && told[0].severity == .critical, "\(told)")
            #expect(told[0].message.hasPrefix("losing ") && told[0].remedy.hasPrefix("holdfast "), "\(told)")
        }
        #expect(concerns(cases[1].0)[0].message.contains("the disk of db"))
    }

    @Test func `a store that is in no backup is lost with its disk, whatever else is in them`() {
        let without = target { $0.newestOf = ["up": ago(3600)] }
        #expect(loss([without]).finding == .notHeld(["db"], target: "nas", age: 3600))
        var told = concerns(loss([without]))
        #expect(told.map(\.key) == ["disk-lost"] && told[0].severity == .warning && told[0].message.contains("holds db"), "\(told)")
        let older = target { ($0.newest, $0.newestOf) = (ago(4 * 86_400), ["up": ago(4 * 86_400)]) }
        told = concerns(loss([older]))
        #expect(told.contains { $0.key == "disk-lost" && $0.severity == .critical && $0.message.contains("holds db") }, "\(told)")
        let second = target { ($0.name, $0.newestOf) = ("tape", ["db": ago(100)]) }
        #expect(loss([without, second]).finding == .held(target: "nas"), "another target has it")
        #expect(concerns(loss([target { $0.newestOf = ["up": ago(3600), "db": ago(3600)] }])).isEmpty)
    }

    @Test func `what has just been set up has the first period, or a day, before that is critical`() {
        let new = loss([], since: ago(3600))
        #expect(concerns(new).map(\.severity) == [.warning])
        #expect(concerns(loss([], since: ago(86_500))).map(\.severity) == [.critical])
        #expect(concerns(loss([], since: ago(3700), asked: 3600)).map(\.severity) == [.critical], "who asks for an hour has an hour")
        let added = target { ($0.newest, $0.since) = (nil, ago(2 * 86_400)) }
        #expect(concerns(loss([added])).map(\.severity) == [.warning], "three periods of its policy")
    }

    @Test func `a backup elsewhere that is older than is asked is told, and critical at twice that`() {
        let old = loss([target { ($0.newest, $0.tolerated) = (ago(5 * 86_400), 3 * 86_400) }])
        #expect(concerns(old).map(\.severity) == [.warning] && concerns(old)[0].message.contains("5 days"), "\(concerns(old))")
        #expect(concerns(loss([target { $0.newest = ago(7 * 86_400) }])).map(\.severity) == [.critical])
        #expect(concerns(loss([target()], asked: 1800)).map(\.severity) == [.warning], "the cluster file asks for half an hour")
        // A young one on the same disk does not make up for it.
        let local = target { ($0.name, $0.sharesDiskWith) = ("local", ["up"]) }
        let far = target { ($0.name, $0.newest) = ("far", ago(7 * 86_400)) }
        #expect(loss([local, far]).finding == .old(target: "far", age: 7 * 86_400, tolerated: 3 * 86_400))
    }

    @Test func `stores on two disks save each other's backups`() {
        let one = target { ($0.name, $0.sharesDiskWith) = ("one", ["up"]) }
        let other = target { ($0.name, $0.sharesDiskWith) = ("other", ["db"]) }
        #expect(concerns(loss([one, other])).isEmpty)
        #expect(loss([one]).finding == .shared(["up"]))
    }

    @Test func `backups that nobody makes by themselves are a warning, unless an objective says how old they may be`() {
        let byHand = target { ($0.hasPolicy, $0.tolerated) = (false, nil) }
        #expect(concerns(loss([byHand])).map(\.key) == ["backup-policy-missing"])
        #expect(concerns(loss([byHand], asked: 86_400)).isEmpty)
    }

    @Test func `a place that cannot be used is told as that, and once`() {
        var facts = HealthFacts(now: Self.now, protectedSince: Self.long, policies: Policies(), newestSnapshot: ago(60))
        facts.loss = loss([target { $0.isUsable = false }])
        facts.troubles = ["target nas": "not mounted", "store up": "there is no directory"]
        #expect(
            facts.concerns.map(\.key) == ["place store up", "place target nas"] && facts.concerns.allSatisfy { $0.severity == .critical })
    }

    @Test func `a half-done restore is critical, and one that runs a warning`() throws {
        var facts = HealthFacts(now: Self.now, protectedSince: Self.long, policies: Policies(), newestSnapshot: ago(60))
        facts.halfDone = [HalfRestoredStore(store: "up", snapshot: try SnapshotName("s1"))]
        #expect(facts.concerns.map(\.key) == ["half-restored up"] && facts.concerns[0].severity == .critical)
        #expect(facts.concerns[0].remedy.contains("snapshot restore s1") && facts.concerns[0].remedy.contains("undo"))
        facts.isRestoring = true
        #expect(facts.concerns.map(\.severity) == [.warning])
        facts.halfDone = []
        facts.restoring = RestoreRecord(
            snapshotID: "00", name: try SnapshotName("b"), began: ago(60), safetySnapshotID: nil, stores: ["up"], places: ["up": "/srv"])
        facts.isRestoring = false
        #expect(facts.concerns.map(\.key) == ["cluster-restore"] && facts.concerns[0].severity == .critical)
    }

    @Test func `a restore that could not make everything is a warning until another one could`() throws {
        var facts = HealthFacts(now: Self.now, protectedSince: Self.long, policies: Policies(), newestSnapshot: ago(60))
        let from = try SnapshotName("s1")
        facts.incomplete = [IncompleteRestore(store: "up", from: from, at: ago(60), entries: 3, examples: ["f: no such owner"], job: 7)]
        let told = facts.concerns
        #expect(told.map(\.key) == ["restore-incomplete up"] && told.map(\.severity) == [.warning])
        #expect(
            told[0].message.contains("3 entries") && told[0].message.contains("f: no such owner") && told[0].remedy.contains("jobs show 7"))
    }

    @Test func `a path in the cluster file where nothing is, and a service that does not run, are told`() {
        var facts = HealthFacts(now: Self.now, protectedSince: Self.long, policies: Policies(), newestSnapshot: ago(60))
        facts.loss = loss([target(), target { ($0.name, $0.newest, $0.since) = ("tape", nil, nil) }])
        facts.unused = ["tape": "/mnt/tpae"]
        #expect(facts.concerns.map(\.key) == ["target-unused tape"] && facts.concerns[0].message.contains("/mnt/tpae"))
        facts.isServed = false
        #expect(facts.concerns.map(\.key) == ["target-unused tape", "unserved"])
    }

    @Test func `notes of backups are few, of one target each, and survive the catalogue's file`() throws {
        var catalogue = Catalogue(clusterID: "c", clusterName: "acme", created: Self.now)
        let empty = try catalogue.json()
        #expect(try Catalogue(json: empty, at: "x").backupNotes.isEmpty && !String(decoding: empty, as: UTF8.self).contains("notes"))
        for index in 0..<(BackupNote.most + 5) {
            catalogue.note(BackupNote(target: "nas", id: "\(index)", cut: ago(Int64(-index)), isGood: true, keepsContent: index != 53))
        }
        catalogue.note(BackupNote(target: "tape", id: "1", cut: Self.now, isGood: true, keepsContent: true))
        #expect(catalogue.backupNotes.count == BackupNote.most + 1 && catalogue.usableBackups(in: "nas").first?.id == "54")
        catalogue.note(BackupNote(target: "nas", id: "54", cut: ago(-54), isGood: false, keepsContent: true))
        #expect(catalogue.usableBackups(in: "nas").first?.id == "52", "one is damaged, one keeps too little")
        catalogue.forgetBackups(["52"])
        #expect(try Catalogue(json: catalogue.json(), at: "x").usableBackups(in: "nas").first?.id == "51")
    }
}
