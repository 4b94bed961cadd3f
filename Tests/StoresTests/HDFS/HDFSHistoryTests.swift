import Archiving
import HDFSStore
import HostIO
import Model
import ResticFormat
import StoreContract
import TestSupport
import Testing
import WebHDFS

/// Random histories on the real HDFS: what HDFS tells of them is enough to undo them and to archive them. It does not tell of an entry
/// of which nothing but the time has changed.
@Suite(.timeLimit(.minutes(5))) struct HDFSHistoryTests {
    private static let names = ["a", "b", "c", "d"]

    private func folder(_ random: inout SeededRandom) -> String {
        (0..<Int.random(in: 0...2, using: &random)).map { _ in Self.names.randomElement(using: &random) ?? "a" }.joined(separator: "/")
    }

    private func path(_ random: inout SeededRandom) -> String {
        let folder = folder(&random)
        let name = Self.names.randomElement(using: &random) ?? "a"
        return folder.isEmpty ? name : "\(folder)/\(name)"
    }

    /// One change, which HDFS may refuse.
    private func change(_ fixture: HDFSFixture, _ random: inout SeededRandom) {
        let place = path(&random)
        switch Int.random(in: 0..<10, using: &random) {
        case 0, 1, 2: try? fixture.put(place, "content \(Int.random(in: 0..<1000, using: &random))")
        case 3: try? fixture.append(place, "tail")
        case 4: _ = try? fixture.client.remove(fixture.at(place), .tree)
        case 5: try? fixture.client.makeDirectories(fixture.at(place))
        case 6: try? fixture.client.setPermission(of: fixture.at(place), UInt32.random(in: 0o600...0o777, using: &random))
        default: try? fixture.rename(place, path(&random))
        }
    }

    @Test(arguments: 0..<6) func whateverHappenedIsUndone(round: Int) throws {
        var random = SeededRandom(named: "whateverHappenedIsUndone")
        let fixture = try HDFSFixture()
        try fixture.client.makeDirectories(fixture.path)
        for _ in 0..<30 { change(fixture, &random) }
        let run = try StoreRun(fixture)
        let before = try fixture.content(withTimes: false)
        let first = try run.snapshot("first")
        for _ in 0..<25 { change(fixture, &random) }
        let after = try fixture.content(withTimes: false)
        let second = try run.snapshot("second")
        for (image, content) in [(first, before), (second, after), (first, before)] {
            try run.restore(image)
            let there = try fixture.content(withTimes: false)
            #expect(there == content, "\(there.difference(from: content))")
            let again = try run.plan(image)
            #expect(again.isEmpty, "\(again)")
        }
    }

    @Test func `what was moved under its own name into a directory that is otherwise as it was is in the next archive`() throws {
        let fixture = try HDFSFixture()
        for name in ["a/x", "a/d/y", "b/z", "c/w"] { try fixture.put(name, name) }
        let run = try StoreRun(fixture)
        _ = try run.snapshot("first")
        let images = try ImageRepository()
        let first = try fixture.store.openNativeImage("first", since: nil)
        let parent = try images.archive(CapturedImage(source: first, shape: .contentDefined), parent: nil).tree
        try fixture.rename("a/x", "b/x")
        try fixture.rename("a/d", "c/d")
        _ = try run.snapshot("second")
        let second = try fixture.store.openNativeImage("second", since: "first")
        let followed = try images.archive(CapturedImage(source: second, shape: .contentDefined), parent: parent).tree
        let census = try ImageCensus(of: .archived(followed), job: JobControl())
        #expect(census.files == 4 && census.directories == 4)
    }

    @Test(arguments: 0..<6) func anArchiveThatFollowsTheChangesIsTheOneOfAFullWalk(round: Int) throws {
        var random = SeededRandom(named: "anArchiveThatFollowsTheChanges")
        let fixture = try HDFSFixture()
        try fixture.client.makeDirectories(fixture.path)
        for _ in 0..<30 { change(fixture, &random) }
        let run = try StoreRun(fixture)
        _ = try run.snapshot("first")
        let images = try ImageRepository()
        func archive(_ id: String, since: String?, parent: ArchivedTree?) throws -> ArchivedTree {
            let source = try fixture.store.openNativeImage(id, since: since)
            return try images.archive(CapturedImage(source: source, shape: .contentDefined), parent: parent).tree
        }
        var parent = try archive("first", since: nil, parent: nil)
        for (older, newer) in [("first", "second"), ("second", "third"), ("third", "fourth")] {
            for _ in 0..<8 { change(fixture, &random) }
            _ = try run.snapshot(newer)
            let followed = try archive(newer, since: older, parent: parent)
            let walked = try archive(newer, since: nil, parent: nil)
            var differences: [TreeChange] = []
            try TreeDiff(from: .archived(followed), to: .archived(walked)).run(job: JobControl()) { differences.append($0) }
            differences.removeAll { $0.kind == .metadata }
            #expect(differences.isEmpty, "\(older) → \(newer)")
            parent = followed
        }
    }
}
