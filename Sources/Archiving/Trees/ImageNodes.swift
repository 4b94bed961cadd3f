import HostIO
import RepositoryEngine
package import ResticFormat

/// A directory of an image has its entries in another order than that of their names, or one of them twice: it has to be read as a whole.
struct UnorderedTree: Error {}

/// The entries of a directory of an image one after the other: each name is one that an entry can have. What an interrupted restore left is left out.
package final class ImageNodes: @unchecked Sendable {
    // Whoever has it gives it on as a whole: it is used by one thread at a time.
    private enum Entries {
        case listed([Node], Int)
        case stored(TreeNodes)
    }

    private var entries: Entries
    private let mustBeInOrder: Bool
    private let damage: (_ reason: String) -> any Error
    private let spend: (_ entries: Int) throws -> Void
    private var unspent = 0
    private var last: [UInt8]?

    private static let spentAtOnce = 1024

    /// `spend` is told how many were read, from time to time.
    init(
        _ nodes: TreeNodes, mustBeInOrder: Bool, damage: @escaping (String) -> any Error, spend: @escaping (Int) throws -> Void
    ) {
        entries = .stored(nodes)
        self.mustBeInOrder = mustBeInOrder
        self.damage = damage
        self.spend = spend
    }

    /// Of entries that were looked at already.
    init(_ nodes: [Node]) {
        entries = .listed(nodes, 0)
        mustBeInOrder = false
        damage = { _ in UnorderedTree() }
        spend = { _ in }
    }

    /// Nil at the end. Throws ``UnorderedTree`` when the order was asked for and is none.
    package func next() throws -> Node? {
        while let node = try nextNode() {
            if !TemporaryName.isOne(node.name) { return node }
        }
        return nil
    }

    private func nextNode() throws -> Node? {
        switch entries {
        case .listed(let nodes, let index):
            guard index < nodes.count else { return nil }
            entries = .listed(nodes, index + 1)
            return nodes[index]
        case .stored(let nodes):
            guard let node = try nodes.next() else {
                try spendAll()
                return nil
            }
            unspent += 1
            if unspent == Self.spentAtOnce { try spendAll() }
            try examine(node)
            return node
        }
    }

    private func spendAll() throws {
        if unspent > 0 { try spend(unspent) }
        unspent = 0
    }

    private func examine(_ node: Node) throws {
        guard node.hasSafeName else {
            throw damage("it has an entry named \"\(FileName.text(node.name))\", which could lead out of its directory")
        }
        guard mustBeInOrder else { return }
        if let last, !Tree.areInOrder(last, node.name) { throw UnorderedTree() }
        last = node.name
    }
}
