package import HostIO
import RepositoryEngine
package import ResticFormat

/// A directory of an image.
package enum ImageDirectory: Sendable {
    case archived(TreeID)
    case source(any SourceDirectory)
}

/// Reads an image on one thread.
package final class ImageReader {
    package let image: ImageTree
    /// nil for a source.
    let opener: BlobOpener?
    private static let piece = 1 << 20
    /// Asked where reading takes long.
    private let checkCancelled: () throws -> Void
    /// What is read is counted by whoever reads, and is no part of the image's budget.
    private let isMeasuring: Bool
    private let way: Way

    /// How directories are read whose entries are wanted in order.
    enum Way: Sendable {
        /// One entry after the other: one that is out of order throws ``UnorderedTree``.
        case inOrder
        /// As a whole, and sorted.
        case whole
    }

    package convenience init(_ image: ImageTree, job: JobControl? = nil) throws {
        try self.init(image, job: job, .inOrder)
    }

    convenience init(_ image: ImageTree, job: JobControl?, _ way: Way) throws {
        try self.init(image, isMeasuring: false, way) { try job?.checkCancelled() }
    }

    init(_ image: ImageTree, isMeasuring: Bool, _ way: Way = .inOrder, checkCancelled: @escaping () throws -> Void) throws {
        self.image = image
        self.isMeasuring = isMeasuring
        self.way = way
        self.checkCancelled = checkCancelled
        switch image {
        case .archived(let tree): opener = try tree.repository.makeOpener()
        case .source: opener = nil
        }
    }

    /// The root, with its metadata when they are known.
    package func root() throws -> (ImageDirectory, Node?) {
        switch image {
        case .archived(let tree): return (.archived(tree.id), tree.node)
        case .source(let source):
            let root = try source.root()
            return (.source(root), try root.metadata())
        }
    }

    /// In order; every name is one that an entry can have, and no name is there twice. What an interrupted restore left in it is left out. An
    /// image that cannot be read whole throws: what is missing in it must not be taken for deleted.
    package func nodes(of directory: ImageDirectory) throws -> [Node] {
        let nodes = try allNodes(of: directory)
        if case .archived(let tree) = image, !isMeasuring { try tree.budget.spend(nodes.count, of: tree, checkCancelled) }
        return nodes.contains { TemporaryName.isOne($0.name) } ? nodes.filter { !TemporaryName.isOne($0.name) } : nodes
    }

    /// The same one after the other, so that a large directory of an archive is never in memory as a whole.
    func entries(of directory: ImageDirectory) throws -> ImageNodes {
        guard case .archived(let id) = directory, way == .inOrder else { return ImageNodes(try nodes(of: directory)) }
        return try entries(of: id, mustBeInOrder: true)
    }

    /// The same in any order, and a name may be there twice: for whoever counts or copies.
    package func entriesInAnyOrder(of directory: ImageDirectory) throws -> ImageNodes {
        guard case .archived(let id) = directory else { return ImageNodes(try nodes(of: directory)) }
        return try entries(of: id, mustBeInOrder: false)
    }

    private func entries(of id: TreeID, mustBeInOrder: Bool) throws -> ImageNodes {
        guard case .archived(let tree) = image, let opener else { throw damaged("tree \(id.short)", "the image is no archive") }
        let (isMeasuring, checkCancelled, location) = (isMeasuring, checkCancelled, tree.repository.location)
        return ImageNodes(try tree.repository.nodes(of: id, using: opener), mustBeInOrder: mustBeInOrder) {
            RepositoryError.damagedFile(name: "tree \(id.short)", reason: $0, location: location)
        } spend: {
            try checkCancelled()
            if !isMeasuring { try tree.budget.spend($0, of: tree, checkCancelled) }
        }
    }

    private func allNodes(of directory: ImageDirectory) throws -> [Node] {
        switch directory {
        case .archived(let id): return try archivedNodes(id)
        case .source(let source):
            let issues = IssueCollector()
            let nodes = try source.entries(issues)
            if let lost = issues.first.first(where: { $0.kind.isMissing }) {
                throw EntryError(.unreadable, path: "\(image.description)/\(lost.path)", detail: lost.detail)
            }
            return try checked(nodes, "directory")
        }
    }

    package func directory(_ node: Node, in parent: ImageDirectory) throws -> ImageDirectory {
        switch parent {
        case .archived:
            guard let subtree = node.subtree else { throw damaged("directory \(FileName.text(node.name))", "it has no tree") }
            return .archived(subtree)
        case .source(let source): return .source(try source.directory(listed: node))
        }
    }

    /// Gives the bytes of a file to `body`, piece by piece, each proven by its hash where it comes from a repository.
    package func read(_ node: Node, in directory: ImageDirectory, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        switch (image, directory) {
        case (.archived(let tree), .archived):
            guard let opener else { return }
            for id in node.content ?? [] { try tree.repository.withBlob(id, .data, using: opener, body) }
        case (.source, .source(let source)): try read(try source.file(listed: node), body)
        default: throw damaged("file \(FileName.text(node.name))", "the image is of another kind than its directory")
        }
    }

    /// The same piece by piece, for whoever reads several files side by side: nil at the end.
    func chunks(of node: Node, in directory: ImageDirectory) throws -> () throws -> [UInt8]? {
        switch (image, directory) {
        case (.archived(let tree), .archived):
            guard let opener else { return { nil } }
            var rest = (node.content ?? [])[...]
            return { try rest.popFirst().map { try tree.repository.withBlob($0, .data, using: opener) { Array($0) } } }
        case (.source, .source(let source)):
            let file = try source.file(listed: node)
            return {
                let bytes = try [UInt8](unsafeUninitializedCapacity: Self.piece) { buffer, count in
                    count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
                }
                return bytes.isEmpty ? nil : bytes
            }
        default: throw damaged("file \(FileName.text(node.name))", "the image is of another kind than its directory")
        }
    }

    private func read(_ file: any SourceFile, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.piece, alignment: 64)
        defer { room.deallocate() }
        while true {
            let count = try file.read(into: room)
            if count > 0 { try body(UnsafeRawBufferPointer(rebasing: room[..<count])) }
            if count < room.count { return }
        }
    }

    private func archivedNodes(_ id: TreeID) throws -> [Node] {
        guard case .archived(let tree) = image, let opener else { throw damaged("tree \(id.short)", "the image is no archive") }
        return try checked(try tree.repository.tree(id, using: opener).nodes, "tree \(id.short)")
    }

    private func checked(_ nodes: [Node], _ what: String) throws -> [Node] {
        if let bad = nodes.first(where: { !$0.hasSafeName }) {
            throw damaged(what, "it has an entry named \"\(FileName.text(bad.name))\", which could lead out of its directory")
        }
        let tree = Tree(nodes: nodes)
        if tree.isInOrder { return nodes }
        let sorted = Tree(nodes: nodes.sorted { Tree.areInOrder($0.name, $1.name) })
        guard sorted.isInOrder else { throw damaged(what, "a name is there twice") }
        return sorted.nodes
    }

    private func damaged(_ what: String, _ reason: String) -> any Error {
        switch image {
        case .archived(let tree): RepositoryError.damagedFile(name: what, reason: reason, location: tree.repository.location)
        case .source(let source): EntryError(.unreadable, path: "\(source.description)/\(what)", detail: reason)
        }
    }
}
