import ResticFormat

/// A listing compared with the tree that the directory had before.
struct ListedDirectory {
    /// In order. Unchanged files have their content; directories have the subtree that they had before, until they are done.
    var nodes: [Node]
    var filesToRead: [Int] = []
    var directories: [Int] = []
    /// All nodes are those of before (what comes of the directories is not known yet).
    var isUnchanged: Bool
    var totals = ArchiveTotals()
    /// Files that are not read, and their bytes.
    var bytesTakenOver: UInt64 = 0

    /// `moved` gives what an entry was that stood somewhere else before; `isStored` tells whether a file's blobs are all there.
    init(_ listing: [Node], previous: Tree?, moved: ([UInt8]) -> Node?, isStored: ([BlobID]) -> Bool) {
        nodes = Tree(nodes: listing).isInOrder ? listing : listing.sorted { Tree.areInOrder($0.name, $1.name) }
        isUnchanged = previous.map { $0.nodes.count == listing.count } ?? false
        var matching = 0
        let old = previous?.nodes ?? []
        for index in nodes.indices {
            while matching < old.count, Tree.areInOrder(old[matching].name, nodes[index].name) { matching += 1 }
            let hasMatch = matching < old.count && old[matching].name == nodes[index].name
            examine(index, moved(nodes[index].name) ?? (hasMatch ? old[matching] : nil), isStored)
        }
    }

    private mutating func examine(_ index: Int, _ old: Node?, _ isStored: ([BlobID]) -> Bool) {
        switch nodes[index].type {
        case .file:
            totals.files += 1
            totals.bytes.grow(by: nodes[index].size)
            if let old, let content = old.content, nodes[index].isSameFile(as: old), isStored(content) {
                nodes[index].content = content
                totals.filesUnchanged += 1
                bytesTakenOver.grow(by: nodes[index].size)
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
}

extension Node {
    /// restic's test for a file that need not be read again.
    func isSameFile(as old: Node) -> Bool {
        old.type == .file && type == .file && hasSameIdentity(as: old)
    }

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
