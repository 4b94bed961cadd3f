import HostIO
import Model
import RepositoryEngine
import ResticFormat
import TestSupport
import Testing

@testable import Archiving

/// Trees that stand in each other many times: a handful of blobs, and more directories than there are atoms.
@Suite(.timeLimit(.minutes(1))) struct RepeatedTreeTests {
    private let fixture: ArchiveFixture
    private let folder: TemporaryDirectory

    init() throws {
        fixture = try ArchiveFixture()
        folder = try TemporaryDirectory()
    }

    /// `levels` trees of ten directories, each of which is the next one; in the last a file that claims `size` bytes.
    private func image(levels: Int, size: UInt64 = 1, mostEntries: UInt64? = nil) throws -> ImageTree {
        let writer = try fixture.beginWriting()
        let sealer = try writer.makeSealer()
        var file = Node(name: Array("file".utf8), type: .file)
        (file.size, file.mode) = (size, 0o644)
        file.content = [try [UInt8](repeating: 7, count: 1000).withUnsafeBytes { try writer.save($0, as: .data, using: sealer).id }]
        var tree = try writer.save(Tree(nodes: [file]), using: sealer).id.naming(TreeNamed.self)
        for _ in 0..<levels {
            let nodes = (0..<10).map { index in
                var node = Node(name: Array("\(index)".utf8), type: .dir)
                node.mode = FileMode.directory | 0o755
                node.subtree = tree
                return node
            }
            tree = try writer.save(Tree(nodes: nodes), using: sealer).id.naming(TreeNamed.self)
        }
        _ = try writer.finish()
        return .archived(ArchivedTree(repository: fixture.repository, id: tree, mostEntries: mostEntries))
    }

    @Test func `an image of more entries than can be meant is measured at once, and refused`() throws {
        let image = try image(levels: 40)
        let failure = #expect(throws: Failure.self) { try ImageMeasure(of: image, job: JobControl()) }
        #expect(failure?.code == .refused && failure?.hint?.contains("--max-entries") == true, "\(String(describing: failure))")
    }

    @Test func `a plan, and whoever walks such an image, ends the same way and changes nothing`() throws {
        let image = try image(levels: 40)
        let place = folder.file("place")
        let restore = TreeRestore(image: image, destination: place, host: fixture.host)
        let failure = #expect(throws: Failure.self) { try restore.plan(job: JobControl()) }
        #expect(failure?.code == .refused)
        #expect(try statusOfPath(place) == nil)
        #expect(throws: Failure.self) { try ImageCensus(of: image, job: JobControl()) }
    }

    @Test func `a copy carries each tree once`() throws {
        guard case .archived(let tree) = try image(levels: 40) else { return }
        let other = try ArchiveFixture()
        let writer = try other.beginWriting()
        let outcome = try TreeCopy(from: tree, to: writer, parent: nil, host: fixture.host).run(job: JobControl())
        _ = try writer.finish()
        #expect(outcome.trees == 41)
    }

    @Test(arguments: [2, 40]) func `the directories alone are written once each, and counted as often as they stand there`(levels: Int)
        throws
    {
        guard case .archived(let tree) = try image(levels: levels) else { return }
        let other = try ArchiveFixture()
        let writer = try other.beginWriting()
        let outcome = try TreeSkeleton(of: tree, into: writer).run(job: JobControl())
        _ = try writer.finish()
        #expect(outcome.directories == (levels == 2 ? 110 : .max))
        let skeleton = ImageTree.archived(ArchivedTree(repository: other.repository, id: outcome.tree, mostEntries: .max))
        #expect(try ImageMeasure(of: skeleton, job: JobControl()).entries == outcome.directories)
        #expect(other.repository.blobCount <= levels + 2)
    }

    @Test func `what is remembered of trees is bounded, and what is asked for stays`() throws {
        var known = KnownTrees<Int>(most: 8)
        let ids = (0..<100).map { TreeID(words: SIMD4(UInt64($0), 1, 2, 3)) }
        for (index, id) in ids.enumerated() {
            known[id] = index
            #expect(known[ids[0]] == 0)
        }
        #expect(known[ids[99]] == 99 && known[ids[50]] == nil)
    }

    @Test func `directories in each other that hold more than any disk has are refused`() throws {
        var held = NestedDirectories(most: 10)
        try held.hold(6)
        let failure = #expect(throws: Failure.self) { try held.hold(6) }
        #expect(failure?.code == .refused && failure?.hint != nil)
        held.release(6)
        try held.hold(4)
    }

    @Test func `one that is meant is restored, and its size is that of its blobs, whatever its nodes say`() throws {
        let image = try image(levels: 2, size: .max)
        let measure = try ImageMeasure(of: image, job: JobControl())
        #expect(measure.entries == 210 && measure.bytes == 100_000 && measure.solidBytes == 100_000)
        let restore = TreeRestore(image: image, destination: folder.file("place"), host: fixture.host)
        let plan = try restore.plan(job: JobControl())
        #expect(plan.created == 210 && plan.bytesToWrite == 100_000)
        let outcome = try restore.apply(plan, job: JobControl())
        #expect(outcome.bytesWritten == 100_000 && outcome.issueCount == 0)
    }

    @Test func `the limit can be set, and a walk hears that it is to stop`() throws {
        #expect(throws: Failure.self) { try ImageMeasure(of: try image(levels: 3, mostEntries: 2000), job: JobControl()) }
        let job = JobControl()
        job.cancel()
        let all = try image(levels: 40, mostEntries: .max)
        #expect(throws: (any Error).self) { try ImageMeasure(of: all, job: job) }
        #expect(throws: (any Error).self) {
            try TreeRestore(image: all, destination: folder.file("place"), host: fixture.host).plan(job: job)
        }
    }
}
