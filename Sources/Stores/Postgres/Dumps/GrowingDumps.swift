import Archiving
import HostIO
import Model
import ResticFormat

/// The directory of dumps (``DumpLayout``) while `pg_dump` writes it: a database's directory is an entry when its dump has begun, a table's rows
/// when they begin to come (``RowStream``); what else is in a dump when that is whole.
final class GrowingDumps: EntrySource {
    let folder: String
    let description: String
    /// Rows that come at the same time are each waited for by one thread, and so are the next database and the next table.
    let width: Int
    private let job: JobControl
    /// What the image has and the server that is dumped has not.
    private let lacking: [EntryIssue]
    private let state = Monitor(State())

    private struct State {
        var begun: [String] = []
        /// Of these: no part of the image.
        var leftOut: Set<String> = []
        var lost: [EntryIssue] = []
        var dumps: [String: Dump] = [:]
        var isOver = false
        var problem: (any Error)?
    }

    fileprivate struct Dump {
        var streams: [RowStream] = []
        /// Those before it belong to a dump that was begun and given up.
        var first = 0
        /// The files of the streams, when it is whole.
        var files: [String]?
    }

    /// `jobs`: of `pg_dump`.
    init(folder: String, jobs: Int, lacking: [EntryIssue] = [], host: Host, job: JobControl) {
        (self.folder, description, self.job, self.lacking) = (folder, folder, job, lacking)
        width = host.processors + jobs + 2
    }

    func root() throws -> any SourceDirectory { Top(try LocalDirectory(path: folder).root(), self) }

    func giveUp(_ error: any Error) { fail(error) }

    func conclude(_ issues: IssueCollector) {
        for issue in lacking + state.read(\.lost) { issues.add(issue) }
    }

    func path(of database: String) -> String { Path.join(folder, "\(DumpLayout.databases)/\(database)") }

    // MARK: Told by the dumping

    func begin(_ database: String) {
        state.change { state in
            state.begun.append(database)
            state.dumps[database] = Dump()
        }
    }

    /// Rows of a database will come that way.
    func add(_ stream: RowStream, of database: String) throws {
        try state.change { state in
            if let problem = state.problem { throw problem }
            state.dumps[database]?.streams.append(stream)
        }
    }

    /// What was told of a database so far counts no more: it is dumped again.
    func beginAgain(_ database: String) {
        let streams = state.change { state -> [RowStream] in
            guard var dump = state.dumps[database] else { return [] }
            let given = dump.streams[dump.first...]
            dump.first = dump.streams.count
            state.dumps[database] = dump
            return Array(given)
        }
        for stream in streams { stream.giveUp() }
    }

    /// Rows that are not in the dumps.
    func add(lost issues: [EntryIssue]) { state.change { $0.lost += issues } }

    /// The database cannot be dumped: no part of the image.
    func leaveOut(_ database: String, _ issue: EntryIssue) {
        beginAgain(database)
        state.change { state in
            state.leftOut.insert(database)
            state.lost.append(issue)
            state.dumps[database]?.files = []
        }
    }

    /// `name` gives the file in which `pg_dump` has put the rows of a table, as far as it knows.
    func end(_ database: String, _ name: (RowStream) throws -> String) throws {
        let files = try wholeStreams(of: database).map { stream in
            guard stream.isWhole else {
                throw Failure(.store, "the rows of a table have no end: \(printable(stream.statement, limit: 200))")
            }
            return try name(stream)
        }
        guard Set(files.map { Array($0.utf8) }).count == files.count else {
            throw Failure(.internal, "the rows of two tables of \(database) have one file in a dump")
        }
        state.change { $0.dumps[database]?.files = files }
    }

    func end() { state.change { $0.isOver = true } }

    /// Whoever reads throws it, unless all is there.
    func fail(_ error: any Error) {
        let streams = state.change { state -> [RowStream] in
            if state.isOver { return [] }
            state.problem = state.problem ?? error
            return state.dumps.values.flatMap(\.streams)
        }
        for stream in streams { stream.fail(error) }
    }

