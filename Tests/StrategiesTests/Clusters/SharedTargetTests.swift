import Backups
import Clusters
import HostIO
import Model
import RepositoryEngine
import ResticFormat
import Snapshots
import TestSupport
import Testing

@testable import Backups

/// Two clusters, acme and shop, with one password, whose backups lie in one target.
@Suite(.timeLimit(.minutes(5))) struct SharedTargetTests {
    private let place: TemporaryDirectory
    private let small: SmallCluster
    private let clock = ManualClock(Timestamp(seconds: 1_795_305_600))

    init() throws {
        place = try TemporaryDirectory.inMemory()
        small = try SmallCluster(in: place.path)
        for name in ["shop", "blog"] {
            try makeDirectories("\(place.path)/\(name)/uploads")
            try AtomicFile.write(Array("of \(name)".utf8), to: "\(place.path)/\(name)/uploads/a")
            try small.writeFile(
                "\(name).yaml", cluster: name, place: name, state: "state-\(name)", storage: "storage-\(name)", stores: ["uploads"])
        }
        for file in ["holdfast.yaml", "shop.yaml"] { _ = try load(file).initialize() }
    }

    private func load(_ file: String = "holdfast.yaml") throws -> Cluster { try small.load(file, host: .forTests(clock: clock)) }
    private var acme: Backups { get throws { Backups(try load()) } }
    private var shop: Backups { get throws { Backups(try load("shop.yaml")) } }

    @discardableResult
    private func backup(_ backups: Backups, _ name: String) throws -> RepositoryEntry {
        clock.advance(by: .seconds(60))
        return try backups.create(BackupRequest(name: name, target: "nas"), job: JobControl()).entry
    }

    private func refusal(_ body: () throws -> Void) throws -> Failure { try #require(#expect(throws: Failure.self, performing: body)) }

    private func names(_ backups: Backups, _ scope: BackupScope = .own) throws -> [String] {
        try backups.list(in: backups.cluster.targets(), scope).rows.map { "\($0.entry.manifest.cluster.name)/\($0.entry.manifest.name)" }
    }

    @Test func `a name is free in each cluster, and means its own backup`() throws {
        let first = try backup(acme, "x1")
        let second = try backup(shop, "x1")
        #expect(try acme.find("x1", in: "nas").id == first.id && shop.find("x1", in: "nas").id == second.id)
        #expect(try names(acme) == ["acme/x1"] && names(shop) == ["shop/x1"])
        #expect(try Set(names(acme, .allClusters)) == ["acme/x1", "shop/x1"])
        let others = try acme.list(in: acme.cluster.targets(), .own).others
        #expect(others.map(\.name) == ["shop"] && others.map(\.entries) == [1])
        #expect(try refusal { _ = try backup(acme, "x1") }.code == .exists)
    }

    @Test func `the last good backup of another cluster is not easier to delete than one's own`() throws {
        let first = try backup(shop, "x1")
        var plan = try acme.planDeletion([first.id.hex], in: "nas")
        #expect(plan.takesLastGoodOf == ["shop"] && !plan.takesLastGood)
        #expect(plan.summary.warnings.contains { $0.hasPrefix("the cluster shop: no good backup of ") })
        _ = try backup(shop, "x2")
        plan = try acme.planDeletion([first.id.hex], in: "nas")
        #expect(plan.takesLastGoodOf.isEmpty)
    }

    @Test func `another cluster's backup is not found by its name, and the hint says its id`() throws {
        let entry = try backup(shop, "x1")
        let failure = try refusal { _ = try acme.planDeletion(["x1"], in: "nas") }
        #expect(
            failure.code == .notFound && failure.hint?.contains(entry.id.hex.prefix(8)) == true && failure.hint?.contains("shop") == true)
        #expect(throws: Failure.self) { try acme.delete(["x1"], in: "nas") }
        #expect(throws: Failure.self) { try acme.verify("x1", in: "nas", data: .none, job: JobControl()) }
        #expect(throws: Failure.self) { try acme.drill(DrillRequest(backup: "x1", target: "nas"), job: JobControl()) }
        #expect(try names(shop) == ["shop/x1"])
    }

    @Test func `an id means any backup, and the plan says whose it is`() throws {
        let entry = try backup(shop, "x1")
        try backup(acme, "x1")
        let id = String(entry.id.hex.prefix(8))
        #expect(try acme.find(id, in: "nas").id == entry.id && acme.find(entry.id.hex, in: "nas").id == entry.id)
        let plan = try acme.planDeletion([id], in: "nas").summary
        #expect(plan.title.contains("of the cluster shop") && plan.warnings.contains { $0.contains("another cluster's") })
        #expect(plan.lines.last?.value == "1 backup", "those of acme that are left: \(plan)")
        try acme.delete([id], in: "nas")
        #expect(try names(acme, .allClusters) == ["acme/x1"])
    }

    @Test func `the latest is the newest of this cluster`() throws {
        let own = try backup(acme, "mine")
        try backup(shop, "theirs")
        #expect(try acme.drill(DrillRequest(backup: "latest", target: "nas"), job: JobControl()).report.backupID == own.id.hex)
        try acme.delete(["mine"], in: "nas")
        #expect(try refusal { _ = try acme.drill(DrillRequest(backup: "latest", target: "nas"), job: JobControl()) }.code == .notFound)
    }

    @Test func `a prune keeps what any cluster needs`() throws {
        try backup(acme, "x1")
        try backup(shop, "x1")
        try acme.delete(["x1"], in: "nas")
        _ = try acme.prune("nas", PruneOptions(grace: 0), job: JobControl())
        #expect(try shop.verify("x1", in: "nas", data: .all, job: JobControl()).check.isSound)
        #expect(try names(acme, .allClusters) == ["shop/x1"])
    }

    @Test func `policies of one name in two clusters remove and adopt only their own`() throws {
        for backups in [try acme, try shop] {
            _ = try backups.createPolicy(PolicyChange(every: "1d", keep: "1@1d").backupPolicy(named: "nightly", target: "nas"))
        }
        for _ in 0..<2 {
            clock.advance(by: .seconds(86_400))
            for backups in [try acme, try shop] {
                _ = try backups.createByPolicy("nightly", PolicyRun(slot: clock.now()), job: JobControl())
            }
        }
        for backups in [try acme, try shop] {
            let own = try names(backups)
            #expect(own.count == 1, "\(own)")
            #expect(try backups.cluster.policies()[record: "nightly"].arrivals.count == 1)
        }
    }

    @Test func `a cluster is restored from the backup of the cluster that its file names`() throws {
        try backup(acme, "x1")
        let entry = try backup(shop, "x1")
        let again = Cluster.Renamed(small, "again.yaml", "shop", "again")
        #expect(try again.restore(clock).prepare("x1", without: [], job: JobControl()).entry.id == entry.id)
        #expect(try again.restore(clock).prepare("latest", without: [], job: JobControl()).entry.id == entry.id)
    }

    @Test func `what several clusters have is ambiguous for a cluster that none of them is`() throws {
        let first = try backup(acme, "x1")
        let entry = try backup(shop, "x1")
        let only = try backup(shop, "only")
        let blog = Cluster.Renamed(small, "other.yaml", "blog", "again")
        for word in ["x1", "latest"] {
            let failure = try refusal { _ = try blog.restore(clock).prepare(word, without: [], job: JobControl()) }
            #expect(failure.code == .refused && failure.message.contains("acme") && failure.message.contains("shop"))
            #expect(failure.hint?.contains("--cluster") == true)
        }
        let wanted = [("x1", "shop", entry), ("latest", "shop", only), (String(entry.id.hex.prefix(8)), nil, entry), ("only", nil, only)]
        for (word, cluster, expected) in wanted {
            let prepared = try blog.restore(clock, of: cluster).prepare(word, without: [], job: JobControl())
            #expect(prepared.entry.id == expected.id)
            #expect(prepared.plan.summary.lines.contains { $0.label == "of cluster" && $0.value.contains("shop") })
        }
        let id = first.manifest.cluster.id
        let own = try refusal { _ = try blog.restore(clock, of: id).prepare("only", without: [], job: JobControl()) }
        #expect(own.code == .notFound && own.hint?.contains("shop") == true)
    }

    @Test func `what a cluster had before it was restored is listed as that, and what comes later is not`() throws {
        let before = try backup(shop, "x1")
        let again = Cluster.Renamed(small, "again.yaml", "shop", "again")
        let restore = try again.restore(clock)
        _ = try restore.run(restore.prepare("x1", without: [], job: JobControl()), job: JobControl())
        clock.advance(by: .seconds(60))
        try backup(shop, "x2")
        let restored = Backups(try again.load(clock))
        try backup(restored, "x1")
        let listing = try restored.list(in: restored.cluster.targets(), .own)
        #expect(listing.rows.map(\.owner) == [.former, .own] && listing.others.map(\.entries) == [1])
        #expect(try restored.find("x1", in: "nas").id != before.id && restored.find(before.id.hex, in: "nas").id == before.id)
    }

    @Test func `a target that cannot be read hides nothing of the others`() throws {
        _ = try acme.addTarget("spare", path: "\(place.path)/spare")
        try backup(acme, "x1")
        try Descriptor.openDirectory(place.path).rename(Array("spare".utf8), to: Array("away".utf8))
        let listing = try acme.list(in: acme.cluster.targets(), .own)
        #expect(listing.rows.map(\.entry.manifest.name.text) == ["x1"] && listing.targetsRead == 1)
        #expect(listing.unreachable.map(\.target) == ["spare"] && listing.unreachable.first?.failure.code == .storage)
    }
}

extension Cluster {
    /// A cluster file of its own for a restore: another place, state and storage.
    struct Renamed {
        let small: SmallCluster
        let file: String

        init(_ small: SmallCluster, _ file: String, _ name: String, _ place: String) {
            self.small = small
            self.file = file
            try? small.writeFile(
                file, cluster: name, place: place, state: "state-\(place)", storage: "storage-\(place)", stores: ["uploads"])
        }

        func load(_ clock: ManualClock) throws -> Cluster { try small.load(file, host: .forTests(clock: clock)) }

        func restore(_ clock: ManualClock, of owner: String? = nil) throws -> ClusterRestore {
            ClusterRestore(into: try load(clock), from: small.target, of: owner)
        }
    }
}
