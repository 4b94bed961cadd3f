import Backups
import Clusters
import HostIO
import Model
import RepositoryEngine
import Snapshots
import TestSupport
import Testing

/// The end of a protection, which touches nothing of the cluster's.
@Suite(.timeLimit(.minutes(5))) struct ForgettingTests {
    private let place: TemporaryDirectory
    private let small: SmallCluster

    init() throws {
        place = try TemporaryDirectory.inMemory()
        small = try SmallCluster(in: place.path)
        let cluster = try small.load()
        _ = try cluster.initialize()
        _ = try Snapshots(cluster).create(SnapshotRequest("one"), job: JobControl())
        _ = try Backups(cluster).create(BackupRequest(name: "b", target: "nas"), job: JobControl())
    }

    private func files(_ name: String) throws -> Set<String> { Set(try FileTree.files(below: "\(place.path)/\(name)")) }

    @Test func `stores, storage and targets stay, and the cluster can be taken up again`() throws {
        let places = ["srv", "storage", "nas"]
        let before = try places.map(files)
        let id = try small.load().identity().id
        let plan = try small.load().planForgetting()
        #expect(
            plan.summary.lines.contains { $0.value.contains("\(place.path)/nas") } && plan.summary.undo?.contains("cluster init") == true)
        #expect(try small.load().state.current() != nil, "a plan changes nothing")
        try small.load().forget()
        #expect(try places.map(files) == before)
        #expect(try small.load().state.current() == nil)
        #expect(try FileTree.files(below: "\(place.path)/state").allSatisfy { $0.hasSuffix("lock") })
        let again = try small.load().initialize()
        #expect(again.identity.id == id && again.adoptedSnapshots ?? 0 >= 1)
        #expect(try Backups(small.load()).find("b", in: "nas").manifest.cluster.id == id)
    }

    @Test func `a cluster that is served is not forgotten`() throws {
        let lock = try small.load().state.lockForService(host: .current())
        defer { lock.release() }
        let failure = #expect(throws: Failure.self) { try small.load().forget() }
        #expect(failure?.code == .refused && failure?.hint?.contains("systemctl") == true)
        #expect(try small.load().state.current() != nil)
    }
}
