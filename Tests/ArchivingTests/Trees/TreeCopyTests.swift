import Archiving
import HostIO
import Model
import ObjectStorage
import RepositoryEngine
import ResticFormat
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct TreeCopyTests {
    private func sample() throws -> TemporaryDirectory {
        let folder = try TemporaryDirectory()
        var random = SeededRandom(seed: 41)
        for directory in ["a/deep", "b", "empty"] { _ = try folder.folder("tree/" + directory) }
        for index in 0..<80 { try writeFile(folder.file("tree/a/\(index)"), random.text(300 + index * 91)) }
        try writeFile(folder.file("tree/a/deep/large"), random.bytes(6 << 20))
        try writeFile(folder.file("tree/b/one"), "one")
        return folder
    }

    private func copy(_ tree: TreeID, from source: ArchiveFixture, to target: ArchiveFixture, parent: TreeID? = nil) throws
        -> TreeCopyOutcome
    {
        let writer = try target.beginWriting()
        let image = ArchivedTree(repository: source.repository, id: tree)
        let outcome = try TreeCopy(from: image, to: writer, parent: parent, host: source.host).run(job: JobControl())
        _ = try writer.finish()
        return outcome
    }

    @Test func `a copied tree restores from the target alone`() throws {
        let folder = try sample()
        let (source, target) = (try ArchiveFixture(), try ArchiveFixture(password: "another"))
        let outcome = try source.archive(folder.file("tree"))
        let copied = try copy(outcome.tree, from: source, to: target)
        #expect(copied.trees == 5 && copied.blobs > 80)
        try target.restoreNow(outcome, to: folder.file("restored"))
        #expect(try TreePortrait.of(folder.file("restored")) == TreePortrait.of(folder.file("tree")))
    }

    @Test func `only what the target lacks is copied, and known directories are not read`() throws {
        let folder = try sample()
        let (source, target) = (try ArchiveFixture(), try ArchiveFixture())
        let first = try source.archive(folder.file("tree"))
        _ = try copy(first.tree, from: source, to: target)
        let nothing = try copy(first.tree, from: source, to: target, parent: first.tree)
        #expect(nothing.trees == 0 && nothing.blobs == 0)
        let again = try copy(first.tree, from: source, to: target)
        #expect(again.blobs == 0 && again.bytesStored == 0)
        try writeFile(folder.file("tree/b/two"), "two")
        let second = try source.archive(folder.file("tree"), parent: first.tree)
        let delta = try copy(second.tree, from: source, to: target, parent: first.tree)
        // The new file, its directory and the root.
        #expect(delta.blobs == 3 && delta.trees == 2)
        try target.restoreNow(second, to: folder.file("restored"))
        #expect(try TreePortrait.of(folder.file("restored")) == TreePortrait.of(folder.file("tree")))
    }

    @Test(arguments: PackDamage.allCases.filter { !$0.isInside })
    func `what the target has lost is copied again, whatever its last entry says`(damage: PackDamage) throws {
        let folder = try sample()
        let storage = MemoryStorage()
        let (source, target) = (try ArchiveFixture(), try ArchiveFixture(storage))
        let first = try source.archive(folder.file("tree"))
        _ = try copy(first.tree, from: source, to: target)
        try writeFile(folder.file("tree/b/two"), "two")
        let second = try source.archive(folder.file("tree"), parent: first.tree)
        let packs = storage.objects.filter { $0.key.text.hasPrefix("data/") }
        #expect(packs.count >= 2)
        for (pack, bytes) in packs {
            if damage == .lost { try storage.remove(pack) } else { #expect(storage.damage(pack) { $0 = damage.afflict($0) ?? [] }) }
            let found = try target.loadedAgain()
            let copied = try copy(second.tree, from: source, to: found, parent: first.tree)
            #expect(copied.trees == 5 && copied.blobs > 3)
            try found.loadedAgain().restoreNow(second, to: folder.file("restored"))
            #expect(try TreePortrait.of(folder.file("restored")) == TreePortrait.of(folder.file("tree")))
            try shell("rm -r '\(folder.file("restored"))'")
            // The next round has the other pack to lose, and what was copied meanwhile too.
            for added in storage.objects.keys where added.text.hasPrefix("data/") && packs[added] == nil { try storage.remove(added) }
            if damage == .lost { try storage.write(pack, bytes) } else { #expect(storage.damage(pack) { $0 = bytes }) }
        }
    }

    @Test func `a skeleton has all directories with their metadata and nothing else`() throws {
        let folder = try sample()
        try shell("cd '\(folder.path)/tree'; chmod 711 a/deep; touch -d '2012-12-12' a/deep b")
        let fixture = try ArchiveFixture()
        let outcome = try fixture.archive(folder.file("tree"))
        let writer = try fixture.beginWriting()
        let image = ArchivedTree(repository: fixture.repository, id: outcome.tree)
        let skeleton = try TreeSkeleton(of: image, into: writer).run(job: JobControl())
        _ = try writer.finish()
        #expect(skeleton.directories == 4)
        let census = try ImageCensus(of: .archived(ArchivedTree(repository: fixture.repository, id: skeleton.tree)), job: JobControl())
        #expect(census.files == 0 && census.directories == 4 && census.bytes == 0)
        let root = try fixture.nodes(skeleton.tree)
        let below = try #require(root[0].subtree)
        let deep = try #require(try fixture.nodes(below).first)
        #expect(deep.mode == FileMode.directory | 0o711 && deep.mtime.timestamp == .init(seconds: 1_355_270_400))
    }

    @Test func `a difference tells what was added, removed, changed and given other metadata`() throws {
        let folder = try sample()
        let fixture = try ArchiveFixture()
        let first = try fixture.archive(folder.file("tree"))
        try shell(
            "cd '\(folder.path)/tree'; rm b/one; printf two > b/two; printf other > a/3; chmod 640 a/4; mkdir new; printf n > new/n; rm -r a/deep"
        )
        let second = try fixture.archive(folder.file("tree"), parent: first.tree)
        var lines: [String] = []
        let images = [first, second].map { ImageTree.archived(ArchivedTree(repository: fixture.repository, id: $0.tree)) }
        try TreeDiff(from: images[0], to: images[1]).run(job: JobControl()) { lines.append("\($0.kind.rawValue) \($0.path)") }
        #expect(
            lines.sorted() == [
                "added b/two", "added new", "added new/n", "changed a/3", "metadata a/4", "removed a/deep", "removed a/deep/large",
                "removed b/one",
            ])
        lines = []
        try TreeDiff(from: images[0], to: images[0]).run(job: JobControl()) { lines.append($0.path) }
        #expect(lines.isEmpty)
    }
}
