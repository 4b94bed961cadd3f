import Archiving
import DirectoryStore
import HostIO
import Model
import ResticFormat
import StoreContract
import Synchronization
import TestSupport
import Testing

/// How often a restore reads the directories of its image: the cost of a restore of little in much.
@Suite(.timeLimit(.minutes(1))) struct ComparisonCountTests {
    @Test func `a restore reads each directory of its image once, and the check once more`() throws {
        let folder = try TemporaryDirectory()
        let (place, original) = (try folder.folder("place"), try folder.folder("original"))
        for root in [place, original] {
            for index in 0..<200 { try AtomicFile.write([1], to: Path.join(try made(root, "\(index)"), "f"), mode: 0o644) }
        }
        try AtomicFile.write([2, 3], to: "\(place)/7/f", mode: 0o644)
        let source = CountedSource(LocalDirectory(path: original))
        let store = DirectoryStore(
            StoreDeclaration(name: "up", kind: .directory, role: .content, path: place), nativeImageFolder: nil, host: .forTests())
        let scratch = try ScratchDirectory(in: folder.folder("scratch"))
        let image = StoreImage.native(source)
        let outcome = try store.restore(image, scratch: scratch, job: JobControl())
        #expect(outcome.issues == 0 && outcome.entriesChanged > 0)
        #expect(source.listings == 201)
        #expect(try store.check(against: image, scratch: scratch, job: JobControl()).differences == 0)
        #expect(source.listings == 402)
    }

    private func made(_ root: String, _ name: String) throws -> String {
        let path = Path.join(root, name)
        try makeDirectories(path)
        return path
    }
}

/// Counts how often directories of another source are listed.
private final class CountedSource: EntrySource {
    private let base: LocalDirectory
    private let count = Mutex(0)

    init(_ base: LocalDirectory) { self.base = base }

    var listings: Int { count.withLock { $0 } }
    var description: String { base.description }
    func root() throws -> any SourceDirectory { CountedDirectory(try base.root(), self) }
    fileprivate func listed() { count.withLock { $0 += 1 } }
}

private final class CountedDirectory: SourceDirectory {
    private let base: any SourceDirectory
    private let source: CountedSource

    init(_ base: any SourceDirectory, _ source: CountedSource) { (self.base, self.source) = (base, source) }

    func metadata() throws -> Node { try base.metadata() }
    func directory(named name: [UInt8]) throws -> any SourceDirectory { CountedDirectory(try base.directory(named: name), source) }
    func file(named name: [UInt8]) throws -> any SourceFile { try base.file(named: name) }
    func entries(_ issues: IssueCollector) throws -> [Node] {
        source.listed()
        return try base.entries(issues)
    }
}
