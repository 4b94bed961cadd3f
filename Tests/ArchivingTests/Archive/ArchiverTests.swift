import Archiving
import Glibc
import HostIO
import Model
import ObjectStorage
import RepositoryEngine
import ResticFormat
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct ArchiverTests {
    private func sample() throws -> TemporaryDirectory {
        let folder = try TemporaryDirectory()
        var random = SeededRandom(seed: 11)
        for directory in ["a", "a/b", "c", "empty"] { _ = try folder.folder("tree/" + directory) }
        for index in 0..<200 { try writeFile(folder.file("tree/a/file\(index)"), random.text(100 + index * 37)) }
        try writeFile(folder.file("tree/a/b/large"), random.bytes(9 << 20))
        try writeFile(folder.file("tree/a/b/medium"), random.bytes(GearChunker.minimum + 1))
        try writeFile(folder.file("tree/c/zero"), "")
        return folder
    }

    @Test func `everything is in the tree, in order, with its content`() throws {
        let folder = try sample()
        let fixture = try ArchiveFixture()
        let outcome = try fixture.archive(folder.file("tree"))
        #expect(outcome.issueCount == 0)
        #expect(outcome.totals.files == 203 && outcome.totals.directories == 4 && outcome.totals.filesNew == 203)
        #expect(outcome.totals.bytes == outcome.totals.bytesRead)
        let root = try fixture.nodes(outcome.tree)
        #expect(root.map { String(decoding: $0.name, as: UTF8.self) } == ["a", "c", "empty"])
        let a = try fixture.nodes(try #require(root[0].subtree))
        #expect(Tree(nodes: a).isInOrder && a.count == 201)
        let b = try fixture.nodes(try #require(a.first { $0.type == .dir }?.subtree))
        for node in b {
            #expect(try fixture.content(node) == readFile(folder.file("tree/a/b/" + String(decoding: node.name, as: UTF8.self))))
        }
        #expect(try #require(b[0].content).count > 3)
        let zero = try fixture.nodes(try #require(root[1].subtree))[0]
        #expect(zero.content == [] && zero.size == 0)
        #expect(try fixture.nodes(try #require(root[2].subtree)).isEmpty)
    }

    @Test(arguments: [1, 2, 5]) func `the tree does not depend on the number of threads`(processors: Int) throws {
        let folder = try sample()
        let one = try ArchiveFixture(processors: 1).archive(folder.file("tree"))
        #expect(try ArchiveFixture(processors: processors).archive(folder.file("tree")).tree == one.tree)
    }

    @Test func `what has not changed is not read again`() throws {
        let folder = try sample()
        let fixture = try ArchiveFixture()
        let first = try fixture.archive(folder.file("tree"))
        let second = try fixture.archive(folder.file("tree"), parent: first.tree)
        #expect(second.tree == first.tree)
        #expect(second.totals.bytesRead == 0 && second.totals.bytesStored == 0 && second.totals.filesUnchanged == 203)
        try writeFile(folder.file("tree/a/file7"), "changed")
        try writeFile(folder.file("tree/new"), "new")
        let third = try fixture.archive(folder.file("tree"), parent: first.tree)
        #expect(third.totals.filesChanged == 1 && third.totals.filesNew == 1 && third.totals.bytesRead == 10)
        #expect(third.tree == (try ArchiveFixture().archive(folder.file("tree"))).tree)
    }

    @Test func `a file of the parent whose blobs are missing is read again`() throws {
        let folder = try sample()
        let first = try ArchiveFixture().archive(folder.file("tree"))
        let other = try ArchiveFixture()
        let writer = try other.beginWriting()
        // A parent that has the root tree's bytes and nothing else.
        let builder = try TreeBuilder(writer: writer)
        let parent = try builder.save([builder.directory(named: "a", first.tree, modified: .init(seconds: 0))])
        _ = try writer.finish()
        #expect(try other.archive(folder.file("tree"), parent: parent).tree == first.tree)
        #expect(try other.archive(folder.file("tree"), parent: first.tree).tree == first.tree)
    }

    @Test func `what a source knows to be unchanged is taken over, unless its blobs may be lost`() throws {
        let folder = try sample()
        let storage = MemoryStorage()
        let fixture = try ArchiveFixture(storage)
        let first = try fixture.archive(folder.file("tree"))
        let source = UnchangedSource(base: LocalDirectory(path: folder.file("tree")))
        let trusted = try fixture.loadedAgain().archive(source, parent: first.tree)
        #expect(trusted.tree == first.tree && trusted.totals.files == 0)
        let largest = try #require(storage.objects.filter { $0.key.text.hasPrefix("data/") }.max { $0.value.count < $1.value.count }?.key)
        try storage.remove(largest)
        let again = try fixture.loadedAgain().archive(source, parent: first.tree)
        #expect(again.tree == first.tree && again.totals.bytesRead > 0)
        try fixture.loadedAgain().restoreNow(again, to: folder.file("restored"))
        #expect(try TreePortrait.of(folder.file("restored")) == TreePortrait.of(folder.file("tree")))
    }

    @Test func `holes are neither read nor stored`() throws {
        let folder = try TemporaryDirectory()
        let tree = try folder.folder("tree")
        try shell("cd '\(tree)'; truncate -s 10G sparse; printf data | dd of=sparse bs=1M seek=5000 conv=notrunc status=none")
        try shell("cd '\(tree)'; truncate -s 30M dense; dd if=/dev/zero of=dense bs=1M count=30 conv=notrunc status=none")
        let fixture = try ArchiveFixture()
        let outcome = try fixture.archive(tree)
        #expect(outcome.totals.bytes == 10 << 30 + 30 << 20)
        #expect(outcome.totals.bytesRead < 50 << 20)
        #expect(outcome.totals.bytesStored < 1 << 20)
        let nodes = try fixture.nodes(outcome.tree)
        #expect(nodes.map(\.size) == [30 << 20, 10 << 30])
        let sizes = try nodes.map { node in try #require(node.content).map { fixture.repository.plainSize(of: $0, .data) ?? 0 }.reduce(0, +)
        }
        #expect(sizes == [30 << 20, 10 << 30])
        // Zeros make the same blobs whether they are a hole or not.
        #expect(nodes[0].content?.first == nodes[1].content?.first)
    }

    @Test(arguments: [100_000, 1_000_000, 2 << 20]) func `fixed chunks are of that size`(bytes: Int) throws {
        let folder = try TemporaryDirectory()
        let tree = try folder.folder("tree")
        var random = SeededRandom(seed: 5)
        try writeFile(tree + "/database", random.bytes(10_000_000))
        let fixture = try ArchiveFixture()
        let node = try fixture.nodes(try fixture.archive(tree, shape: .fixed(bytes: bytes)).tree)[0]
        let sizes = try #require(node.content).map { fixture.repository.plainSize(of: $0, .data) }
        #expect(sizes.dropLast().allSatisfy { $0 == bytes })
        #expect(sizes.compactMap(\.self).reduce(0, +) == 10_000_000)
        #expect(try fixture.content(node) == readFile(tree + "/database"))
    }

    @Test func `a directory of 10,000 levels is archived with few descriptors and no deep stack`() throws {
        let folder = try TemporaryDirectory.inMemory()
        // The folder's own removal goes into the depth by recursion.
        defer { _ = try? shell("rm -rf '\(folder.path)'/*") }
        try DeepTree.make(levels: 10_000, in: folder.path)
        let fixture = try ArchiveFixture()
        let outcome = try fixture.archive(folder.file("deep"))
        #expect(outcome.issueCount == 0 && outcome.totals.directories == 20_000)
        let second = try fixture.archive(LocalDirectory(path: folder.file("deep")), parent: outcome.tree)
        #expect(second.tree == outcome.tree && second.totals.bytesStored == 0)
        let restored = folder.file("restored")
        let (plan, done) = try fixture.restoreNow(outcome, to: restored)
        #expect(plan.created == 20_000 && done.issueCount == 0)
        #expect(try fixture.restore(of: outcome, to: restored).plan(job: JobControl()).isEmpty)
        // Deletes all but the first level.
        let shallow = try folder.folder("shallow")
        let emptied = try fixture.restoreNow(try fixture.archive(shallow), to: restored)
        #expect(emptied.0.deleted == 20_000 && emptied.1.issueCount == 0)
    }

    @Test func `a cancelled job stops with Cancelled`() throws {
        let folder = try sample()
        let job = JobControl()
        job.cancel()
        #expect(throws: Cancelled.self) { try ArchiveFixture().archive(LocalDirectory(path: folder.file("tree")), job: job) }
    }

    @Test func `progress ends where it was expected to`() throws {
        let folder = try sample()
        let job = JobControl()
        let outcome = try ArchiveFixture().archive(LocalDirectory(path: folder.file("tree")), job: job)
        #expect(job.value(of: .bytesDone) == Int(outcome.totals.bytes) && job.value(of: .bytesExpected) == Int(outcome.totals.bytes))
        #expect(job.value(of: .filesDone) == 203 && job.value(of: .filesExpected) == 203)
    }
}

/// Directories far below what a path can name.
enum DeepTree {
    /// `deep/d/d/…`, each with an empty directory `e` beside it.
    static func make(levels: Int, in path: String) throws {
        var folder = SharedDescriptor(try Descriptor.openDirectory(path))
        try folder.descriptor.makeDirectory(Array("deep".utf8))
        folder = SharedDescriptor(try folder.descriptor.openDirectory(Array("deep".utf8)))
        for _ in 0..<levels {
            try folder.descriptor.makeDirectory(Array("e".utf8))
            try folder.descriptor.makeDirectory(Array("d".utf8))
            folder = SharedDescriptor(try folder.descriptor.openDirectory(Array("d".utf8)))
        }
    }
}

/// A source that knows its root to be unchanged.
private struct UnchangedSource: EntrySource {
    private final class Root: SourceDirectory {
        let base: any SourceDirectory

        init(_ base: any SourceDirectory) { self.base = base }

        func metadata() throws -> Node { try base.metadata() }
        func entries(_ issues: IssueCollector) throws -> [Node] { try base.entries(issues) }
        func directory(named name: [UInt8]) throws -> any SourceDirectory { try base.directory(named: name) }
        func file(named name: [UInt8]) throws -> any SourceFile { try base.file(named: name) }
        var isUnchanged: Bool { true }
    }

    let base: LocalDirectory

    var description: String { base.description }
    func root() throws -> any SourceDirectory { Root(try base.root()) }
}
