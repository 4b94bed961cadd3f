import Testing
import WebHDFS

@testable import HDFSStore

@Suite struct SnapshotChangesTests {
    private func place(_ text: String) -> PlaceBelow { PlaceBelow(bytes: Array(text.utf8)) }

    private func changes(_ list: HDFSSnapshotDiff.Change...) -> SnapshotChanges {
        SnapshotChanges(HDFSSnapshotDiff(changes: list))
    }

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func whatIsNotToldIsUnchanged() {
        let changes = changes()
        #expect(changes.isUnchanged(.root) && changes.isUnchanged(place("a/b")) && changes.isEmpty)
        #expect(changes.formerPlace(of: place("a")) == place("a"))
    }

    @Test func aChangeReachesUpToTheRootAndNotBeside() {
        let changes = changes(.modified(bytes("a/b/file")))
        for touched in ["", "a", "a/b", "a/b/file"] { #expect(!changes.isUnchanged(place(touched))) }
        for other in ["b", "a/c", "a/b2", "a/b/file2"] { #expect(changes.isUnchanged(place(other))) }
    }

    /// As HDFS 3.3.6 told it: directory `a` moved to `moved`, and changes below it under the older name.
    @Test func belowARenamedDirectoryOlderNamesStandForNewerPlaces() {
        let changes = changes(
            .modified([]), .created(bytes("n")), .renamed(from: bytes("a"), to: bytes("moved")), .modified(bytes("a")),
            .created(bytes("a/y2")), .deleted(bytes("a/f1")), .modified(bytes("a/b")), .created(bytes("a/b/new")),
            .renamed(from: bytes("a/b/f2"), to: bytes("f2up")), .modified(bytes("a/b/c/f3")))
        #expect(changes.created == [place("n"), place("moved/y2"), place("moved/b/new")])
        #expect(changes.presentPlace(of: place("a/b/c/f3")) == place("moved/b/c/f3"))
        #expect(changes.presentPlace(of: place("a/b/f2")) == place("f2up"))
        #expect(changes.formerPlace(of: place("moved/b/c")) == place("a/b/c"))
        #expect(changes.formerPlace(of: place("f2up")) == place("a/b/f2"))
        #expect(changes.formerPlace(of: place("moved/y2/deep")) == nil)
        #expect(changes.formerPlace(of: place("n")) == nil)
        #expect(!changes.isUnchanged(place("moved/b/c")) && !changes.isUnchanged(place("moved/y2")) && !changes.isUnchanged(.root))
        #expect(changes.isUnchanged(place("f2up")) && changes.isUnchanged(place("moved/b/d")))
    }

    @Test func whatTakesTheNameOfSomethingMovedIsNotIt() {
        let changes = changes(
            .renamed(from: bytes("one"), to: bytes("two")), .renamed(from: bytes("two"), to: bytes("one")), .created(bytes("three")),
            .renamed(from: bytes("three"), to: bytes("new/three")), .created(bytes("new")))
        #expect(changes.formerPlace(of: place("one/x")) == place("two/x"))
        #expect(changes.formerPlace(of: place("two/x")) == place("one/x"))
        #expect(changes.formerPlace(of: place("new/three/x")) == place("three/x"))
        #expect(changes.formerPlace(of: place("new/four")) == nil)
        #expect(changes.formerPlace(of: place("three")) == nil)
        #expect(changes.isUnchanged(place("one")) && changes.isUnchanged(place("new/three")) && !changes.isUnchanged(place("new")))
    }

    @Test func whatWasMovedAwayAndBackHasNotMoved() {
        let changes = changes(
            .renamed(from: bytes("x"), to: bytes("x")), .renamed(from: bytes("d"), to: bytes("e")),
            .renamed(from: bytes("d/b"), to: bytes("e/b")), .renamed(from: bytes("d/c"), to: bytes("e/c2")))
        #expect(changes.moves.map(\.from) == [place("d"), place("d/c")])
        #expect(changes.formerPlace(of: place("e/b/f")) == place("d/b/f"))
        #expect(changes.formerPlace(of: place("x")) == place("x"))
    }

    @Test(arguments: [("a/b", "a", true), ("a", "a", true), ("ab", "a", false), ("a/b", "", true), ("", "a", false)])
    func placesKnowWhatTheyLieWithin(inner: String, outer: String, isWithin: Bool) {
        #expect(place(inner).isWithin(place(outer)) == isWithin)
        #expect(place("x/y").rebased(from: place("x"), to: place("z")) == place("z/y"))
        #expect(place("x/y").rebased(from: .root, to: place("z")) == place("z/x/y"))
        #expect(place("x").rebased(from: place("x"), to: .root) == .root)
    }
}
