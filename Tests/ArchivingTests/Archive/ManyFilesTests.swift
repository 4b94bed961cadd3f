import Archiving
import HostIO
import RepositoryEngine
import ResticFormat
import Synchronization
import TestSupport
import Testing

/// A tree in memory of directories of tiny files, no two of which are the same.
private final class TinyFiles: EntrySource, SourceDirectory {
    private let directories: Int
    private let files: Int
    /// Nil: the root.
    private let number: Int?

    init(directories: Int, files: Int, number: Int? = nil) {
        self.directories = directories
        self.files = files
        self.number = number
    }

    var description: String { "tiny files" }
    func root() -> any SourceDirectory { self }
    func metadata() -> Node { Node(name: [], type: .dir) }

    func entries(_ issues: IssueCollector) -> [Node] {
        guard let number else { return (0..<directories).map { Node(name: Array("\($0 + 1000)".utf8), type: .dir) } }
        return (0..<files).map { index in
            var node = Node(name: Array("\(number * files + index + 10_000_000)".utf8), type: .file)
            node.size = 40
            return node
        }
    }

    func directory(named name: [UInt8]) -> any SourceDirectory {
        TinyFiles(directories: directories, files: files, number: (Int(String(decoding: name, as: UTF8.self)) ?? 1000) - 1000)
    }

    func file(named name: [UInt8]) -> any SourceFile { TinyFile(name) }
}

/// Its name, five times.
private final class TinyFile: SourceFile {
    private let content: [UInt8]
    private let position = Mutex(0)

    init(_ name: [UInt8]) { content = Array([name, name, name, name, name].joined()) }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        position.withLock { position in
            let part = content[position...].prefix(buffer.count)
            buffer.copyBytes(from: part)
            position += part.count
            return part.count
        }
    }

    func metadata() -> Node {
        var node = Node(name: [], type: .file)
        node.size = 40
        return node
    }
}

@Suite(.timeLimit(.minutes(5))) struct ManyFilesTests {
    /// HOLDFAST_MANY_FILES: so many; a million takes most of a minute in a debug build.
    @Test("hundreds of thousands of tiny files that are all different are archived, and the repository has all of them")
    func manyFiles() throws {
        let directories = (environmentValue("HOLDFAST_MANY_FILES").flatMap { Int($0) } ?? 260_000) / 4000
        let fixture = try ArchiveFixture()
        let outcome = try fixture.archive(TinyFiles(directories: directories, files: 4000))
        let files = directories * 4000
        #expect(outcome.totals.files == UInt64(files) && outcome.issueCount == 0)
        #expect(outcome.totals.bytesRead == UInt64(files) * 40)
        let again = try fixture.loadedAgain()
        #expect(again.repository.blobCount == files + directories + 1)
        let folder = try #require(again.nodes(outcome.tree).last?.subtree)
        let last = try #require(again.nodes(folder).last)
        #expect(try again.content(last).starts(with: last.name))
    }
}
