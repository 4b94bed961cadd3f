import Model
import TestSupport
import Testing
import WebHDFS

@Suite(.timeLimit(.minutes(2))) struct SnapshotTests {
    private func snapshottable() throws -> Place {
        let place = try Place()
        try place.client.allowSnapshots(of: place.path)
        return place
    }

    @Test func aSnapshotKeepsWhatWasThere() throws {
        let place = try snapshottable()
        try place.put("file", [1, 2, 3])
        let snapshot = try place.client.createSnapshot(of: place.path, named: "s \u{FC}+1")
        #expect(snapshot == place.path.snapshot("s \u{FC}+1"))
        try place.put("file", [9], HDFSFileOptions(replacing: .always))
        try place.put("later", [1])
        let frozen = try #require(snapshot.appending(relative: "file"))
        #expect(try place.client.bytes(of: frozen) == [1, 2, 3])
        #expect(try place.client.entries(of: snapshot).map(\.name) == [Array("file".utf8)])
        #expect(try place.client.status(of: frozen)?.length == 3)
        expect(.permission) { try place.client.publish(#require(snapshot.appending(relative: "new")), bytes: [1]) }
        expect(.permission) { try place.client.remove(frozen) }
    }

    @Test func snapshotsAreListedRenamedAndDeleted() throws {
        let place = try snapshottable()
        #expect(try place.client.snapshots(of: place.path).isEmpty)
        try place.client.createSnapshot(of: place.path, named: "b")
        try place.client.createSnapshot(of: place.path, named: "a")
        expect(.exists) { try place.client.createSnapshot(of: place.path, named: "a") }
        #expect(try place.client.snapshots(of: place.path).map(\.name) == ["a", "b"])
        try place.client.renameSnapshot(of: place.path, "b", to: "c")
        expect(.notFound) { try place.client.renameSnapshot(of: place.path, "b", to: "d") }
        expect(.exists) { try place.client.renameSnapshot(of: place.path, "a", to: "c") }
        try place.client.deleteSnapshot(of: place.path, named: "a")
        expect(.notFound) { try place.client.deleteSnapshot(of: place.path, named: "a") }
        let left = try place.client.snapshots(of: place.path)
        #expect(left.map(\.name) == ["c"] && left.map(\.path) == [place.path.snapshot("c")])
        expect(.invalid) { try place.client.createSnapshot(of: place.path, named: "x/y") }
    }

    @Test func theTimeOfASnapshotIsWhenItWasMade() throws {
        let place = try snapshottable()
        try place.client.setTimes(of: place.path, modification: 1000)
        let before = try #require(try place.client.status(of: place.path)).modificationTime
        try place.client.createSnapshot(of: place.path, named: "s")
        let snapshot = try #require(try place.client.snapshots(of: place.path).first)
        #expect(before == 1000 && snapshot.modificationTime > 1_600_000_000_000)
    }

    @Test func snapshotsStandInTheWayOfRemovals() throws {
        let place = try snapshottable()
        try place.put("sub/file", [1])
        try place.client.createSnapshot(of: place.path, named: "s")
        expect(.snapshotInTheWay) { try place.client.remove(place.path, .tree) }
        expect(.snapshotInTheWay) { try place.client.disallowSnapshots(of: place.path) }
        expect(.snapshotInTheWay) { try place.client.allowSnapshots(of: place.at("sub")) }
        #expect(try place.client.remove(place.at("sub"), .tree))
        try place.client.deleteSnapshot(of: place.path, named: "s")
        try place.client.disallowSnapshots(of: place.path)
        expect(.notSnapshottable) { try place.client.createSnapshot(of: place.path, named: "s") }
        expect(.notSnapshottable) { try place.client.snapshots(of: place.path) }
        #expect(try place.client.remove(place.path, .tree))
    }

    @Test func snapshottableDirectoriesAreFound() throws {
        let place = try snapshottable()
        try place.client.allowSnapshots(of: place.path)
        try place.client.createSnapshot(of: place.path, named: "s")
        let found = try #require(try place.client.snapshottableDirectories().first { $0.path == place.path })
        #expect(found.snapshots == 1 && found.limit > 1)
        #expect(try place.client.status(of: place.path)?.isSnapshottable == true)
        // Others see theirs only.
        #expect(try !place.server.client(user: "bob").snapshottableDirectories().contains { $0.path == place.path })
    }

    @Test func aDiffTellsEveryKindOfChange() throws {
        let place = try snapshottable()
        for name in ["kept", "changed", "deleted", "moved", "dir/inner", "dir/stays"] { try place.put(name, [1]) }
        try place.client.createSnapshot(of: place.path, named: "one")
        try place.put("cre+ated%", [2])
        try place.put("changed", [2, 2], HDFSFileOptions(replacing: .always))
        try place.client.remove(place.at("deleted"))
        try place.client.rename(place.at("moved"), to: place.at("dir/mo\u{E9}ved"))
        try place.client.rename(place.at("dir"), to: place.at("renamed"))
        try place.client.setPermission(of: place.at("renamed/stays"), 0o600)
        try place.put("renamed/new", [1])
        try place.client.createSnapshot(of: place.path, named: "two")
        let diff = try place.client.snapshotDiff(of: place.path, from: "one", to: "two")
        func path(_ text: String) -> [UInt8] { Array(text.utf8) }
        // What lies in a renamed directory stands under its old name; a replaced file is deleted and created.
        let expected: Set<HDFSSnapshotDiff.Change> = [
            .modified([]), .modified(path("dir")), .renamed(from: path("dir"), to: path("renamed")),
            .renamed(from: path("moved"), to: path("renamed/mo\u{E9}ved")), .created(path("cre+ated%")), .deleted(path("changed")),
            .created(path("changed")), .deleted(path("deleted")), .created(path("dir/new")), .modified(path("dir/stays")),
        ]
        #expect(Set(diff.changes) == expected && diff.changes.count == expected.count)
        #expect(try place.client.snapshotDiff(of: place.path, from: "two", to: nil).changes.isEmpty)
        try place.client.remove(place.at("kept"))
        let live = try place.client.snapshotDiff(of: place.path, from: "two", to: nil)
        #expect(Set(live.changes) == [.modified([]), .deleted(path("kept"))])
        expect(.notFound) { try place.client.snapshotDiff(of: place.path, from: "one", to: "three") }
    }
}