    // MARK: Asked by readers

    fileprivate func streams(of database: String) -> [RowStream] { state.read { $0.dumps[database]?.streams ?? [] } }
    /// Of the dump that counts.
    private func wholeStreams(of database: String) -> ArraySlice<RowStream> {
        state.read { $0.dumps[database].map { $0.streams[$0.first...] } ?? [] }
    }
    fileprivate func isLeftOut(_ database: String) -> Bool { state.read { $0.leftOut.contains(database) } }

    /// The first `count` databases are known; nil when there are no others.
    fileprivate func database(after count: Int) throws -> String? {
        try wait { state in
            if count < state.begun.count { return .some(state.begun[count]) }
            return state.isOver ? .some(nil) : nil
        }
    }

    /// Waits until there are more than `count` streams, or the dump is whole.
    fileprivate func dump(of database: String, after count: Int) throws -> Dump {
        try wait { state in
            guard let dump = state.dumps[database] else { return nil }
            return dump.streams.count > count || dump.files != nil ? dump : nil
        }
    }

    private func wait<Result>(for attempt: (State) -> Result?) throws -> Result {
        while true {
            try job.checkCancelled()
            let found = try state.wait(atMost: .milliseconds(100)) { state -> Result? in
                if let problem = state.problem { throw problem }
                return attempt(state)
            }
            if let found { return found }
        }
    }

    fileprivate func noteBytes(_ count: Int) { job.add(count, to: .bytesExpected) }

    /// Of a dump that is whole, by files.
    func counts(in database: String) -> [String: DumpRows] {
        let (streams, files) = (wholeStreams(of: database), state.read { $0.dumps[database]?.files ?? [] })
        return Dictionary(zip(files, streams.map(\.rows))) { first, _ in first }
    }
}

/// Who owns a dump in the image: we do, as the directory above, and not the user that `pg_dump` ran as, who is another every time.
private struct DumpOwner {
    private let ours: Node

    init(_ ours: Node) { self.ours = ours }

    func owning(_ node: Node) -> Node {
        var node = node
        (node.uid, node.gid, node.user, node.group) = (ours.uid, ours.gid, ours.user, ours.group)
        return node
    }
}

/// Entries of another directory, of which one is another.
private final class Top: SourceDirectory {
    private let local: any SourceDirectory
    private let dumps: GrowingDumps

    init(_ local: any SourceDirectory, _ dumps: GrowingDumps) { (self.local, self.dumps) = (local, dumps) }

    func metadata() throws -> Node { try local.metadata() }
    func entries(_ issues: IssueCollector) throws -> [Node] { try local.entries(issues) }
    func file(named name: [UInt8]) throws -> any SourceFile { try local.file(named: name) }
    func directory(named name: [UInt8]) throws -> any SourceDirectory {
        Databases(try local.directory(named: name), dumps, DumpOwner(try local.metadata()))
    }
}

private final class Databases: SourceDirectory {
    private let local: any SourceDirectory
    private let dumps: GrowingDumps
    private let owner: DumpOwner
    // One thread asks for more entries (``SourceDirectory``).
    nonisolated(unsafe) private var known = 0

    init(_ local: any SourceDirectory, _ dumps: GrowingDumps, _ owner: DumpOwner) {
        (self.local, self.dumps, self.owner) = (local, dumps, owner)
    }

    func metadata() throws -> Node { try local.metadata() }
    func entries(_ issues: IssueCollector) throws -> [Node] { [] }
    func file(named name: [UInt8]) throws -> any SourceFile { try local.file(named: name) }

    func moreEntries() throws -> [Node]? {
        guard let next = try dumps.database(after: known) else { return nil }
        known += 1
        var node = owner.owning(try local.directory(named: Array(next.utf8)).metadata())
        node.name = Array(next.utf8)
        return [node]
    }

