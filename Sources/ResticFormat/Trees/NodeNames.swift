import Glibc

extension Node {
    /// Whether the name is one that a directory entry can have: not empty, `.` or `..`, and without `/` and NUL.
    package var hasSafeName: Bool {
        !name.isEmpty && name != [0x2E] && name != [0x2E, 0x2E] && !name.contains { $0 == 0 || $0 == 0x2F }
    }
}

extension Tree {
    /// Byte order, the order of nodes in a tree.
    package static func areInOrder(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.withUnsafeBytes { left in
            right.withUnsafeBytes { right in
                guard let first = left.baseAddress, let second = right.baseAddress else { return left.count < right.count }
                let order = memcmp(first, second, min(left.count, right.count))
                return order == 0 ? left.count < right.count : order < 0
            }
        }
    }

    /// Whether the nodes stand in the byte order of their names, no name twice.
    package var isInOrder: Bool {
        nodes.indices.dropFirst().allSatisfy { Tree.areInOrder(nodes[$0 - 1].name, nodes[$0].name) }
    }

    /// The node of that name, by binary search: the nodes must be in order.
    package func node(named name: [UInt8]) -> Node? {
        var low = 0
        var high = nodes.count
        while low < high {
            let middle = (low + high) / 2
            if Tree.areInOrder(nodes[middle].name, name) { low = middle + 1 } else { high = middle }
        }
        return low < nodes.count && nodes[low].name == name ? nodes[low] : nil
    }
}
