import Model
import Testing

@Suite struct CatalogueTests {
    let now = Timestamp(seconds: 1_795_456_200)

    func empty() -> Catalogue { Catalogue(clusterID: "c1", clusterName: "acme", created: now) }

    @Test func `everything in it goes through JSON`() throws {
        var catalogue = empty()
        try catalogue.addTarget(TargetRecord(name: "nas", path: "/mnt/nas", added: now))
        catalogue.setPinned(true, of: "s1")
        catalogue.setExpiry(.never, of: "s1")
        catalogue.setExpiry(.at(now), of: "s2")
        catalogue.safety = SafetyRecord(
            snapshotID: "s3", name: try SnapshotName("safe"), taken: now, before: try SnapshotName("nightly"), stores: ["a"])
        catalogue.restoring = RestoreRecord(
            snapshotID: "s1", name: try SnapshotName("nightly"), began: now, safetySnapshotID: "s3", stores: ["a", "b"], finished: ["a"])
        catalogue.record(HistoryEvent(time: now, command: "snapshot create nightly", outcome: "ok", seconds: 1.5))
        #expect(try Catalogue(json: catalogue.json(), at: "/s/catalogue.json") == catalogue)
    }

    @Test func `one of before restores were noted as incomplete, and of before baselines, is read`() throws {
        var catalogue = empty()
        catalogue.note(
            IncompleteRestore(store: "a", from: try SnapshotName("nightly"), at: now, entries: 12, examples: ["f: no room"], job: 7))
        catalogue.noteBaseline(StoreBaseline(try sampleManifest().stores[0], at: now, source: "the restore of nightly"))
        let read = try Catalogue(json: catalogue.json(), at: "/c")
        #expect(read == catalogue && read.incompleteRestores.first?.entries == 12)
        let old = Array(
            #"""
            {"clusterID":"c1","clusterName":"acme","created":"2026-11-23T18:30:00Z","format":1,"history":[],"overrides":{},
             "targets":[{"added":"2026-11-23T18:30:00Z","name":"nas","path":"/mnt/nas"}]}
            """#.utf8)
        let before = try Catalogue(json: old, at: "/c")
        #expect(before.incompleteRestores.isEmpty && before.halfRestored.isEmpty && before.baseline(of: "a") == nil)
        #expect(before.backupNotes.isEmpty && before.imageReports.isEmpty && before.targets.first?.name == "nas")
        #expect(try Catalogue(json: before.json(), at: "/c") == before)
    }

    @Test func `a newer one is refused and a torn one is damaged`() throws {
        #expect(#expect(throws: Failure.self) { try Catalogue(json: Array(#"{"format":9}"#.utf8), at: "/c") }?.code == .refused)
        let json = try empty().json()
        for length in stride(from: 0, to: json.count - 2, by: 7) {
            #expect(#expect(throws: Failure.self) { try Catalogue(json: Array(json.prefix(length)), at: "/c") }?.code == .damaged)
        }
    }

    @Test func `history keeps the newest events`() {
        var catalogue = empty()
        for number in 0..<1050 { catalogue.record(HistoryEvent(time: now, command: "\(number)", outcome: "ok", seconds: 0)) }
        #expect(catalogue.history.count == Catalogue.historyLimit)
        #expect(catalogue.history.first?.command == "50")
        #expect(catalogue.history.last?.command == "1049")
    }

    @Test func `a prune is due when snapshots have expired since the last one, and that is a day ago`() {
        var catalogue = empty()
        func note(_ command: String, _ seconds: Int64, _ outcome: String = "ok") {
            catalogue.record(HistoryEvent(time: now.adding(seconds: seconds), command: command, outcome: outcome, seconds: 0))
        }
        note("snapshot create a", 0)
        #expect(!catalogue.isPruneDue(at: now))
        note("snapshot expire a", 10)
        #expect(catalogue.isPruneDue(at: now.adding(seconds: 10)))
        note("snapshot prune", 20, "locked")
        #expect(catalogue.isPruneDue(at: now.adding(seconds: 20)))
        note("snapshot prune", 30)
        #expect(!catalogue.isPruneDue(at: now.adding(seconds: 200_000)), "nothing has expired since")
        note("snapshot expire b", 40)
        #expect(!catalogue.isPruneDue(at: now.adding(seconds: 40)))
        #expect(catalogue.isPruneDue(at: now.adding(seconds: 86_430)))
        #expect(catalogue.isPruneDue(at: now.adding(seconds: -86_400)), "a clock that was put back does not put it off")
        note("snapshot delete c", 50)
        #expect(!catalogue.isPruneDue(at: now.adding(seconds: 200_000)))
    }

    @Test func `a target is added once`() throws {
        var catalogue = empty()
        try catalogue.addTarget(TargetRecord(name: "nas", path: "/mnt/nas", added: now))
        for (name, path) in [("nas", "/other"), ("other", "/mnt/nas")] {
            #expect(
                #expect(throws: Failure.self) { try catalogue.addTarget(TargetRecord(name: name, path: path, added: now)) }?.code == .exists
            )
        }
        #expect(
            #expect(throws: Failure.self) { try catalogue.addTarget(TargetRecord(name: "a b", path: "/x", added: now)) }?.code == .usage)
        catalogue.removeTarget(named: "nas")
        #expect(catalogue.targets.isEmpty)
    }

    @Test func `what commands said last is what counts`() throws {
        let manifest = try sampleManifest()
        var catalogue = empty()
        #expect(catalogue.keeping(of: manifest, id: "s1") == Keeping(pinned: false, expires: Expiry(manifest.expires)))
        catalogue.setPinned(true, of: "s1")
        #expect(catalogue.keeping(of: manifest, id: "s1").pinned)
        #expect(catalogue.keeping(of: manifest, id: "s1").expires == Expiry(manifest.expires))
        catalogue.setExpiry(.never, of: "s1")
        #expect(catalogue.keeping(of: manifest, id: "s1").expires == .never)
        catalogue.safety = SafetyRecord(snapshotID: "s1", name: manifest.name, taken: now, before: manifest.name, stores: [])
        catalogue.forget("s1")
        #expect(catalogue.overrides.isEmpty)
        #expect(catalogue.safety == nil)
    }
}
