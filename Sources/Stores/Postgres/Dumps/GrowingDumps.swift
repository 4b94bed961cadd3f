import Archiving
import HostIO
import Model
import ResticFormat

/// The directory of dumps (``DumpLayout``) while `pg_dump` writes it: a database's directory is an entry when its dump has begun, a table's rows
/// when their file is there; what else is in a dump when that is whole.
final class GrowingDumps: EntrySource {
    let folder: String
    let description: String
    /// Files that grow at the same time are each waited for by one thread, and so are the next database and the next file.
    let width: Int
    fileprivate let job: JobControl
    private let state = Monitor(State())

    private struct State {
        var begun: [String] = []
        var ended: Set<String> = []
        var isOver = false
        var problem: (any Error)?
        /// By folder and file.
        var counts: [String: [String: DumpRows]] = [:]
    }

    /// `jobs`: of `pg_dump`.
    init(folder: String, jobs: Int, host: Host, job: JobControl) {
        (self.folder, description, self.job) = (folder, folder, job)
        width = host.processors + jobs + 2
    }

    func root() throws -> any SourceDirectory { Top(try LocalDirectory(path: folder).root(), self) }

    func path(of database: String) -> String { Path.join(folder, "\(DumpLayout.databases)/\(database)") }

    // MARK: Told by the dumping

    func begin(_ database: String) { state.change { $0.begun.append(database) } }
    func end(_ database: String) { state.change { _ = $0.ended.insert(database) } }
    func end() { state.change { $0.isOver = true } }

    /// Whoever reads throws it, unless all is there.
    func fail(_ error: any Error) {
        state.change { state in
            if !state.isOver { state.problem = state.problem ?? error }
        }
    }

    // MARK: Asked by readers

    /// The first `count` databases are known; nil when there are no others.
    fileprivate func database(after count: Int) throws -> String? {
        try state.wait { state -> String?? in
            if let problem = state.problem { throw problem }
            if count < state.begun.count { return .some(state.begun[count]) }
            return state.isOver ? .some(nil) : nil
        }
    }

    /// Waits at most `patience` for the end of a dump; whether it has come.
    fileprivate func hasEnded(_ database: String, within patience: Duration) throws -> Bool {
        try job.checkCancelled()
        return try state.wait(atMost: patience) { state -> Bool? in
            if let problem = state.problem { throw problem }
            return state.ended.contains(database) ? true : nil
        } ?? false
    }

    fileprivate func note(_ rows: DumpRows, of file: String, in database: String) {
        state.change { $0.counts[database, default: [:]][file] = rows }
    }

    func counts(in database: String) -> [String: DumpRows] { state.read { $0.counts[database] ?? [:] } }
}

/// Entries of another directory, of which one is another.
private final class Top: SourceDirectory {
    private let local: any SourceDirectory
    private let dumps: GrowingDumps

    init(_ local: any SourceDirectory, _ dumps: GrowingDumps) { (self.local, self.dumps) = (local, dumps) }

    func metadata() throws -> Node { try local.metadata() }
    func entries(_ issues: IssueCollector) throws -> [Node] { try local.entries(issues) }
    func file(named name: [UInt8]) throws -> any SourceFile { try local.file(named: name) }
    func directory(named name: [UInt8]) throws -> any SourceDirectory { Databases(try local.directory(named: name), dumps) }
}

private final class Databases: SourceDirectory {
    private let local: any SourceDirectory
    private let dumps: GrowingDumps
    // One thread asks for more entries (``SourceDirectory``).
    nonisolated(unsafe) private var known = 0

    init(_ local: any SourceDirectory, _ dumps: GrowingDumps) { (self.local, self.dumps) = (local, dumps) }

    func metadata() throws -> Node { try local.metadata() }
    func entries(_ issues: IssueCollector) throws -> [Node] { [] }
    func file(named name: [UInt8]) throws -> any SourceFile { try local.file(named: name) }

    func moreEntries() throws -> [Node]? {
        guard let next = try dumps.database(after: known) else { return nil }
        known += 1
        var node = try local.directory(named: Array(next.utf8)).metadata()
        node.name = Array(next.utf8)
        return [node]
    }

    func directory(named name: [UInt8]) throws -> any SourceDirectory {
        Dump(try local.directory(named: name), dumps, database: FileName.text(name))
    }
}

/// The dump of one database.
private final class Dump: SourceDirectory {
    private static let patience = Duration.milliseconds(20)

    private let local: any SourceDirectory
    private let dumps: GrowingDumps
    private let database: String
    // One thread asks for more entries (``SourceDirectory``).
    nonisolated(unsafe) private var known: Set<[UInt8]> = []
    nonisolated(unsafe) private var isWhole = false

    init(_ local: any SourceDirectory, _ dumps: GrowingDumps, database: String) {
        (self.local, self.dumps, self.database) = (local, dumps, database)
    }

    func metadata() throws -> Node { try local.metadata() }
    func entries(_ issues: IssueCollector) throws -> [Node] { [] }
    func directory(named name: [UInt8]) throws -> any SourceDirectory { try local.directory(named: name) }

    func moreEntries() throws -> [Node]? {
        while !isWhole {
            isWhole = try dumps.hasEnded(database, within: known.isEmpty ? .milliseconds(2) : Self.patience)
            let names = try Descriptor.openDirectory(dumps.path(of: database)).entries().map(\.name).filter { name in
                !known.contains(name) && (isWhole || DumpRows.isName(name))
            }
            guard !names.isEmpty else { continue }
            known.formUnion(names)
            return try names.map(node)
        }
        return nil
    }

    private func node(_ name: [UInt8]) throws -> Node {
        var node = try local.file(named: name).metadata()
        // What it has by now is counted with the rest.
        if DumpRows.isName(name) { node.size = 0 }
        return node
    }

    func file(named name: [UInt8]) throws -> any SourceFile {
        guard DumpRows.isName(name) else { return try local.file(named: name) }
        return try GrowingRows(node(name), dumps, database)
    }
}

/// A file of rows, read up to its end, which may still have to be written.
private final class GrowingRows: SourceFile {
    private static let patience = Duration.milliseconds(4)

    private let descriptor: Descriptor
    private let node: Node
    private let dumps: GrowingDumps
    private let database: String
    // One thread at a time uses a file (``SourceFile``).
    nonisolated(unsafe) private var position: Int64 = 0
    nonisolated(unsafe) private var rows = DumpRows()

    init(_ node: Node, _ dumps: GrowingDumps, _ database: String) throws {
        descriptor = try Descriptor.openDirectory(dumps.path(of: database)).open(node.name, .read)
        (self.node, self.dumps, self.database) = (node, dumps, database)
    }

    /// It changes while it is read, and is to.
    func metadata() throws -> Node { node }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        var filled = 0
        var isLast = false
        while filled < buffer.count, !rows.isWhole {
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let count = try descriptor.read(into: room, at: position)
            if count == 0 {
                if isLast { break }
                isLast = try dumps.hasEnded(database, within: Self.patience)
                continue
            }
            rows.add(UnsafeRawBufferPointer(rebasing: room[..<count]))
            dumps.job.add(count, to: .bytesExpected)
            position += Int64(count)
            filled += count
        }
        if filled < buffer.count { dumps.note(rows, of: FileName.text(node.name), in: database) }
        return filled
    }
}
