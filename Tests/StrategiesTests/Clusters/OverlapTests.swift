import Backups
import Clusters
import Glibc
import HostIO
import Model
import RepositoryEngine
import Snapshots
import TestSupport
import Testing

private let mayMount = canMount("a target inside a store by a bind mount")

/// No place of a cluster lies in another one, by whatever way, and links change.
@Suite(.timeLimit(.minutes(5))) struct OverlapTests {
    private let place: TemporaryDirectory
    private let small: SmallCluster

    init() throws {
        place = try TemporaryDirectory()
        small = try SmallCluster(in: place.path)
        try makeDirectories(place.file("srv/uploads/deep"))
    }

    private var backups: Backups { get throws { Backups(try small.load()) } }
    private var snapshots: Snapshots { get throws { Snapshots(try small.load()) } }

    private func link(_ name: String, to target: String) { #expect(symlink(place.file(target), place.file(name)) == 0) }

    private func refusal(_ words: String..., of body: () throws -> Void) throws {
        let failure = try #require(#expect(throws: Failure.self, performing: body))
        #expect(failure.code == .refused, "\(failure)")
        for word in words { #expect(failure.message.contains(word), "\(word): \(failure.message)") }
    }

    @Test(arguments: ["storage", "state"]) func `a link into a store is no place for storage or state`(_ name: String) throws {
        link(name, to: "srv/uploads/deep")
        // A state is reached through no link at all.
        let words =
            name == "state" ? ["is a symbolic link"] : ["lies inside the store uploads", "leads to \(place.path)/srv/uploads/deep"]
        for word in words { try refusal(word) { _ = try small.load().initialize() } }
        #expect(try FileTree.files(below: place.file("srv/uploads/deep")).isEmpty)
    }

    @Test func `a store that is reached through a link holds the storage`() throws {
        link("way", to: "srv")
        try small.writeFile("holdfast.yaml", place: "way", storage: "srv/uploads/deep/s")
        try refusal("the storage", "lies inside the store uploads", "\(place.path)/way/uploads leads to") {
            _ = try small.load().initialize()
        }
        #expect(try statusOfPath(place.file("srv/uploads/deep/s")) == nil)
    }

    @Test func `two stores that are one by a link are refused`() throws {
        link("srv/again", to: "srv/uploads")
        try small.writeFile(
            "holdfast.yaml", stores: ["uploads", "{name: again, kind: directory, role: data, path: srv/again}"])
        try refusal("are one directory") { _ = try small.load().initialize() }
    }

    @Test func `a target in a store is refused when it is added`() throws {
        _ = try small.load().initialize()
        link("t", to: "srv/uploads/deep")
        try refusal("the target t", "lies inside the store uploads", "symbolic link") {
            _ = try backups.addTarget("t", path: place.file("t"))
        }
        try refusal("lies inside the storage") { _ = try backups.addTarget("t", path: place.file("storage/x")) }
        link("other", to: "nas")
        _ = try backups.create(BackupRequest(name: "b", target: "nas"), job: JobControl())
        let failure = #expect(throws: Failure.self) { _ = try backups.addTarget("twice", path: place.file("other")) }
        #expect(failure?.code == .exists)
        #expect(try backups.cluster.targets().map(\.name) == ["nas"])
    }

    @Test(.enabled(if: mayMount)) func `a bind mount of a part of a store is no target`() throws {
        _ = try small.load().initialize()
        let bound = try MountedFileSystem.bind(place.file("srv/uploads/deep"))
        try refusal("\(bound.path) is \(place.path)/srv/uploads/deep, by a bind mount") {
            _ = try backups.addTarget("b", path: bound.path)
        }
        #expect(try FileTree.files(below: bound.path).isEmpty)
    }

    /// The target or the storage is moved into a store and a link left in its place, as somebody short of room does.
    @Test(arguments: ["nas", "storage"]) func `what came to lie in a store since stops every run, and nothing is lost`(_ name: String)
        throws
    {
        _ = try small.load().initialize()
        _ = try snapshots.create(SnapshotRequest("one"), job: JobControl())
        _ = try backups.create(BackupRequest(name: "b", target: "nas"), job: JobControl())
        #expect(rename(place.file(name), place.file("srv/uploads/deep/\(name)")) == 0)
        link(name, to: "srv/uploads/deep/\(name)")
        let before = try FileTree.files(below: place.file("srv/uploads"))
        let words = "lies inside the store uploads"
        try refusal(words) { _ = try snapshots.create(SnapshotRequest("two"), job: JobControl()) }
        try refusal(words) { _ = try backups.create(BackupRequest(name: "c", target: "nas"), job: JobControl()) }
        try refusal(words) { _ = try snapshots.prepareRestore("one", stores: nil, releaseChange: .refused, job: JobControl()) }
        try refusal(words) { _ = try small.load().planDeletion() }
        try refusal(words) { try small.load().delete(job: JobControl()) }
        #expect(try FileTree.files(below: place.file("srv/uploads")) == before)
    }

    @Test func `a restore of a cluster does not fill a store that holds the target`() throws {
        _ = try small.load().initialize()
        _ = try backups.create(BackupRequest(name: "b", target: "nas"), job: JobControl())
        try small.writeFile("new.yaml", place: "new", state: "state2", storage: "storage2")
        try makeDirectories(place.file("new"))
        link("new/uploads", to: "nas/deep")
        let restore = ClusterRestore(into: try small.load("new.yaml"), from: small.target)
        try refusal("the store uploads", "lies inside the target") { _ = try restore.prepare("b", without: [], job: JobControl()) }
    }

    @Test func `a cluster whose password lies in a store is not deleted`() throws {
        _ = try small.load().initialize()
        #expect(rename(place.file("password"), place.file("srv/uploads/deep/password")) == 0)
        link("password", to: "srv/uploads/deep/password")
        _ = try snapshots.create(SnapshotRequest("one"), job: JobControl())
        try refusal("the password file", "lies inside the store uploads") { try small.load().delete(job: JobControl()) }
    }

    @Test func `storage in the state, and links that lead elsewhere, are fine`() throws {
        try makeDirectories(place.file("elsewhere"))
        link("far", to: "elsewhere")
        try small.writeFile("holdfast.yaml", storage: "state/snapshots")
        _ = try small.load().initialize()
        _ = try backups.addTarget("far", path: place.file("far/deep"))
        _ = try backups.create(BackupRequest(name: "b", target: "far"), job: JobControl())
    }
}
