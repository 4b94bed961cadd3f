import ResticFormat
import Synchronization

/// A directory that has been listed and whose tree is written when the last of its entries is done.
final class PendingDirectory: Sendable {
    /// What becomes of it when its last entry is done.
    struct Finished {
        var nodes: [Node]
        /// Nothing differs from the tree that it had before.
        var isUnchanged: Bool
        /// Nodes have come behind those that were in order.
        var hasGrown: Bool
    }

    fileprivate struct State {
        var nodes: [Node]
        var dropped: Set<Int> = []
        var outstanding: Int
        var isUnchanged: Bool
        /// Nodes have come behind those that are in order.
        var hasGrown = false
    }

    let source: any SourceDirectory
    let name: [UInt8]
    /// Where it stands in `parent`.
    let index: Int
    /// The tree that it had before.
    let previous: TreeID?
    /// Files to be read, as indices of nodes.
    let filesToRead: [Int]
    private let state: Mutex<State>
    // Written by `deinit` alone, when nobody else can see it.
    nonisolated(unsafe) private(set) var parent: PendingDirectory?

    init(_ listed: consuming ListedDirectory, source: any SourceDirectory, name: [UInt8], parent: PendingDirectory?, index: Int) {
        self.source = source
        self.name = name
        self.parent = parent
        self.index = index
        previous = listed.previous
        filesToRead = listed.filesToRead
        // One more than the entries: whoever lists it is done last of all when there is nothing else.
        let outstanding = listed.filesToRead.count + listed.directories.count + 1
        state = Mutex(State(nodes: listed.nodes, outstanding: outstanding, isUnchanged: listed.isUnchanged))
    }

    deinit {
        // One level at a time: a chain of many thousand directories must not be released by recursion.
        var next = parent.take()
        while next != nil, isKnownUniquelyReferenced(&next) {
            let above = next?.parent.take()
            next = above
        }
    }

    func node(_ index: Int) -> Node { state.withLock { $0.nodes[index] } }

    /// The entry is done with `change` made to its node; not nil when it was the last one.
    func complete(_ index: Int, _ change: (inout Node) -> Void) -> Finished? {
        state.withLock { state in
            let before = state.nodes[index].subtree
            change(&state.nodes[index])
            if state.nodes[index].type != .dir || state.nodes[index].subtree != before { state.isUnchanged = false }
            return state.countDown()
        }
    }

    /// Files and directories that have come since the listing, before it is complete; gives their places.
    func extend(_ nodes: [Node]) -> Range<Int> {
        state.withLock { state in
            let start = state.nodes.count
            state.nodes += nodes
            state.outstanding += nodes.count
            state.hasGrown = true
            state.isUnchanged = false
            return start..<state.nodes.count
        }
    }

    /// The entry is left out.
    func drop(_ index: Int) -> Finished? {
        state.withLock { state in
            state.dropped.insert(index)
            state.isUnchanged = false
            return state.countDown()
        }
    }

    /// The listing itself is done.
    func completeListing() -> Finished? { state.withLock { $0.countDown() } }

    /// Below the root of the source, for people.
    func path(of entry: [UInt8]? = nil) -> String {
        var names: [[UInt8]] = entry.map { [$0] } ?? []
        var directory: PendingDirectory? = self
        while let next = directory, next.parent != nil {
            names.append(next.name)
            directory = next.parent
        }
        return names.reversed().map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/")
    }
}

extension PendingDirectory.State {
    fileprivate mutating func countDown() -> PendingDirectory.Finished? {
        outstanding -= 1
        guard outstanding == 0 else { return nil }
        var kept = nodes
        nodes = []
        if !dropped.isEmpty { kept = kept.indices.filter { !dropped.contains($0) }.map { kept[$0] } }
        return PendingDirectory.Finished(nodes: kept, isUnchanged: isUnchanged, hasGrown: hasGrown)
    }
}
