import Glibc
package import Archiving
package import ResticFormat

/// A directory in memory, with entries that no file system here need be able to hold.
package final class CraftedSource: EntrySource, SourceDirectory {
    fileprivate enum Content: Sendable {
        case nothing
        case bytes([UInt8])
        case directory(CraftedSource)
    }

    private let own: Node
    private let entries: [(node: Node, content: Content)]

    /// `change`: metadata of the directory itself.
    package init(_ entries: [Entry], _ change: (inout Node) -> Void = { _ in }) {
        var node = Self.node([], .dir, 0o755)
        change(&node)
        own = node
        self.entries = entries.map { ($0.node, $0.content) }
    }

    package struct Entry: Sendable {
        package var node: Node
        fileprivate let content: Content

        package static func file(_ name: String, _ text: String = "content", _ change: (inout Node) -> Void = { _ in }) -> Entry {
            file(Array(name.utf8), Array(text.utf8), change)
        }

        package static func file(_ name: [UInt8], _ bytes: [UInt8], _ change: (inout Node) -> Void = { _ in }) -> Entry {
            var node = CraftedSource.node(name, .file, 0o644)
            node.size = UInt64(bytes.count)
            change(&node)
            return Entry(node: node, content: .bytes(bytes))
        }

        package static func special(_ name: String, _ type: NodeType, _ change: (inout Node) -> Void = { _ in }) -> Entry {
            var node = CraftedSource.node(Array(name.utf8), type, 0o644)
            if type == .symlink { node.linkTarget = Array("target".utf8) }
            change(&node)
            return Entry(node: node, content: .nothing)
        }

        package static func directory(_ name: String, _ entries: [Entry], _ change: (inout Node) -> Void = { _ in }) -> Entry {
            var node = CraftedSource.node(Array(name.utf8), .dir, 0o755)
            change(&node)
            let metadata = node
            return Entry(node: node, content: .directory(CraftedSource(entries) { $0 = metadata }))
        }
    }

    /// Of whoever runs the test, in 2024.
    fileprivate static func node(_ name: [UInt8], _ type: NodeType, _ permissions: UInt32) -> Node {
        var node = Node(name: name, type: type)
        node.mode = FileMode.fromPOSIX(type.posixKind | permissions)
        (node.uid, node.gid) = (geteuid(), getegid())
        node.mtime = NodeTime(seconds: 1_704_067_200, nanoseconds: 0)
        (node.atime, node.ctime) = (node.mtime, node.mtime)
        node.links = 1
        return node
    }

    package var description: String { "crafted" }
    package func root() -> any SourceDirectory { self }
    package func metadata() -> Node { own }
    package func entries(_ issues: IssueCollector) -> [Node] { entries.map(\.node) }

    package func directory(named name: [UInt8]) throws -> any SourceDirectory {
        guard case .directory(let directory)? = content(name) else { throw EntryError(.vanished, path: "crafted", detail: "gone") }
        return directory
    }

    package func file(named name: [UInt8]) throws -> any SourceFile {
        guard case .bytes(let bytes)? = content(name), let node = entries.first(where: { $0.node.name == name })?.node else {
            throw EntryError(.vanished, path: "crafted", detail: "gone")
        }
        return CraftedFile(bytes, node)
    }

    private func content(_ name: [UInt8]) -> Content? { entries.first { $0.node.name == name }?.content }
}

private final class CraftedFile: SourceFile {
    private let bytes: [UInt8]
    private let node: Node
    // One thread at a time uses a file.
    nonisolated(unsafe) private var position = 0

    init(_ bytes: [UInt8], _ node: Node) {
        self.bytes = bytes
        self.node = node
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, bytes.count - position)
        buffer.copyBytes(from: bytes[position..<(position + count)])
        position += count
        return count
    }

    func metadata() -> Node { node }
}

extension NodeType {
    fileprivate var posixKind: UInt32 {
        switch self {
        case .dir: S_IFDIR
        case .symlink: S_IFLNK
        case .fifo: S_IFIFO
        case .socket: S_IFSOCK
        case .dev: S_IFBLK
        case .chardev: S_IFCHR
        case .file, .irregular: S_IFREG
        }
    }
}
