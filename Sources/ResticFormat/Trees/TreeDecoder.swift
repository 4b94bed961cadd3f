/// Decodes a tree from the pieces of its bytes, so that the text of a large one is never in memory as a whole. What ``Tree/init(decoding:)``
/// takes and refuses is the same here.
package struct TreeDecoder {
    /// How every writer of the format begins a tree; what begins otherwise is collected and decoded at its end.
    private static let opening = Array("{\"nodes\":[".utf8)

    private enum Phase {
        case opening
        case nodes
        /// What stands behind the nodes.
        case rest
        case foreign
    }

    private var phase = Phase.opening
    /// Nodes that nobody has taken.
    private var tree = Tree(nodes: [])
    /// Bytes that are not understood yet, and the first one's offset in the whole.
    private var held: [UInt8] = []
    private var offset = 0
    /// Of ``held``: where to look on for the end of the node that begins it.
    private var scanned = 0
    private var walk = NodeWalk()
    private var needsNode = false

    package init() {}

    /// Nodes that have come so far.
    package private(set) var count = 0

    /// Nodes that have come since this was last asked. What comes of ``finish()`` then are the last ones.
    package mutating func take() -> [Node] {
        var taken = Tree(nodes: [])
        swap(&taken, &tree)
        return taken.nodes
    }

    package mutating func feed(_ piece: UnsafeRawBufferPointer) throws(FormatError) {
        held.append(contentsOf: piece)
        if phase == .opening, held.count >= Self.opening.count {
            phase = held.starts(with: Self.opening) ? .nodes : .foreign
            if phase == .nodes { drop(Self.opening.count) }
        }
        if phase == .nodes { try takeNodes() }
    }

    /// The tree, when all pieces were fed.
    package mutating func finish() throws(FormatError) -> Tree {
        switch phase {
        case .opening, .foreign: return try Tree(decoding: held)
        case .nodes: throw FormatError(.tree, .truncated, at: offset + held.count)
        case .rest:
            let last = try moved { () throws(FormatError) in try Tree(decoding: Self.opening + [0x5D] + held) }
            if last.nodes.isEmpty { return tree }
            // The member stands there twice, and the second one holds: too late when nodes of the first one were taken.
            guard count == tree.nodes.count else { throw FormatError(.tree, .invalid("nodes")) }
            return last
        }
    }

    private mutating func drop(_ count: Int) {
        held.removeSubrange(..<count)
        offset += count
    }

    /// Takes all nodes that are there as a whole, and what stands between them.
    private mutating func takeNodes() throws(FormatError) {
        var bytes: [UInt8] = []
        swap(&bytes, &held)
        let taken = try bytes.withUnsafeBufferPointer { (bytes) throws(FormatError) in try takeNodes(of: UnsafeRawBufferPointer(bytes)) }
        swap(&bytes, &held)
        drop(taken)
    }

    private mutating func takeNodes(of bytes: UnsafeRawBufferPointer) throws(FormatError) -> Int {
        var start = 0
        while true {
            if !walk.isInside {
                guard let next = try nextStart(bytes, from: start) else { return bytes.count }
                start = next
                if phase == .rest { return start }
                scanned = start
                if let (node, end) = Self.node(at: start, of: bytes) {
                    add(node)
                    start = end
                    continue
                }
            }
            guard let end = walk.end(in: bytes, from: scanned) else {
                scanned = bytes.count - start
                return start
            }
            let text = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
            do throws(FormatError) { add(try Self.node(text)) } catch {
                throw FormatError(error.file, error.problem, at: error.offset + offset + start)
            }
            (start, scanned) = (end, end)
        }
    }

    private mutating func add(_ node: Node) {
        tree.append(node)
        count += 1
        needsNode = false
    }

    /// A node that is there as a whole, as nearly all are, and where it ends; nil when it is not, or is none.
    private static func node(at start: Int, of bytes: UnsafeRawBufferPointer) -> (node: Node, end: Int)? {
        var scanner = JSONScanner(UnsafeRawBufferPointer(rebasing: bytes[start...]), of: .tree)
        guard let node = try? scanner.node() else { return nil }
        return (node, start + scanner.position)
    }

    private static func node(_ text: UnsafeRawBufferPointer) throws(FormatError) -> Node {
        var scanner = JSONScanner(text, of: .tree)
        let node = try scanner.node()
        try scanner.finish()
        return node
    }

    /// Where the next node begins, or what is behind the last one; nil when that has not come yet.
    private mutating func nextStart(_ bytes: UnsafeRawBufferPointer, from start: Int) throws(FormatError) -> Int? {
        for index in start..<bytes.count {
            switch bytes[index] {
            case 0x20, 0x0A, 0x0D, 0x09: continue
            case 0x7B where count == 0 || needsNode: return index
            case 0x2C where count > 0 && !needsNode: needsNode = true
            case 0x5D where !needsNode:
                phase = .rest
                return index + 1
            default:
                let wanted = count == 0 || needsNode ? "an object" : "`,`"
                throw FormatError(.tree, .expected(wanted), at: offset + index)
            }
        }
        return nil
    }

    /// Runs `body`; its error's offset, which counts from where the nodes end, becomes that in the whole.
    private func moved<Result>(_ body: () throws(FormatError) -> Result) throws(FormatError) -> Result {
        do throws(FormatError) { return try body() } catch {
            throw FormatError(error.file, error.problem, at: error.offset - Self.opening.count - 1 + offset)
        }
    }
}

/// Finds the end of an object in JSON that comes in pieces, by its brackets and quotation marks alone.
private struct NodeWalk {
    private var depth = 0
    private var isInString = false
    private var isEscaped = false

    var isInside: Bool { depth > 0 }

    /// Behind the bracket that closes the object; nil when that has not come yet.
    mutating func end(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        for index in start..<bytes.count {
            let byte = bytes[index]
            if isEscaped {
                isEscaped = false
            } else if isInString {
                if byte == 0x22 { isInString = false } else if byte == 0x5C { isEscaped = true }
            } else if byte == 0x22 {
                isInString = true
            } else if byte == 0x7B || byte == 0x5B {
                depth += 1
            } else if byte == 0x7D || byte == 0x5D {
                depth -= 1
                if depth == 0 { return index + 1 }
            }
        }
        return nil
    }
}
