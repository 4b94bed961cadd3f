import Archiving
import HostIO
import Model
import RepositoryEngine
import ResticFormat
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct HostileTreeTests {
    /// A tree with the given nodes, written as it is.
    private func hostile(_ fixture: ArchiveFixture, _ nodes: [Node]) throws -> ArchivedTree {
        let writer = try fixture.beginWriting()
        let sealer = try writer.makeSealer()
        let id = try Tree(nodes: nodes).encoded().withUnsafeBytes { try writer.save($0, as: .tree, using: sealer).id }
        _ = try writer.finish()
        return ArchivedTree(repository: fixture.repository, id: id.naming(TreeNamed.self))
    }

    private func file(_ name: [UInt8]) -> Node {
        var node = Node(name: name, type: .file)
        node.mode = 0o644
        return node
    }

    @Test(arguments: ["..", ".", "", "../evil", "/etc/evil", "a/b", "a\0b"])
    func `a name that leads out is refused before anything is written`(name: String) throws {
        let folder = try TemporaryDirectory()
        let fixture = try ArchiveFixture()
        var directory = Node(name: Array("sub".utf8), type: .dir)
        directory.subtree = try hostile(fixture, [file(Array(name.utf8))]).id
        let image = try hostile(fixture, [file(Array("a".utf8)), directory])
        for target in [folder.file("fresh"), try folder.folder("present")] {
            let restore = TreeRestore(image: .archived(image), destination: target, host: fixture.host)
            #expect { try restore.plan(job: JobControl()) } throws: { Failure(describing: $0).code == .damaged }
        }
        #expect(try FileTree.files(below: folder.file("present")) == [])
        #expect(try statusOfPath(folder.file("fresh")) == nil)
    }

    @Test func `a name that is there twice is refused`() throws {
        let fixture = try ArchiveFixture()
        let folder = try TemporaryDirectory()
        var link = Node(name: Array("a".utf8), type: .symlink)
        link.linkTarget = Array("/etc".utf8)
        let image = try hostile(fixture, [link, file(Array("a".utf8))])
        let restore = TreeRestore(image: .archived(image), destination: folder.file("x"), host: fixture.host)
        #expect { try restore.plan(job: JobControl()) } throws: { Failure(describing: $0).code == .damaged }
    }

    @Test func `a symlink that stands where a directory is to be is replaced and not followed`() throws {
        let folder = try TemporaryDirectory()
        let fixture = try ArchiveFixture()
        let source = try folder.folder("source/dir")
        try writeFile(source + "/file", "from the image")
        let outcome = try fixture.archive(folder.file("source"))
        let outside = try folder.folder("outside")
        try writeFile(outside + "/file", "outside")
        let target = try folder.folder("target")
        try shell("ln -s '\(outside)' '\(target)/dir'")
        try fixture.restoreNow(outcome, to: target)
        #expect(try readFile(outside + "/file") == Array("outside".utf8))
        #expect(try readFile(target + "/dir/file") == Array("from the image".utf8))
    }

    @Test func `a symlink that is put in the place of a directory after the plan is not followed`() throws {
        let folder = try TemporaryDirectory()
        let fixture = try ArchiveFixture()
        let source = try folder.folder("source/dir/below")
        try writeFile(source + "/file", "from the image")
        try writeFile(folder.file("source/dir/other"), "from the image")
        let outcome = try fixture.archive(folder.file("source"))
        let outside = try folder.folder("outside/below")
        try writeFile(outside + "/file", "outside")
        let target = try folder.folder("target/dir/below")
        try writeFile(target + "/extra", "x")
        let restore = fixture.restore(of: outcome, to: folder.file("target"))
        let plan = try restore.plan(job: JobControl())
        try shell("cd '\(folder.path)'; rm -r target/dir; ln -s ../outside target/dir")
        _ = try? restore.apply(plan, job: JobControl())
        #expect(try FileTree.files(below: folder.file("outside")) == ["below/file"])
        #expect(try readFile(outside + "/file") == Array("outside".utf8))
    }

    @Test func `deleting a symlink does not touch what it leads to`() throws {
        let folder = try TemporaryDirectory()
        let fixture = try ArchiveFixture()
        let empty = try folder.folder("empty")
        let outcome = try fixture.archive(empty)
        let outside = try folder.folder("outside")
        try writeFile(outside + "/file", "outside")
        let target = try folder.folder("target/dir")
        try shell("ln -s '\(outside)' '\(target)/link'; ln -s '\(outside)' '\(folder.file("target"))/link'")
        try fixture.restoreNow(outcome, to: folder.file("target"))
        #expect(try FileTree.files(below: folder.file("target")) == [])
        #expect(try readFile(outside + "/file") == Array("outside".utf8))
    }

    @Test func `sizes beyond all bounds do not trap`() throws {
        let folder = try TemporaryDirectory()
        let fixture = try ArchiveFixture()
        let nodes = ["a", "b", "c"].map { name in
            var node = file(Array(name.utf8))
            (node.size, node.links, node.inode) = (.max, name == "a" ? 1 : 2, 7)
            return node
        }
        let image = try hostile(fixture, nodes)
        for target in [folder.file("fresh"), try folder.folder("present")] {
            try makeDirectories(folder.file("present"))
            try writeFile(folder.file("present/c"), "x")
            let restore = TreeRestore(image: .archived(image), destination: target, host: fixture.host)
            let plan = try restore.plan(job: JobControl())
            #expect(plan.bytesToWrite == 0, "their blobs hold nothing, whatever they say")
            _ = try restore.apply(plan, job: JobControl())
            #expect(try FileTree.files(below: target) == ["a", "b", "c"])
        }
    }

    @Test func `a file whose size is not that of its blobs is written as its blobs are`() throws {
        let folder = try TemporaryDirectory()
        let fixture = try ArchiveFixture()
        var node = file(Array("lies".utf8))
        node.size = 1 << 60
        let image = try hostile(fixture, [node])
        let restore = TreeRestore(image: .archived(image), destination: folder.file("x"), host: fixture.host)
        _ = try restore.apply(try restore.plan(job: JobControl()), job: JobControl())
        #expect(try readFile(folder.file("x/lies")) == [])
    }
}
