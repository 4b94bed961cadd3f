package import ResticFormat

/// The nodes of a tree one after the other, in the order in which they stand there.
///
/// Of a large tree there is no more in memory than its compressed form, some 70 bytes an entry, and the nodes of a piece of 128 KiB.
package final class TreeNodes: @unchecked Sendable {
    // Whoever has it gives it on as a whole: it is used by one thread at a time.
    private var ready: [Node]
    private var position = 0
    private var decoder = TreeDecoder()
    private var rest: Rest?

    private enum Rest {
        case compressed(FrameReader)
        case plain([UInt8], Int)
    }

    /// Plain bytes of a tree that is decoded at once: of some four thousand entries.
    static let small = 2 << 20
    private static let piece = 128 << 10

    init(_ tree: Tree) { ready = tree.nodes }

    /// Of the stored form of a tree that was proven.
    init(stored: UnsafeRawBufferPointer, isCompressed: Bool) throws {
        ready = []
        rest = isCompressed ? .compressed(try FrameReader([UInt8](stored))) : .plain([UInt8](stored), 0)
    }

    /// Nil at the end.
    package func next() throws -> Node? {
        while position == ready.count {
            guard rest != nil else { return nil }
            try refill()
        }
        defer { position += 1 }
        return ready[position]
    }

    private func refill() throws {
        position = 0
        guard try feed() else {
            rest = nil
            ready = try decoder.finish().nodes
            return
        }
        guard decoder.count <= BlobLimits.entries else { throw FormatError(.tree, .outOfRange("the number of entries")) }
        ready = decoder.take()
    }

    /// False when all is in the decoder.
    private func feed() throws -> Bool {
        switch rest {
        case nil: return false
        case .compressed(let frame):
            guard let piece = try frame.next() else { return false }
            try decoder.feed(piece)
        case .plain(let bytes, let start):
            guard start < bytes.count else { return false }
            let end = min(start + Self.piece, bytes.count)
            try bytes.withUnsafeBytes { try decoder.feed(UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
            rest = .plain(bytes, end)
        }
        return true
    }
}

/// The nodes of an earlier tree for whoever goes through a later one: asked for by their names, in order.
package struct FormerNodes {
    private let nodes: TreeNodes
    private var ahead: Node?
    private var hasBegun = false
    /// Every node was asked for, so far.
    package private(set) var wereAllAskedFor = true

    package init(_ nodes: TreeNodes) { self.nodes = nodes }

    /// Nil when there is none; also for a name that is asked for after a later one.
    package mutating func node(named name: [UInt8]) throws -> Node? {
        if !hasBegun { ahead = try nodes.next() }
        hasBegun = true
        while let node = ahead, Tree.areInOrder(node.name, name) {
            wereAllAskedFor = false
            ahead = try nodes.next()
        }
        guard let node = ahead, node.name == name else { return nil }
        ahead = try nodes.next()
        return node
    }

    /// Whether none is left, and every one was asked for.
    package mutating func isAtEnd() throws -> Bool {
        if !hasBegun { ahead = try nodes.next() }
        hasBegun = true
        return ahead == nil && wereAllAskedFor
    }
}

extension IndexedRepository {
    /// A directory of a snapshot, for whoever needs its entries one after the other. It is read and proven before this returns; what is wrong with
    /// its text is thrown on the way.
    package func nodes(of id: TreeID, using opener: BlobOpener) throws -> TreeNodes {
        let blob = id.naming(BlobNamed.self)
        guard let length = plainSize(of: blob, .tree), length > TreeNodes.small else { return TreeNodes(try tree(id, using: opener)) }
        return try withStoredBlob(blob, .tree, using: opener) { stored, uncompressedLength in
            try TreeNodes(stored: stored, isCompressed: uncompressedLength != nil)
        }
    }
}
