import Backups
import Clusters
import HostIO
import Model
import RepositoryEngine
import Snapshots
import TestSupport
import Testing

/// Policies and targets come back with the cluster, or are told with the command that brings them.
@Suite(.timeLimit(.minutes(5))) struct SettingsTakeoverTests {
    private let place: TemporaryDirectory
    private let small: SmallCluster

    init() throws {
        place = try TemporaryDirectory.inMemory()
        small = try SmallCluster(in: place.path)
        let cluster = try small.load()
        _ = try cluster.initialize()
        let backups = Backups(cluster)
        for name in ["spare", "lost"] { _ = try backups.addTarget(name, path: place.file(name)) }
        for target in ["nas", "spare", "lost"] {
            _ = try backups.createPolicy(
                PolicyChange(every: "1d", offset: "2h", keep: "7@1d").backupPolicy(named: "to-\(target)", target: target))
        }
        try backups.setPolicyEnabled("to-spare", false)
        _ = try Snapshots(cluster).setPolicy(PolicyChange(every: "2h", keep: "5@2h"))
        _ = try backups.create(BackupRequest(name: "b", target: "nas"), job: JobControl())
        try removeTree(place.file("lost"))
    }

    private func policy(_ name: String, _ cluster: Cluster) throws -> BackupPolicy { try cluster.policies().backup(named: name).policy }

    @Test func `a lost state comes back with the policies as they were and the targets that are there`() throws {
        let id = try small.load().identity().id
        try removeTree(place.file("state"))
        let cluster = try small.load()
        let outcome = try cluster.initialize()
        #expect(outcome.identity.id == id)
        #expect(try cluster.policies().snapshot.text == "every 2h, kept 5@2h")
        #expect(try cluster.targets().map(\.name) == ["nas", "spare"])
        #expect(try policy("to-nas", cluster).isEnabled && !policy("to-spare", cluster).isEnabled)
        let settings = try #require(outcome.settings)
        let left = settings.filter { !$0.isTaken }
        #expect(left.map(\.name) == ["lost", "to-lost"])
        #expect(
            left.map(\.command) == [
                "target add lost \(place.path)/lost",
                "backup policy create to-lost --target lost --mode full --every 1d --offset 2h --keep 7@1d",
            ])
        #expect(settings.filter(\.isTaken).allSatisfy { $0.reason == nil })
    }

    @Test func `a restored cluster writes into no target before somebody says so`() throws {
        try small.writeFile("new.yaml", place: "new", state: "state2", storage: "storage2")
        let cluster = try small.load("new.yaml")
        let restore = ClusterRestore(into: cluster, from: small.target)
        let outcome = try restore.run(restore.prepare("b", without: [], job: JobControl()), job: JobControl())
        #expect(try cluster.policies().snapshot.isEnabled && cluster.policies().snapshot.text == "every 2h, kept 5@2h")
        #expect(try cluster.targets().map(\.name) == ["nas", "spare"])
        #expect(try !policy("to-nas", cluster).isEnabled && !policy("to-spare", cluster).isEnabled)
        let settings = try #require(outcome.settings)
        #expect(settings.first { $0.name == "to-nas" }?.command == "backup policy enable to-nas")
        #expect(settings.filter { !$0.isTaken }.map(\.name) == ["lost", "to-lost"])
        #expect(try cluster.catalogue().restoring == nil)
    }

    @Test func `settings are left where that is wanted`() throws {
        try removeTree(place.file("state"))
        let cluster = try small.load()
        #expect(try cluster.initialize(.leave).settings == nil)
        #expect(try cluster.policies().snapshot == .standard && cluster.policies().backups.isEmpty)
    }

    @Test func `a snapshot and a backup say how the cluster is set up, without secrets`() throws {
        let backups = Backups(try small.load())
        let settings = try #require(try backups.find("b", in: "nas").manifest.clusterSettings)
        #expect(settings.targets.map(\.name) == ["nas", "spare", "lost"] && settings.targets.map(\.isDeclared) == [true, false, false])
        #expect(settings.clusterFile.contains("cluster: acme") && settings.backupPolicies.count == 3)
    }
}
