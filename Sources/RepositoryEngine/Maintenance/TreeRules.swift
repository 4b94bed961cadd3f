import ResticFormat

/// What must hold of a tree beyond that it decodes: restic's own rules, and the ones that it leaves out (order of the names, sizes).
/// Asked for one node after the other.
struct TreeRules {
    private let id: TreeID
    private let repository: IndexedRepository
    private var previous: [UInt8]?

    init(of id: TreeID, in repository: IndexedRepository) {
        self.id = id
        self.repository = repository
    }

    mutating func problems(of node: Node) -> [CheckProblem] {
        defer { previous = node.name }
        var problems: [CheckProblem] = []
        if let reason = Self.nameProblem(node, after: previous) {
            problems.append(CheckProblem(.tree(id), "entry “\(String(decoding: node.name, as: UTF8.self))” \(reason)"))
        }
        return problems + Self.nodeProblems(node, id, repository)
    }

    private static func nameProblem(_ node: Node, after previous: [UInt8]?) -> String? {
        if !node.hasSafeName { return "has a name that no directory can hold" }
        guard let previous else { return nil }
        if previous == node.name { return "stands there twice" }
        return Tree.areInOrder(previous, node.name) ? nil : "is out of order"
    }

    private static func nodeProblems(_ node: Node, _ id: TreeID, _ repository: IndexedRepository) -> [CheckProblem] {
        var name: String { String(decoding: node.name, as: UTF8.self) }
        switch node.type {
        case .dir:
            return node.subtree == nil ? [CheckProblem(.tree(id), "directory “\(name)” has no subtree")] : []
        case .file:
            guard let content = node.content else { return [CheckProblem(.tree(id), "file “\(name)” has no content list")] }
            return contentProblems(content, of: node, id, repository)
        case .irregular:
            return [CheckProblem(.tree(id), "“\(name)” is of no known type")]
        case .symlink, .dev, .chardev, .fifo, .socket:
            return []
        }
    }

    private static func contentProblems(
        _ content: [BlobID], of node: Node, _ id: TreeID, _ repository: IndexedRepository
    ) -> [CheckProblem] {
        var name: String { String(decoding: node.name, as: UTF8.self) }
        var total: UInt64 = 0
        var missing: [CheckProblem] = []
        for blob in content {
            if let length = repository.plainSize(of: blob, .data) {
                total &+= UInt64(length)
            } else {
                missing.append(CheckProblem(.blob(blob, .data), "needed by “\(name)” and in no index"))
            }
        }
        if !missing.isEmpty { return missing }
        return total == node.size ? [] : [CheckProblem(.tree(id), "“\(name)” has \(node.size) bytes and blobs of \(total)")]
    }
}