    func settled(_ nodes: [Node]) throws -> [Node] { nodes.filter { !dumps.isLeftOut(FileName.text($0.name)) } }

    func directory(named name: [UInt8]) throws -> any SourceDirectory {
        DatabaseDirectory(try local.directory(named: name), dumps, FileName.text(name), owner)
    }
}

/// The dump of one database. Which file rows belong into is known when the dump is whole: until then they are numbered.
private final class DatabaseDirectory: SourceDirectory {
    private static let rows = "rows "

    private let local: any SourceDirectory
    private let dumps: GrowingDumps
    private let database: String
    private let owner: DumpOwner
    // One thread asks for more entries (``SourceDirectory``).
    nonisolated(unsafe) private var known = 0
    nonisolated(unsafe) private var isWhole = false

    init(_ local: any SourceDirectory, _ dumps: GrowingDumps, _ database: String, _ owner: DumpOwner) {
        (self.local, self.dumps, self.database, self.owner) = (local, dumps, database, owner)
    }

    func metadata() throws -> Node { owner.owning(try local.metadata()) }
    func entries(_ issues: IssueCollector) throws -> [Node] { [] }
    func directory(named name: [UInt8]) throws -> any SourceDirectory { try local.directory(named: name) }

    func moreEntries() throws -> [Node]? {
        guard !isWhole else { return nil }
        let dump = try dumps.dump(of: database, after: known)
        let streams = known..<dump.streams.count
        known = streams.upperBound
        guard streams.isEmpty, let files = dump.files else { return streams.map(Self.node) }
        isWhole = true
        let names = Set(files.map { Array($0.utf8) })
        return try local.entries(IssueCollector()).filter { !names.contains($0.name) }.map(owner.owning)
    }

    private static func node(of stream: Int) -> Node { Node(name: Array("\(rows)\(stream)".utf8), type: .file) }

    private static func stream(in name: [UInt8]) -> Int? {
        let text = FileName.text(name)
        return text.hasPrefix(rows) ? Int(text.dropFirst(rows.count)) : nil
    }

    func settled(_ nodes: [Node]) throws -> [Node] {
        let dump = try dumps.dump(of: database, after: known)
        let files = dump.files ?? []
        return try nodes.compactMap { node in
            guard let stream = Self.stream(in: node.name) else { return node }
            guard stream >= dump.first else { return nil }
            let name = Array(files[stream - dump.first].utf8)
            var named = owner.owning(try local.file(named: name).metadata())
            (named.name, named.size, named.content) = (name, node.size, node.content)
            return named
        }
    }

    func file(named name: [UInt8]) throws -> any SourceFile {
        guard let stream = Self.stream(in: name) else { return try local.file(named: name) }
        return RowsFile(Self.node(of: stream), dumps.streams(of: database)[stream], dumps)
    }
}

/// Rows as they come.
private final class RowsFile: SourceFile {
    private let node: Node
    private let stream: RowStream
    private let dumps: GrowingDumps
    // One thread at a time uses a file (``SourceFile``).
    nonisolated(unsafe) private var pieces: ArraySlice<[UInt8]> = []
    /// Of the first piece.
    nonisolated(unsafe) private var taken = 0

    init(_ node: Node, _ stream: RowStream, _ dumps: GrowingDumps) { (self.node, self.stream, self.dumps) = (node, stream, dumps) }

    func metadata() throws -> Node { node }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        var filled = 0
        while filled < buffer.count {
            guard let piece = pieces.first else {
                guard let next = try stream.next() else { break }
                pieces = next[...]
                dumps.noteBytes(next.reduce(0) { $0 + $1.count })
                continue
            }
            let count = min(piece.count - taken, buffer.count - filled)
            piece.withUnsafeBytes { bytes in
                UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: bytes[taken..<(taken + count)]))
            }
            taken += count
            filled += count
            if taken == piece.count {
                pieces.removeFirst()
                taken = 0
            }
        }
        return filled
    }
}
