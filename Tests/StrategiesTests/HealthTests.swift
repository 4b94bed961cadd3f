import Backups
import Clusters
import HostIO
import Model
import ObjectStorage
import RepositoryEngine
import ResticFormat
import Snapshots
import TestSupport
import Testing

/// What the quick look at a real cluster finds, beside what `advise` says at the same moment.
@Suite(.timeLimit(.minutes(5)), .enabled(if: canMount("targets on other disks"))) struct HealthLookTests {
    private let place: TemporaryDirectory
    private let elsewhere: MountedFileSystem
    private let small: SmallCluster

    init() throws {
        place = try TemporaryDirectory.inMemory()
        elsewhere = try MountedFileSystem.tmpfs(megabytes: 64)
        small = try SmallCluster(in: place.path)
        try setTargets("{name: nas, path: \(elsewhere.path)/nas}")
        _ = try small.load().initialize()
        _ = try Snapshots(small.load()).create(SnapshotRequest("s1"), job: JobControl())
    }

    private func setTargets(_ text: String) throws {
        let lines = String(decoding: try AtomicFile.read(small.path), as: UTF8.self).split(separator: "\n").map { line in
            line.hasPrefix("targets: ") ? "targets: [\(text)]" : String(line)
        }
        try AtomicFile.write(Array(lines.joined(separator: "\n").utf8), to: small.path)
    }

    /// But for the service, which does not run here.
    private func concerns() throws -> [Concern] { try small.load().health().concerns.filter { $0.key != "unserved" } }
    private func keys() throws -> [String] { try concerns().map(\.key) }

    private func backUp(_ name: String, mode: BackupMode = .full, to target: String = "nas") throws {
        _ = try Backups(small.load()).create(BackupRequest(name: name, target: target, mode: mode), job: JobControl())
    }

    /// Both speak of the same.
    private func expectAdviceAgrees(_ words: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let told = try #require(try concerns().first { $0.key == "disk-lost" }, sourceLocation: sourceLocation)
        let advice = try AdviceGathering(small.load()).facts(suffix: "").advice.first { $0.fault == .diskLost }
        #expect(told.message.contains(words), "\(told)", sourceLocation: sourceLocation)
        #expect(
            advice?.missing.contains { $0.text.contains(words) } == true, "\(String(describing: advice))", sourceLocation: sourceLocation)
    }

    @Test func `until a backup with all that users have made lies on another disk, that is told, as advise tells it`() throws {
        try expectAdviceAgrees("there is no backup in nas")
        try backUp("structure", mode: .dataless)
        try expectAdviceAgrees("there is no backup in nas")
        try backUp("kept", mode: .lightweight)
        #expect(try keys() == ["backup-policy-missing"])
        #expect(try small.load().health().loss?.finding == .held(target: "nas"))
        // Whoever removes backups without us removes them nevertheless.
        let id = try Backups(small.load()).find("kept", in: "nas").id.hex
        try removeTree("\(elsewhere.path)/nas/snapshots/\(id)")
        try expectAdviceAgrees("there is no backup in nas")
        #expect(try keys().contains("seen target nas"))
        try backUp("again")
        _ = try small.load().accept(.target("nas"))
        try Backups(small.load()).delete(["again"], in: "nas")
        try expectAdviceAgrees("there is no backup in nas")
    }

    private func damage() throws -> Concern? { try concerns().first { $0.key.hasPrefix("backup-damaged nas") } }

    @Test func `a backup that was found damaged counts no more, and status and advise say so`() throws {
        try backUp("b")
        #expect(try keys() == ["backup-policy-missing"])
        for pack in try DirectoryStorage("\(elsewhere.path)/nas").list("data") {
            let path = "\(elsewhere.path)/nas/\(pack.name.text)"
            try AtomicFile.write(try AtomicFile.read(path).map { $0 ^ 0x55 }, to: path)
        }
        // Its root cannot be read, so that there is not even a report.
        #expect(throws: (any Error).self) {
            _ = try Backups(small.load()).verify("b", in: "nas", data: .all, job: JobControl())
        }
        let told = try #require(try damage())
        #expect(told.severity == .critical && told.message.contains("the backup b in nas"), "\(told)")
        try expectAdviceAgrees("there is no backup in nas")
    }

    @Test func `what was found of a backup is forgotten when it was read whole again, and when it is gone`() throws {
        try backUp("b")
        let id = try Backups(small.load()).find("b", in: "nas").id.hex
        func find() throws {
            let found = BackupNote.Damage(name: "b", at: Timestamp(seconds: 1_800_000_000), words: "its drill failed: accounts")
            try small.load().updateCatalogue { $0.noteDamage(found, of: id, in: "nas") }
            #expect(try damage()?.message.contains("its drill failed") == true)
        }
        try find()
        #expect(try Backups(small.load()).verify("b", in: "nas", data: .none, job: JobControl()).check.isSound)
        #expect(try damage() != nil, "not everything was read")
        #expect(try Backups(small.load()).verify("b", in: "nas", data: .all, job: JobControl()).check.isSound)
        #expect(try damage() == nil)
        try find()
        #expect(try Backups(small.load()).drill(DrillRequest(backup: "b", target: "nas"), job: JobControl()).report.verdict == .passed)
        #expect(try damage() == nil)
        try find()
        try backUp("later")
        #expect(try damage()?.severity == .warning, "there is a later one")
        try Backups(small.load()).delete(["b"], in: "nas")
        #expect(try damage() == nil)
    }

    @Test func `data that are gone, a store that no backup holds and a missing password are told at once`() throws {
        try backUp("b")
        try makeDirectories("\(place.path)/srv/new")
        try small.writeFile(
            "holdfast.yaml", stores: ["accounts", "uploads", "lake", "{name: new, kind: directory, role: content, path: srv/new}"])
        try setTargets("{name: nas, path: \(elsewhere.path)/nas}")
        let told = try #require(try concerns().first { $0.key == "disk-lost" })
        #expect(told.severity == .warning && told.message.contains("no backup in nas holds new"), "\(told)")
        try small.writeFile(
            "holdfast.yaml", stores: ["accounts", "{name: uploads, kind: directory, role: content, path: srv/new}", "lake"])
        try setTargets("{name: nas, path: \(elsewhere.path)/nas}")
        #expect(try concerns().first { $0.key == "disk-lost" }?.message.contains("no backup in nas holds uploads") == true)
        try small.writeFile("holdfast.yaml")
        try setTargets("{name: nas, path: \(elsewhere.path)/nas}")
        for folder in ["data", "index"] {
            let path = "\(elsewhere.path)/nas/\(folder)"
            try Descriptor.openDirectory("\(elsewhere.path)/nas").rename(Array(folder.utf8), to: Array("away".utf8))
            let told = try concerns().first { $0.key == "place target nas" }
            #expect(told?.severity == .critical && told?.message.contains("\(folder) is gone") == true)
            try Descriptor.openDirectory("\(elsewhere.path)/nas").rename(Array("away".utf8), to: Array(folder.utf8))
            #expect(try statusOfPath(path) != nil)
        }
        try Descriptor.openDirectory(place.path).rename(Array("password".utf8), to: Array("elsewhere".utf8))
        let password = try concerns().first { $0.key == "place password" }
        #expect(password?.severity == .critical && password?.message.contains("is not there") == true)
    }

    @Test func `a target on the disk of the stores does not help, whatever is in it`() throws {
        try setTargets("{name: here, path: here}")
        try backUp("b", to: "here")
        try expectAdviceAgrees("every target shares a disk with accounts, uploads, lake")
        try setTargets("")
        #expect(try keys().contains("disk-lost"), "that of the catalogue is still there")
    }

    @Test func `a path in the cluster file where nothing, something else or another target's past is, is told by its name`() throws {
        try backUp("b")
        let good = "{name: nas, path: \(elsewhere.path)/nas}"
        try setTargets("\(good), {name: tape, path: \(elsewhere.path)/tpae}")
        #expect(try keys() == ["backup-policy-missing", "target-unused tape"])
        try makeDirectories("\(elsewhere.path)/tpae/photos")
        #expect(try keys().contains("place target tape") && concerns()[0].message.contains("not empty"))
        try AtomicFile.write([1], to: "\(elsewhere.path)/file")
        try setTargets("\(good), {name: tape, path: \(elsewhere.path)/file}")
        #expect(try keys().contains("place target tape"))
        try setTargets("{name: nas, path: \(elsewhere.path)/other}")
        let moved = try #require(try concerns().first { $0.key == "place target nas" })
        #expect(moved.severity == .critical && moved.message.contains("\(elsewhere.path)/nas"), "\(moved)")
    }

    @Test func `a dead target is told and hides neither the others nor what they hold`() throws {
        try backUp("b")
        let other = try MountedFileSystem.tmpfs(megabytes: 64)
        try setTargets("{name: nas, path: \(elsewhere.path)/nas}, {name: tape, path: \(other.path)/tape}")
        try backUp("c", to: "tape")
        try other.vanish()
        let facts = try small.load().health()
        #expect(facts.troubles.keys.sorted() == ["target tape"] && facts.loss?.finding == .held(target: "nas"))
        #expect(facts.rooms.map(\.name).sorted() == ["storage", "target nas"])
    }

    @Test func `a store that is missing, and one that is half restored, are critical`() throws {
        try backUp("b")
        let cluster = try small.load()
        try cluster.exclusively("test") {
            try cluster.updateCatalogue { catalogue in
                catalogue.restoring = RestoreRecord(
                    snapshotID: "00", name: try SnapshotName("s1"), began: cluster.host.clock.now(), safetySnapshotID: nil,
                    stores: ["uploads", "lake"], finished: ["lake"])
            }
        }
        let half = try #require(try concerns().first)
        #expect(half.key == "half-restored uploads" && half.severity == .critical && half.message.contains("s1"))
        try cluster.exclusively("test") { try cluster.updateCatalogue { $0.restoring = nil } }
        for (path, store) in [("accounts.db", "accounts"), ("uploads", "uploads")] {
            try removeTree("\(small.root)/srv/\(path)")
            let missing = try #require(try concerns().first { $0.key == "place store \(store)" }, "\(store)")
            #expect(missing.severity == .critical)
        }
    }

    @Test func `what was there before backups were noted counts by the history, and a target that is taken over by what is in it`() throws {
        try backUp("b")
        let cluster = try small.load()
        try cluster.exclusively("test") {
            try cluster.updateCatalogue { catalogue in catalogue.forgetBackups(Set(catalogue.backupNotes.map(\.id))) }
        }
        #expect(try small.load().health().loss?.finding == .held(target: "nas"))
        try removeTree("\(small.root)/state")
        _ = try small.load().initialize()
        #expect(try small.load().health().loss?.finding == .empty(target: "nas"))
        _ = try Backups(small.load()).list(in: "nas")
        #expect(try small.load().health().loss?.finding == .held(target: "nas"))
    }
}
