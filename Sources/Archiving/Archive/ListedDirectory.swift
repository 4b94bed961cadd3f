import RepositoryEngine
import ResticFormat

/// A listing compared with the tree that the directory had before. There is one of it, as there is one of its nodes: a directory can
/// have a million of them.
struct ListedDirectory: ~Copyable {
    /// In order. Unchanged files have their content; directories have the subtree that they had before, until they are done.
    var nodes: [Node]
    var filesToRead: [Int] = []
    var directories: [Int] = []
    /// All nodes are those of before (what comes of the directories is not known yet).
    var isUnchanged: Bool
    var totals = ArchiveTotals()
    /// Of files that are not read.
    var bytesTakenOver: UInt64 = 0
    /// The tree that the directory had before, when it could be read.
    let previous: TreeID?

    /// What one job reads.
    enum Read {
        /// Some of ``filesToRead``, each small enough for one blob.
        case small(Range<Int>)
        /// A node's index.
        case large(Int)
    }

    /// Small files that one job reads, at most.
    private static let filesInBatch = 32

    /// `before`: the nodes of the tree `previous`; nil when there is none that can be read. `moved` gives what an entry was that stood somewhere else
    /// before; `isStored` tells whether a file's blobs are all there, `dataBytes` how many bytes of them are no zeros.
    init(
        _ listing: consuming [Node], before: consuming FormerNodes?, previous: TreeID?, moved: ([UInt8]) -> Node?,
        isStored: ([BlobID]) -> Bool, dataBytes: ([BlobID]) -> UInt64, checkCancelled: () throws -> Void
    ) throws {
        nodes = listing
        var before = before
        self.previous = before == nil ? nil : previous
        if !Tree(nodes: nodes).isInOrder { nodes.sort { Tree.areInOrder($0.name, $1.name) } }
        isUnchanged = before != nil
        for index in nodes.indices {
            try checkCancelled()
            let match = Self.former(&before) { try $0.node(named: nodes[index].name) } ?? nil
            let former = moved(nodes[index].name)
            // What stood somewhere else is no entry of the tree that this directory had, however like itself it is.
            if former != nil { isUnchanged = false }
            examine(index, former ?? match, isStored, dataBytes)
        }
        // Entries that are gone are a change as well.
        isUnchanged = isUnchanged && Self.former(&before) { try $0.isAtEnd() } ?? false
    }

    /// A tree that is damaged further on is none from there on: what it was to say is read again.
    private static func former<Result>(_ before: inout FormerNodes?, _ body: (inout FormerNodes) throws -> Result) -> Result? {
        guard var nodes = before else { return nil }
        before = nil
        guard let result = try? body(&nodes) else { return nil }
        before = nodes
        return result
    }

    private mutating func examine(_ index: Int, _ old: Node?, _ isStored: ([BlobID]) -> Bool, _ dataBytes: ([BlobID]) -> UInt64) {
        switch nodes[index].type {
        case .file:
            totals.files += 1
            totals.bytes.grow(by: nodes[index].size)
            if let old, let content = old.content, nodes[index].isSameFile(as: old), isStored(content) {
                nodes[index].content = content
                totals.filesUnchanged += 1
                bytesTakenOver.grow(by: nodes[index].size)
                totals.dataBytes.grow(by: dataBytes(content))
            } else {
                if old?.type == .file { totals.filesChanged += 1 } else { totals.filesNew += 1 }
                filesToRead.append(index)
                isUnchanged = false
                return
            }
        case .dir:
            totals.directories += 1
            nodes[index].subtree = old?.type == .dir ? old?.subtree : nil
            directories.append(index)
        default:
            totals.others += 1
        }
        if isUnchanged, nodes[index] != old { isUnchanged = false }
    }

    /// ``filesToRead`` in jobs, in order; `limit`: the bytes of the largest file that is one blob.
    func reads(limit: UInt64) -> [Read] {
        var reads: [Read] = []
        var start = 0
        var bytes: UInt64 = 0
        func closeBatch(at end: Int) {
            if start < end { reads.append(.small(start..<end)) }
            start = end
            bytes = 0
        }
        for (position, index) in filesToRead.enumerated() {
            let size = nodes[index].size
            if size > limit {
                closeBatch(at: position)
                reads.append(.large(index))
                start = position + 1
            } else {
                bytes.grow(by: size)
                if bytes >= limit || position + 1 - start >= Self.filesInBatch { closeBatch(at: position + 1) }
            }
        }
        closeBatch(at: filesToRead.count)
        return reads
    }
}

extension Node {
    /// A file that need not be read again: what a write or a replacement cannot leave as it was, the time of change and the inode, is known
    /// on both sides and the same.
    func isSameFile(as old: Node) -> Bool {
        old.type == .file && type == .file && hasTimeOfChange && hasSameIdentity(as: old)
    }

    /// False when nobody knows when the file was changed, or when it may be changed again without a new time of change.
    var hasTimeOfChange: Bool { !ctime.isSameInstant(as: .epoch) }

    /// Size, times and inode: different when a file was written to or replaced.
    func hasSameIdentity(as other: Node) -> Bool {
        size == other.size && mtime.isSameInstant(as: other.mtime) && ctime.isSameInstant(as: other.ctime) && inode == other.inode
    }

    /// What an open file says, in place of what the listing said; attributes, name and content stay.
    mutating func refresh(by now: Node) {
        (mode, mtime, atime, ctime) = (now.mode, now.mtime, now.atime, now.ctime)
        (uid, gid, user, group) = (now.uid, now.gid, now.user, now.group)
        (inode, deviceID, size, links) = (now.inode, now.deviceID, now.size, now.links)
    }
}
