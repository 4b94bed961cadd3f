import Archiving
import Backups
import Clusters
import HostIO
import Model
import ResticFormat
import Snapshots
import StoreContract
import TestSupport
import Testing
import WebHDFS

/// Entries of a real HDFS that a snapshot of it, or a comparison of two, does not tell the whole truth about.
@Suite(.serialized, .timeLimit(.minutes(10))) struct HDFSEntryTests {
    private let place: TemporaryDirectory
    private let cluster: HDFSCluster
    private let content: [UInt8]

    init() throws {
        place = try TemporaryDirectory.inMemory()
        cluster = try HDFSCluster(in: place.path)
        try cluster.fill(20)
        _ = try cluster.initialized()
        var random = SeededRandom(named: "HDFS entries")
        content = random.bytes(3_500_000)
    }

    /// A file in blocks of a megabyte, which stays open.
    private func begin(_ name: String) throws -> HDFSWriter {
        cluster.client.create(try cluster.at("lake/\(name)"), HDFSFileOptions(blockSize: 1 << 20))
    }

    /// Returns when readers see at least so much of it.
    private func write(_ range: Range<Int>, of writer: HDFSWriter, visible: UInt64) throws {
        try content[range].withUnsafeBytes { try writer.write($0) }
        let start = SystemClock().monotonicNanoseconds()
        // The writer makes the file with what it sends first.
        while try cluster.client.status(of: writer.path) == nil || cluster.client.visibleLength(of: writer.path) < visible {
            try #require(SystemClock().monotonicNanoseconds() &- start < 30_000_000_000)
            SystemClock().sleep(for: .milliseconds(20))
        }
    }

    private func lake(_ manifest: Manifest) throws -> StoreRecord { try #require(manifest.store(named: "lake")) }

    /// What a backup holds of a file; nil when it does not hold it.
    private func held(_ name: String, in backup: String) throws -> [UInt8]? {
        let cluster = try cluster.load()
        let repository = try cluster.open(self.cluster.small.target)
        let (listing, reader) = try EntryReader.list(.backup, in: repository)
        let entry = try listing.entry(named: backup, .backup)
        let image = try cluster.image(of: lake(entry.manifest), in: entry, reader)
        let files = try ImageReader(image.tree)
        let root = try files.root().0
        guard let node = try files.nodes(of: root).first(where: { $0.name == Array(name.utf8) }) else { return nil }
        var bytes: [UInt8] = []
        try files.read(node, in: root) { bytes += $0 }
        return bytes
    }

    @Test func `a file that is being written is in each backup as far as it reached, and whole when it is closed`() throws {
        let writer = try begin("log")
        try write(0..<1_800_000, of: writer, visible: 1_500_000)
        let first = try lake(cluster.snapshot("s1").entry.manifest)
        let reached = try #require(first.openFiles?.first)
        #expect(first.openFiles?.count == 1 && reached.path == "log" && reached.length >= 1_500_000)
        #expect(try cluster.backUp("b1", of: "s1").entry.manifest.isFlawless)
        #expect(try held("log", in: "b1") == Array(content[..<Int(reached.length)]))
        try write(1_800_000..<3_000_000, of: writer, visible: 2_500_000)
        let second = try cluster.backUp("b2").entry.manifest
        let further = try #require(try lake(second).openFiles?.first)
        #expect(try second.isFlawless && lake(second).fullWalk == nil && further.length >= 2_500_000)
        #expect(try held("log", in: "b2") == Array(content[..<Int(further.length)]))
        try content[3_000_000...].withUnsafeBytes { try writer.write($0) }
        try writer.finish()
        try cluster.snapshot("s3")
        let third = try cluster.backUp("b3", of: "s3").entry.manifest
        #expect(try third.isFlawless && lake(third).fullWalk == nil && lake(third).openFiles == [])
        #expect(try held("log", in: "b3") == content)
        let difference = try Snapshots(cluster.load()).diff(from: "s1", to: "s3", examples: 5, job: JobControl())
        #expect(difference.stores.first { $0.name == "lake" }?.examples.map(\.path) == ["log"])
        #expect(try cluster.restore("s1").stores.allSatisfy(\.isEqual))
        #expect(try cluster.client.status(of: writer.path)?.length == reached.length)
        #expect(try Snapshots(cluster.load()).prepareRestore("s1", stores: nil, releaseChange: .refused, job: JobControl()).plan.isEmpty)
    }

    @Test func `a file that is renamed or removed while it is open, or appended to again, is not stale in the next backup`() throws {
        let (renamed, removed) = (try begin("renamed"), try begin("removed"))
        try write(0..<1_500_000, of: renamed, visible: 1_200_000)
        try write(0..<1_500_000, of: removed, visible: 1_200_000)
        try cluster.put("again", "one ")
        #expect(try lake(cluster.backUp("b1").entry.manifest).openFiles?.count == 2)
        try cluster.client.rename(renamed.path, to: cluster.at("lake/elsewhere"))
        try cluster.client.remove(removed.path)
        try content[1_500_000..<2_000_000].withUnsafeBytes { try renamed.write($0) }
        try cluster.put("again", "one two")
        let manifest = try cluster.backUp("b2").entry.manifest
        #expect(try lake(manifest).fullWalk == nil)
        _ = try? renamed.finish()
        let last = try cluster.backUp("b3").entry.manifest
        #expect(try lake(last).fullWalk == nil && held("removed", in: "b3") == nil)
        let live = try #require(try cluster.client.status(of: cluster.at("lake/elsewhere")))
        #expect(try held("elsewhere", in: "b3").map { UInt64($0.count) } == live.length)
        #expect(try held("again", in: "b3") == Array("one two".utf8))
    }

    @Test func `a file that may not be read is named in every backup, is not good, and stays where it is`() throws {
        for name in ["a", "b", "c"] { try cluster.put(name, name) }
        try cluster.client.setAttribute(
            of: cluster.at("lake/b"), HDFSAttribute(name: "security.hdfs.unreadable.by.superuser", value: []))
        let taken = try cluster.snapshot("s1").entry.manifest
        #expect(try lake(taken).completeness.words == "everything; unread")
        for (name, fresh) in [("b1", "d"), ("b2", "e"), ("b3", "f")] {
            let manifest = try cluster.backUp(name).entry.manifest
            let record = try lake(manifest)
            #expect(record.completeness.words == "all but 1 entry" && record.unreadable == 1 && !manifest.isGood, "\(name)")
            #expect(manifest.shortcomings.first?.hasPrefix("lake: 1 entry could not be read (b: ") == true, "\(manifest.shortcomings)")
            #expect(name == "b1" || record.fullWalk == nil)
            #expect(try held("b", in: name) == nil && held("a", in: name) == Array("a".utf8))
            try cluster.put(fresh, fresh)
        }
        #expect(try held("e", in: "b3") == Array("e".utf8))
        #expect(try cluster.restore("s1").stores.allSatisfy(\.isEqual))
        let names = try cluster.client.entries(of: cluster.at("lake")).filter { $0.kind == .file }.map { FileName.text($0.name) }
        #expect(names.sorted() == ["a", "b", "c"])
    }
}
