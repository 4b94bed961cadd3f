import Backups
import Clusters
import Glibc
import HostIO
import Model
import ObjectStorage
import RepositoryEngine
import ResticFormat
import Snapshots
import TestSupport
import Testing

/// Repositories that somebody has changed behind the back of a cluster: nothing is deleted there until a person has accepted it.
@Suite(.timeLimit(.minutes(5))) struct WitnessTests {
    private let place: TemporaryDirectory
    private let small: SmallCluster

    init() throws {
        place = try TemporaryDirectory.inMemory()
        small = try SmallCluster(in: place.path)
        _ = try small.load().initialize()
    }

    /// Through storages that have opened nothing yet.
    private func load(_ name: String = "holdfast.yaml", host: Host = .current()) throws -> Cluster {
        try SmallCluster(at: place.path).load(name, host: host)
    }

    private func backUp(_ name: String) throws {
        try small.write("only in \(name)", to: "uploads/\(name)")
        _ = try Backups(load()).create(BackupRequest(name: name, target: "nas"), job: JobControl())
    }

    private func shell(_ line: String) throws {
        let outcome = try ChildProcess.shell("cd '\(place.path)' && \(line)", timeout: .seconds(30)).run()
        #expect(outcome.succeeded, "\(outcome.errorText)")
    }

    private func packs(_ folder: String = "nas") throws -> Int { try DirectoryStorage("\(place.path)/\(folder)").list("data").count }

    private static let atOnce = PruneOptions(grace: 0)

    private func prune(_ cluster: Cluster? = nil) throws -> PruneOutcome {
        try Backups(cluster ?? load()).prune("nas", Self.atOnce, job: JobControl()).pruned
    }

    /// Neither the plan nor the prune, a deletion or the retention touches anything.
    private func expectBrakes(_ what: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let before = try packs()
        let backups = Backups(try load())
        for body in [
            { _ = try backups.planPrune("nas", Self.atOnce, job: JobControl()) }, { _ = try self.prune() },
        ] as [() throws -> Void] {
            let failure = #expect(throws: (any Error).self, "\(what)", sourceLocation: sourceLocation) { try body() }
            let code = failure.map { Failure(describing: $0).code }
            #expect(code == .refused || code == .damaged, "\(what) \(String(describing: failure))", sourceLocation: sourceLocation)
        }
        #expect(try packs() == before, "\(what)", sourceLocation: sourceLocation)
    }

    private static let tampering: [(what: String, shell: String)] = [
        ("missing", "mv nas/snapshots away"), ("a link to nothing", "mv nas/snapshots away; ln -s nowhere nas/snapshots"),
        ("a link to the folder itself", "mv nas/snapshots away; ln -s ../away nas/snapshots"),
        ("a file", "mv nas/snapshots away; touch nas/snapshots"), ("a pipe", "mv nas/snapshots away; mkfifo nas/snapshots"),
        ("emptied", "mv nas/snapshots away; mkdir nas/snapshots"),
        ("without the newest", "cp -a nas/snapshots away; rm \"$(ls -td nas/snapshots/* | head -1)\""),
        ("moved down", "cp -a nas/snapshots away; mkdir nas/snapshots/x; mv nas/snapshots/[0-9a-f]???* nas/snapshots/x/"),
        ("garbage", "cp -a nas/snapshots away; for f in nas/snapshots/*; do chmod +w $f; echo garbage > $f; done"),
        ("links in place of files", "cp -a nas/snapshots away; for f in nas/snapshots/*; do ln -sf ../../away/$(basename $f) $f; done"),
    ]

    @Test(arguments: tampering.indices) func `a prune refuses when the snapshots cannot be all there are, and goes on when they are back`(
        _ index: Int
    ) throws {
        let (what, line) = Self.tampering[index]
        try backUp("one")
        try backUp("two")
        try shell(line)
        try expectBrakes(what)
        if what != "garbage" {
            let concerns = try load().health().concerns.filter { $0.key == "seen target nas" || $0.key == "place target nas" }
            #expect(concerns.first?.severity == .critical, "\(what)")
        }
        let places = try load().targetPlaces()
        #expect(places.first.map { $0.doubt != nil || !$0.problems.isEmpty } == true, "\(what)")
        try shell("rm -rf nas/snapshots; mv away nas/snapshots")
        _ = try prune()
        #expect(try Backups(load()).list(in: "nas").entries.count == 2)
        #expect(try load().health().placeDoubts.isEmpty)
    }

    @Test func `an unreadable folder is an error, for whoever is not root`() throws {
        try backUp("one")
        small.storages.at(small.target).inject(Fault([.list], below: "snapshots", times: nil, .fail(.permission)))
        #expect(throws: StorageError.self) { try prune(small.load()) }
        small.storages.at(small.target).heal()
        _ = try prune(small.load())
    }

    @Test func `an older copy of the target is told, deletes nothing, and is the truth once a person has accepted it`() throws {
        try backUp("one")
        try shell("cp -a nas old")
        try backUp("two")
        try shell("rm -rf nas; mv old nas")
        let cluster = try load()
        let doubt = try #require(try cluster.health().placeDoubts[.target("nas")])
        #expect(doubt.gone.map(\.name) == ["two"])
        #expect(throws: Failure.self) { try Backups(cluster).delete(["one"], in: "nas") }
        #expect(throws: Failure.self) { try prune(cluster) }
        let plan = try cluster.planAcceptance(of: .target("nas"))
        #expect(plan.present == 1 && plan.newest?.name == "one" && plan.summary.lines.contains { $0.value.contains("backup two of") })
        #expect(try cluster.health().placeDoubts.count == 1, "a plan changes nothing")
        _ = try cluster.accept(.target("nas"))
        #expect(try cluster.health().placeDoubts.isEmpty && cluster.planAcceptance(of: .target("nas")).isEmpty)
        try Backups(cluster).delete(["one"], in: "nas")
        _ = try prune(cluster)
        #expect(try packs() == 0)
        #expect(try cluster.catalogue().history.contains { $0.command == "target accept target nas" && $0.outcome == "ok" })
    }

    @Test func `another repository with the same password is told, and takes backups without losing its own`() throws {
        try backUp("one")
        let password = String(decoding: try AtomicFile.read("\(place.path)/password"), as: UTF8.self).prefix { $0 != "\n" }
        try shell("mv nas away; mkdir nas")
        let other = try OpenRepository.create(
            in: DirectoryStorage(small.target), password: Password(String(password)), cost: .quick, host: .current())
        let kept = try other.backUp(SampleTree(files: ["theirs": [1, 2, 3]]))
        try small.write("more", to: "uploads/more")
        _ = try Backups(load()).create(BackupRequest(name: "two", target: "nas"), job: JobControl())
        let failure = #expect(throws: Failure.self) { try prune(load()) }
        #expect(failure?.code == .refused && failure?.message.contains("another repository") == true)
        #expect(try other.restore(kept).files["theirs"] == [1, 2, 3])
        #expect(try load().targetPlaces().first?.doubt?.isOtherRepository == true)
        _ = try load().accept(.target("nas"))
        _ = try prune(load())
        #expect(try other.restore(kept).files["theirs"] == [1, 2, 3])
    }

    @Test func `a repository that never had a snapshot, or whose last one was deleted here, can be pruned`() throws {
        _ = try Backups(small.load()).addTarget("tape", path: "\(place.path)/tape")
        small.storages.at("\(place.path)/tape").inject(Fault([.write], below: "snapshots/", times: nil, .fail(.noSpace)))
        #expect(throws: (any Error).self) {
            try Backups(small.load()).create(BackupRequest(name: "one", target: "tape"), job: JobControl())
        }
        #expect(try packs("tape") > 0)
        _ = try Backups(small.load()).prune("tape", Self.atOnce, job: JobControl())
        #expect(try packs("tape") == 0)
        try backUp("one")
        try Backups(load()).delete(["one"], in: "nas")
        _ = try prune()
        #expect(try packs() == 0 && load().health().placeDoubts.isEmpty)
    }

    @Test func `without a memory, data without snapshots is deleted by nobody`() throws {
        try backUp("one")
        try shell("rm state/seen.json; rm -rf nas/snapshots/*")
        try expectBrakes("no memory")
        _ = try load().accept(.target("nas"))
        _ = try prune()
        #expect(try packs() == 0)
    }

    @Test func `a memory that cannot be read stops deletions until each place was accepted`() throws {
        try backUp("one")
        try AtomicFile.write(Array("{".utf8), to: "\(place.path)/state/seen.json")
        #expect(throws: Failure.self) { try prune() }
        try backUp("two")
        let plan = try load().accept(.target("nas"))
        #expect(plan.doubt?.isForgotten == true && plan.present == 2)
        _ = try prune()
    }

    @Test func `what another installation of the cluster deletes is no cause for doubt; what it deletes for another cluster is not ours`()
        throws
    {
        try backUp("one")
        try backUp("two")
        try shell("cp -a state state2")
        try small.writeFile("second.yaml", state: "state2")
        try Backups(load("second.yaml")).delete(["one"], in: "nas")
        #expect(try load().health().placeDoubts.isEmpty)
        _ = try prune()
        #expect(try Backups(load()).list(in: "nas").entries.map(\.manifest.name.text) == ["two"])
        try shell("rm -rf nas/holdfast/forgotten")
        #expect(try load().health().placeDoubts.isEmpty, "a prune has learnt of it")
    }

    @Test func `a prune ends no backup of another cluster whose file is only missing, until a person has accepted that`() throws {
        try backUp("one")
        try small.writeFile("shop.yaml", cluster: "shop", state: "shop-state", storage: "shop-storage")
        _ = try load("shop.yaml").initialize()
        _ = try Backups(load("shop.yaml")).create(BackupRequest(name: "theirs", target: "nas"), job: JobControl())
        _ = try prune()
        let theirs = try #require(try Backups(load("shop.yaml")).list(in: "nas").entries.first { $0.manifest.name.text == "theirs" })
        try shell("mv nas/snapshots/\(theirs.id.hex) hidden")
        try expectBrakes("one of another cluster")
        #expect(try load().targetPlaces().first?.doubt?.goneStrangers == [theirs.id.hex])
        try shell("mv hidden nas/snapshots/\(theirs.id.hex)")
        _ = try prune()
        // What its own cluster deletes is no cause for doubt.
        try Backups(load("shop.yaml")).delete(["theirs"], in: "nas")
        _ = try prune()
        #expect(try load().targetPlaces().first?.doubt == nil)
    }

    @Test func `a policy keeps what it has while the target is in doubt, and makes backups all the same`() throws {
        let clock = ManualClock(Timestamp(seconds: 1_800_000_000))
        func backups() throws -> Backups { Backups(try load(host: .forTests(clock: clock))) }
        func run() throws -> PolicyBackupOutcome? {
            clock.advance(by: .seconds(86_400))
            return try backups().createByPolicy("nightly", PolicyRun(slot: clock.now()), job: JobControl())
        }
        _ = try backups().createPolicy(PolicyChange(every: "1d", keep: "2@1d").backupPolicy(named: "nightly", target: "nas"))
        _ = try run()
        let second = try #require(try run()).backup.entry
        try shell("mv nas/snapshots/\(second.id.hex) .")
        let third = try #require(try run())
        #expect(third.removed.isEmpty)
        #expect(try backups().list(in: "nas").entries.count == 2)
        try shell("mv \(second.id.hex) nas/snapshots/")
        #expect(try #require(try run()).removed.count == 2)
    }

    @Test func `the storage is held against what was seen there too`() throws {
        let snapshots = Snapshots(try load())
        for name in ["s1", "s2"] { _ = try snapshots.create(SnapshotRequest(name), job: JobControl()) }
        let before = try packs("storage")
        try shell("mv storage/snapshots away; mkdir storage/snapshots")
        for body in [
            { _ = try Snapshots(load()).planPrune(job: JobControl()) },
            { _ = try Snapshots(load()).prune(job: JobControl()) },
        ] as [() throws -> Void] {
            let failure = #expect(throws: Failure.self) { try body() }
            #expect(failure?.code == .refused && failure?.hint?.contains("target accept --storage") == true)
        }
        #expect(try packs("storage") == before)
        #expect(try load().health().placeDoubts[.storage]?.gone.count == 2)
        _ = try load().accept(.storage)
        _ = try Snapshots(load()).prune(job: JobControl())
        #expect(try packs("storage") == 0)
    }
}
