import Archiving
import HostIO
import ResticFormat

/// A small tree of parts that are known already: bytes in memory, and entries of other directories.
final class AssembledSource: EntrySource {
    let description: String
    private let top: AssembledDirectory

    init(_ description: String, _ top: AssembledDirectory) {
        self.description = description
        self.top = top
    }

    func root() throws -> any SourceDirectory { top }
}

final class AssembledDirectory: SourceDirectory {
    enum Part: Sendable {
        case bytes([UInt8])
        case directory(any SourceDirectory)
        /// The file of that name there.
        case file(in: any SourceDirectory)
    }

    struct Entry: Sendable {
        var node: Node
        var part: Part
    }

    private let node: Node
    private let parts: [[UInt8]: Part]
    private let nodes: [Node]

    init(_ node: Node, _ entries: [Entry]) {
        self.node = node
        nodes = entries.map(\.node).sorted { Tree.areInOrder($0.name, $1.name) }
        parts = Dictionary(entries.map { ($0.node.name, $0.part) }) { first, _ in first }
    }

    func metadata() throws -> Node { node }
    func entries(_ issues: IssueCollector) throws -> [Node] { nodes }

    func directory(named name: [UInt8]) throws -> any SourceDirectory {
        guard case .directory(let directory) = parts[name] else { throw missing(name) }
        return directory
    }

    func file(named name: [UInt8]) throws -> any SourceFile {
        switch parts[name] {
        case .bytes(let bytes): return BytesFile(bytes, nodes.first { $0.name == name } ?? node)
        case .file(let folder): return try folder.file(named: name)
        default: throw missing(name)
        }
    }

    private func missing(_ name: [UInt8]) -> EntryError {
        EntryError(.vanished, path: FileName.text(name), detail: "it is no part of the image")
    }
}

private final class BytesFile: SourceFile {
    private let bytes: [UInt8]
    private let node: Node
    // One thread at a time uses a file (``SourceFile``).
    nonisolated(unsafe) private var position = 0

    init(_ bytes: [UInt8], _ node: Node) {
        self.bytes = bytes
        self.node = node
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = min(buffer.count, bytes.count - position)
        buffer.copyBytes(from: bytes[position..<position + count])
        position += count
        return count
    }

    func metadata() throws -> Node { node }
}
