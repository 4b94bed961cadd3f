import Archiving
import HostIO
import ResticFormat
import Synchronization
import TestSupport
import Testing

/// A source in memory, whose files do something while they are read.
private final class ScriptedSource: EntrySource, SourceDirectory {
    struct File: Sendable {
        var name: String
        var size: Int
        var event: @Sendable (ScriptedFile) throws -> Void = { _ in }
    }

    let files: [File]
    let listingError: EntryError?

    init(_ files: [File], listingError: EntryError? = nil) {
        self.files = files
        self.listingError = listingError
    }

    var description: String { "scripted" }
    func root() -> any SourceDirectory { self }
    func metadata() -> Node { Node(name: [], type: .dir) }
    func entries(_ issues: IssueCollector) -> [Node] {
        files.map { file in
            var node = Node(name: Array(file.name.utf8), type: file.size < 0 ? .dir : .file)
            node.size = UInt64(max(0, file.size))
            return node
        }
    }
    func directory(named name: [UInt8]) throws -> any SourceDirectory { throw EntryError(.unreadable, path: "x", detail: "no permission") }
    func file(named name: [UInt8]) throws -> any SourceFile {
        guard let file = files.first(where: { Array($0.name.utf8) == name }) else { throw EntryError(.vanished, path: "x", detail: "gone") }
        return ScriptedFile(file)
    }
}

private final class ScriptedFile: SourceFile {
    struct State: Sendable {
        var size: Int
        var position = 0
        var modified: Int64 = 0
        var reads = 0
    }

    let file: ScriptedSource.File
    let state: Mutex<State>

    init(_ file: ScriptedSource.File) {
        self.file = file
        state = Mutex(State(size: file.size))
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        state.withLock { $0.reads += 1 }
        try file.event(self)
        return state.withLock { state in
            let count = min(buffer.count, state.size - state.position)
            for index in 0..<count { buffer[index] = UInt8(truncatingIfNeeded: (state.position + index) / 3) }
            state.position += count
            return count
        }
    }

    func metadata() -> Node {
        var node = Node(name: [], type: .file)
        (node.size, node.mtime.seconds) = state.withLock { (UInt64($0.size), $0.modified) }
        return node
    }
}

