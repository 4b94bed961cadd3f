import Backups
import Clusters
import Glibc
import HostIO
import Model
import Snapshots
import TestSupport
import Testing

/// The first image of a store, which no other one shows to be wrong; and stores whose files have nothing but their lengths left.
@Suite(.timeLimit(.minutes(5))) struct FirstLookTests {
    private let place: TemporaryDirectory
    private let small: SmallCluster

    init() throws {
        place = try TemporaryDirectory.inMemory()
        small = try SmallCluster(in: place.path)
        for index in 0..<20 { try small.write("more \(index)", to: "uploads/sub/more\(index)") }
    }

    private var uploads: String { "\(place.path)/srv/uploads/sub" }

    @discardableResult
    private func take(_ name: String) throws -> Manifest {
        try Snapshots(small.load()).create(SnapshotRequest(name), job: JobControl()).entry.manifest
    }

    @discardableResult
    private func backUp(_ name: String, of snapshot: String) throws -> Manifest {
        try Backups(small.load()).create(BackupRequest(name: name, snapshot: snapshot, target: "nas"), job: JobControl()).entry.manifest
    }

    private func doubts(_ manifest: Manifest) -> [StoreDoubt] { manifest.store(named: "uploads")?.doubts ?? [] }

    @Test func `the first snapshot is compared with what cluster init saw`() throws {
        _ = try small.load().initialize()
        try removeTree(uploads)
        let first = try take("first")
        #expect(doubts(first).map(\.kind) == [.emptied] && first.flawedStores == ["uploads"])
        #expect(doubts(first).first?.text == "nothing is left of the 27 entries in what cluster init saw")
        #expect(try !backUp("first", of: "first").isGood)
        try makeDirectories(uploads)
        for index in 0..<26 { try small.write("again", to: "uploads/sub/again\(index)") }
        #expect(try take("mounted").isGood && backUp("mounted", of: "mounted").isGood)
        try removeTree(uploads)
        #expect(doubts(try take("gone")).first?.text.contains("the snapshot mounted") == true)
    }

    @Test func `a person can say that the first snapshot is right, and a store that was empty has nothing to lose`() throws {
        try removeTree(uploads)
        _ = try small.load().initialize()
        #expect(try take("empty").isGood)
        try makeDirectories(uploads)
        for index in 0..<26 { try small.write("new", to: "uploads/sub/new\(index)") }
        let filled = try take("filled")
        #expect(filled.isGood)
        try removeTree(uploads)
        #expect(try !take("emptied").isGood)
        #expect(try Snapshots(small.load()).accept("emptied").isGood)
        #expect(try take("after").isGood)
    }

    @Test func `cluster init run again goes by the good snapshots, and not by what it saw`() throws {
        _ = try small.load().initialize()
        #expect(try take("s1").isGood)
        try removeTree("\(place.path)/state")
        try removeTree(uploads)
        _ = try small.load().initialize()
        #expect(doubts(try take("s2")).first?.text.contains("the snapshot s1") == true)
    }

    @Test func `a state of an older release has seen nothing`() throws {
        _ = try small.load().initialize()
        let path = "\(place.path)/state/catalogue.json"
        let text = String(decoding: try AtomicFile.read(path), as: UTF8.self)
        #expect(text.contains("isFirstLook") && text.contains("\"baselines\""))
        try AtomicFile.write(Array(text.replacing("\"baselines\"", with: "\"unknown\"").utf8), to: path)
        try removeTree(uploads)
        #expect(try take("first").isGood)
    }

    /// `truncate -s 0 f; truncate -s N f`, or N zeros.
    private func hollow(_ name: String, zeros: Bool) throws {
        let size = try #require(try statusOfPath("\(uploads)/\(name)")).size
        let text = zeros ? String(repeating: "\0", count: Int(size)) : ""
        try small.write(text, to: "uploads/sub/\(name)")
        #expect(Glibc.truncate("\(uploads)/\(name)", Int(size)) == 0)
    }

    @Test(arguments: [false, true]) func `files that have their lengths and holes or zeros for data are not good`(zeros: Bool) throws {
        var random = SeededRandom(named: "hollow files")
        for index in 0..<12 {
            let bytes = random.bytes(100_000 + index * 100_000)
            try AtomicFile.write(bytes, to: "\(uploads)/large\(index)", mode: 0o644)
        }
        _ = try small.load().initialize()
        let full = try take("full")
        let record = try #require(full.store(named: "uploads"))
        #expect(full.isGood && record.dataBytes == record.bytes)
        #expect(try backUp("full", of: "full").isGood)
        for index in 0..<12 where index != 3 { try hollow("large\(index)", zeros: zeros) }
        for (name, text) in [("hollow", "400 KB"), ("still", "400 KB")] {
            let manifest = try take(name)
            let doubt = try #require(doubts(manifest).first, "\(name)")
            #expect(doubt.kind == .shrunk && doubt.text.contains("of data in the snapshot full are left"), "\(doubt.text) \(text)")
            #expect(manifest.store(named: "uploads")?.bytes == record.bytes)
            #expect(try backUp(name, of: name).flawedStores == ["uploads"])
        }
        #expect(try Snapshots(small.load()).accept("still").isGood)
        #expect(try take("accepted").isGood)
    }
}
