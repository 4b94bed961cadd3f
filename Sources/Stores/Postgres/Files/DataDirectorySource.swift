import Archiving
import HostIO
import Model
import NativeImages
import ResticFormat

/// The files of a server as something to archive while it goes on writing: what the log makes good afterwards may be torn, vanish or grow.
///
/// Links of `pg_tblspc` are directories here, with the path that they lead to as an attribute, so that a restored tree is complete.
final class DataDirectorySource: EntrySource {
    /// On the directory of a tablespace: the path where it was.
    static let tablespaceAttribute = Array("user.holdfast.tablespace".utf8)

    private let local: LocalDirectory
    /// `pg_wal` with what is in it, the label of a backup, and files as they are: for a frozen copy, which recovers by itself, and for clones
    /// with their log.
    fileprivate let isFrozen: Bool

    /// The files of a server that runs.
    init(path: String, clock: any WallClock) {
        var options = LocalDirectory.Options(identity: .live(clock))
        // It is the server's own files that are read here, with its log.
        options.tellsDatabases = false
        local = LocalDirectory(path: path, options: options)
        isFrozen = false
    }

    init(_ image: NativeImage) {
        local = image.source(excluding: [])
        isFrozen = true
    }

    /// What a link in `pg_tblspc` leads to; a native image has none.
    fileprivate func tablespace(at path: [UInt8]) -> LocalDirectory {
        LocalDirectory(path: FileName.text(path), options: local.options)
    }

    var path: String { local.path }

    func isBaseBackup() throws -> Bool { try isFrozen && statusOfPath(Path.join(path, DataDirectoryRules.label)) != nil }

    var description: String { local.description }

    func conclude(_ issues: IssueCollector) { local.conclude(issues) }

    func root() throws -> any SourceDirectory { DataDirectoryEntries(try local.root(), .root, of: self) }
}

private final class DataDirectoryEntries: SourceDirectory {
    private let local: any SourceDirectory
    private let place: DataDirectoryRules.Place
    private let source: DataDirectorySource

    init(_ local: any SourceDirectory, _ place: DataDirectoryRules.Place, of source: DataDirectorySource) {
        self.local = local
        self.place = place
        self.source = source
    }

    /// Relations are dropped while others are read; what is gone is in the log.
    var mayLoseEntries: Bool { !source.isFrozen }

    func metadata() throws -> Node { try local.metadata() }

    func entries(_ issues: IssueCollector) throws -> [Node] {
        if place == .log, !source.isFrozen { return [] }
        let own = IssueCollector()
        let nodes = try local.entries(own)
        for issue in own.first where issue.kind != .vanished || source.isFrozen { issues.add(issue) }
        var kept = Set(DataDirectoryRules.kept(nodes.map(\.name), in: place))
        if place == .root, source.isFrozen { kept.insert(Array(DataDirectoryRules.label.utf8)) }
        return try nodes.filter { kept.contains($0.name) }.compactMap(node)
    }

    private func node(_ listed: Node) throws -> Node? {
        switch listed.type {
        case .file, .dir: return listed
        case .symlink where place == .tablespaces:
            var node = try source.tablespace(at: listed.linkTarget).root().metadata()
            node.name = listed.name
            node.extendedAttributes.append(ExtendedAttribute(name: DataDirectorySource.tablespaceAttribute, value: listed.linkTarget))
            return node
        case .symlink where place == .root && DataDirectoryRules.place(of: listed.name, in: place) == .log:
            var node = listed
            (node.type, node.linkTarget) = (.dir, [])
            node.mode = FileMode.directory | 0o700
            return node
        case .symlink: return listed
        default: return nil
        }
    }

    func directory(named name: [UInt8]) throws -> any SourceDirectory {
        DataDirectoryEntries(try local.directory(named: name), DataDirectoryRules.place(of: name, in: place), of: source)
    }

    func directory(listed node: Node) throws -> any SourceDirectory {
        let below = DataDirectoryRules.place(of: node.name, in: place)
        if below == .log, !source.isFrozen { return NoEntries(node) }
        if place == .tablespaces,
            let target = node.extendedAttributes.first(where: { $0.name == DataDirectorySource.tablespaceAttribute })?.value
        {
            return DataDirectoryEntries(try source.tablespace(at: target).root(), below, of: source)
        }
        return try directory(named: node.name)
    }

    func file(named name: [UInt8]) throws -> any SourceFile {
        let file = try local.file(named: name)
        if source.isFrozen { return file }
        return place == .shared && name.elementsEqual("pg_control".utf8)
            ? try ControlFile(local, file) : LiveFile(file, try file.metadata())
    }
}

/// A directory without entries.
private final class NoEntries: SourceDirectory {
    private let node: Node

    init(_ node: Node) { self.node = node }

    func metadata() throws -> Node { node }
    func entries(_ issues: IssueCollector) throws -> [Node] { [] }
    func directory(named name: [UInt8]) throws -> any SourceDirectory { throw missing(name) }
    func file(named name: [UInt8]) throws -> any SourceFile { throw missing(name) }

    private func missing(_ name: [UInt8]) -> EntryError {
        EntryError(.vanished, path: FileName.text(name), detail: "it is no part of the image")
    }
}

/// A file that may be written to while it is read: it is the one of its opening, whatever comes after.
private final class LiveFile: SourceFile {
    private let file: any SourceFile
    private let node: Node

    init(_ file: any SourceFile, _ node: Node) {
        self.file = file
        self.node = node
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { try file.read(into: buffer) }
    func metadata() throws -> Node { node }
    var isSettled: Bool { file.isSettled }
}

/// The control file, which no log makes good: read until two readings in a row agree, so that none is torn.
private final class ControlFile: SourceFile {
    private let node: Node
    private let bytes: [UInt8]
    // One thread at a time uses a file (``SourceFile``).
    nonisolated(unsafe) private var position = 0

    let isSettled: Bool

    init(_ folder: any SourceDirectory, _ file: any SourceFile) throws {
        node = try file.metadata()
        isSettled = file.isSettled
        let name = Array("pg_control".utf8)
        var before = try Self.read(folder.file(named: name))
        while true {
            let again = try Self.read(folder.file(named: name))
            if again == before { break }
            before = again
        }
        bytes = before
    }

    private static func read(_ file: any SourceFile) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
            count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = min(buffer.count, bytes.count - position)
        buffer.copyBytes(from: bytes[position..<position + count])
        position += count
        return count
    }

    func metadata() throws -> Node { node }
}