@Suite(.timeLimit(.minutes(1))) struct ChangingSourceTests {
    private static let sizes = [1000, 20 << 20]

    @Test(arguments: sizes) func `a file that changes while it is read is kept as it was read, and told`(size: Int) throws {
        let fixture = try ArchiveFixture()
        let source = ScriptedSource([
            .init(name: "f", size: size) { file in
                file.state.withLock { state in
                    if state.reads == 1 { (state.size, state.modified) = (state.size + 500, 9) }
                }
            }
        ])
        let outcome = try fixture.archive(source)
        #expect(outcome.issues.map(\.kind) == [.changed] && outcome.issues[0].path == "f")
        let node = try fixture.nodes(outcome.tree)[0]
        #expect(node.size == UInt64(size + 500) && node.mtime.seconds == 0)
        #expect(try fixture.content(node).count == size + 500)
    }

    @Test func `a file that has grown past one blob since it was listed is cut`() throws {
        let fixture = try ArchiveFixture()
        let source = ScriptedSource([
            .init(name: "f", size: 10) { file in file.state.withLock { $0.size = 5_000_000 } }
        ])
        let node = try fixture.nodes(try fixture.archive(source).tree)[0]
        #expect(node.size == 5_000_000 && (node.content?.count ?? 0) > 1)
    }

    @Test(arguments: sizes) func `a file that cannot be read to its end is left out, and told`(size: Int) throws {
        let fixture = try ArchiveFixture()
        let source = ScriptedSource([
            .init(name: "bad", size: size) { file in
                if file.state.withLock({ $0.position }) >= size / 2 || size < 10_000 {
                    throw EntryError(.unreadable, path: "bad", detail: "input/output error")
                }
            }, .init(name: "good", size: 5),
        ])
        let outcome = try fixture.archive(source)
        #expect(outcome.issues.map(\.kind) == [.unreadable])
        #expect(try fixture.nodes(outcome.tree).map { String(decoding: $0.name, as: UTF8.self) } == ["good"])
    }

    @Test func `a directory that cannot be listed is left out, and told`() throws {
        let fixture = try ArchiveFixture()
        let outcome = try fixture.archive(ScriptedSource([.init(name: "closed", size: -1), .init(name: "good", size: 5)]))
        #expect(outcome.issues.map(\.kind) == [.unreadable] && outcome.issues[0].path == "closed")
        #expect(try fixture.nodes(outcome.tree).count == 1)
    }

    @Test func `an error of the whole source ends the job`() throws {
        let source = ScriptedSource([.init(name: "f", size: 20 << 20) { _ in throw SystemError(107, "read", "/mnt/gone") }])
        #expect(throws: SystemError.self) { try ArchiveFixture().archive(source) }
    }

    @Test func `a file that vanishes is left out, and told`() throws {
        let folder = try TemporaryDirectory()
        let tree = try folder.folder("tree")
        for index in 0..<100 { try writeFile("\(tree)/\(index)", "x") }
        // Removes all files after the listing.
        final class Vanishing: EntrySource, SourceDirectory {
            let inner: any SourceDirectory
            let path: String
            init(_ path: String) throws {
                inner = try LocalDirectory(path: path).root()
                self.path = path
            }
            var description: String { path }
            func root() -> any SourceDirectory { self }
            func metadata() throws -> Node { try inner.metadata() }
            func entries(_ issues: IssueCollector) throws -> [Node] {
                let nodes = try inner.entries(issues)
                try shell("rm '\(path)'/*")
                return nodes
            }
            func directory(named name: [UInt8]) throws -> any SourceDirectory { try inner.directory(named: name) }
            func file(named name: [UInt8]) throws -> any SourceFile { try inner.file(named: name) }
        }
        let fixture = try ArchiveFixture()
        let outcome = try fixture.archive(try Vanishing(tree))
        #expect(outcome.issueCount == 100 && outcome.issues.allSatisfy { $0.kind == .vanished })
        #expect(try fixture.nodes(outcome.tree).isEmpty)
    }

    /// A directory whose files and directories come one after the other, each when those before have been read.
    private final class Growing: EntrySource, SourceDirectory {
        let inner: any SourceDirectory
        let read = Monitor(0)
        let names: [String]
        let width = 4
        nonisolated(unsafe) var given = 0

        init(_ path: String, _ names: [String]) throws {
            inner = try LocalDirectory(path: path).root()
            self.names = names
        }

        var description: String { "growing" }
        func root() -> any SourceDirectory { self }
        func metadata() throws -> Node { try inner.metadata() }
        func entries(_ issues: IssueCollector) throws -> [Node] { [] }

        func moreEntries() throws -> [Node]? {
            let wanted = given
            _ = read.wait { $0 >= wanted ? true : nil }
            guard given < names.count else { return nil }
            let node = try inner.entries(IssueCollector()).filter { $0.name == Array(names[given].utf8) }
            given += 1
            return node
        }

        /// What was `a` until then is to be the last.
        func settled(_ nodes: [Node]) -> [Node] {
            nodes.map { node in
                var node = node
                if node.name == Array("a".utf8) { node.name = Array("zz".utf8) }
                return node
            }
        }

        func directory(named name: [UInt8]) throws -> any SourceDirectory {
            read.change { $0 += 1 }
            return try inner.directory(named: name)
        }

        func file(named name: [UInt8]) throws -> any SourceFile {
            read.change { $0 += 1 }
            return try inner.file(named: name)
        }
    }

    /// A directory of one file that cannot be read, and of more that never come.
    private final class Endless: EntrySource, SourceDirectory, SourceFile {
        private struct Broken: Error {}
        let ended = Event()
        let width = 2

        var description: String { "endless" }
        func root() -> any SourceDirectory { self }
        func metadata() -> Node { Node(name: Array("file".utf8), type: .file) }
        func entries(_ issues: IssueCollector) -> [Node] { [metadata()] }
        func moreEntries() throws -> [Node]? {
            ended.wait()
            return nil
        }
        func giveUp(_ error: any Error) { ended.set() }
        func directory(named name: [UInt8]) -> any SourceDirectory { self }
        func file(named name: [UInt8]) -> any SourceFile { self }
        func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { throw Broken() }
    }

    @Test(.timeLimit(.minutes(1))) func `whoever waits for entries that will not be read is told`() throws {
        let source = Endless()
        #expect(throws: (any Error).self) { try ArchiveFixture().archive(source) }
        #expect(source.ended.isSet)
    }

    @Test(.timeLimit(.minutes(1)))
    func `what comes into a directory while it is read is archived with the rest, in order, under its last name`() throws {
        let folder = try TemporaryDirectory()
        let tree = try folder.folder("tree")
        let names = ["m", "z", "a", "empty", "dir", "large"]
        for name in names.prefix(3) { try writeFile("\(tree)/\(name)", name) }
        try writeFile("\(tree)/empty", "")
        try writeFile("\(try folder.folder("tree/dir"))/inner", "inner")
        try shell("head -c 30000000 /dev/urandom > '\(tree)/large'")
        let fixture = try ArchiveFixture()
        let outcome = try fixture.archive(try Growing(tree, names))
        #expect(outcome.issueCount == 0 && outcome.totals.files == 6 && outcome.totals.directories == 1)
        #expect(outcome.totals.bytes == 30_000_008)
        let wanted = try fixture.nodes(fixture.archive(tree).tree).map { node in
            var node = node
            if node.name == Array("a".utf8) { node.name = Array("zz".utf8) }
            return node
        }
        #expect(try fixture.nodes(outcome.tree) == wanted.sorted { Tree.areInOrder($0.name, $1.name) })
    }
}
