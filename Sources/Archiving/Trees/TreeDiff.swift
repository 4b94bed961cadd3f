package import HostIO
import RepositoryEngine
package import ResticFormat

/// One entry that two images have differently.
package struct TreeChange: Hashable, Sendable {
    package enum Kind: String, Sendable, Codable, CaseIterable {
        case added, removed
        /// Another content, target or type.
        case changed
        /// The same content with other metadata.
        case metadata
    }

    package var kind: Kind
    package var type: NodeType
    /// Relative to the image's root, for people.
    package var path: String
    /// Bytes of a file before and after; 0 where there is none.
    package var bytesBefore: UInt64
    package var bytesAfter: UInt64
}

/// Compares two images; directories that are the same tree are passed over with all below them.
///
/// Contents of two archived images are compared by their blobs. Where one of the two is walked in place (a native image), a file that is the same one
/// on both sides, by its inode and time of change, has the same content; of others that are of one size the bytes are compared.
package struct TreeDiff {
    private struct Pair {
        var old: ImageDirectory?
        var new: ImageDirectory?
        var path: String
    }

    private let old: ImageReader
    private let new: ImageReader
    private let comparesBlobs: Bool

    package init(from old: ImageTree, to new: ImageTree) throws {
        self.old = try ImageReader(old)
        self.new = try ImageReader(new)
        if case .archived = old, case .archived = new { comparesBlobs = true } else { comparesBlobs = false }
    }

    /// Calls `visit` for every difference, parents before children.
    package func run(job: JobControl, _ visit: (TreeChange) -> Void) throws {
        var waiting = [Pair(old: try old.root().0, new: try new.root().0, path: "")]
        while let pair = waiting.popLast() {
            try job.checkCancelled()
            if case .archived(let left)? = pair.old, case .archived(let right)? = pair.new, left == right { continue }
            try compare(pair, job, &waiting, visit)
        }
    }

    private func compare(_ pair: Pair, _ job: JobControl, _ waiting: inout [Pair], _ visit: (TreeChange) -> Void) throws {
        let before = try pair.old.map { try old.nodes(of: $0) } ?? []
        let after = try pair.new.map { try new.nodes(of: $0) } ?? []
        var left = before.startIndex
        var right = after.startIndex
        while left < before.endIndex || right < after.endIndex {
            var gone: Node?
            var come: Node?
            if right == after.endIndex || (left < before.endIndex && Tree.areInOrder(before[left].name, after[right].name)) {
                gone = before[left]
            } else if left == before.endIndex || Tree.areInOrder(after[right].name, before[left].name) {
                come = after[right]
            } else {
                (gone, come) = (before[left], after[right])
            }
            left += gone == nil ? 0 : 1
            right += come == nil ? 0 : 1
            try note(gone, come, pair, job, &waiting, visit)
        }
    }

    private func note(
        _ gone: Node?, _ come: Node?, _ pair: Pair, _ job: JobControl, _ waiting: inout [Pair], _ visit: (TreeChange) -> Void
    ) throws {
        guard let node = come ?? gone else { return }
        let path = pair.path.isEmpty ? FileName.text(node.name) : "\(pair.path)/\(FileName.text(node.name))"
        if let kind = try kind(gone, come, pair, job) {
            visit(TreeChange(kind: kind, type: node.type, path: path, bytesBefore: gone?.size ?? 0, bytesAfter: come?.size ?? 0))
        }
        let oldDirectory = try gone.flatMap { node in try pair.old.flatMap { node.type == .dir ? try old.directory(node, in: $0) : nil } }
        let newDirectory = try come.flatMap { node in try pair.new.flatMap { node.type == .dir ? try new.directory(node, in: $0) : nil } }
        if oldDirectory != nil || newDirectory != nil { waiting.append(Pair(old: oldDirectory, new: newDirectory, path: path)) }
    }

    private func kind(_ gone: Node?, _ come: Node?, _ pair: Pair, _ job: JobControl) throws -> TreeChange.Kind? {
        guard let gone else { return .added }
        guard let come else { return .removed }
        guard gone.type == come.type, gone.linkTarget == come.linkTarget, gone.device == come.device,
            try hasSameContent(gone, come, pair, job)
        else { return .changed }
        let isSame =
            gone.mode == come.mode && gone.uid == come.uid && gone.gid == come.gid && gone.extendedAttributes == come.extendedAttributes
            && gone.mtime.isSameInstant(as: come.mtime)
        return isSame || gone.type == .dir && gone.mode == come.mode && gone.uid == come.uid && gone.gid == come.gid ? nil : .metadata
    }

    private func hasSameContent(_ gone: Node, _ come: Node, _ pair: Pair, _ job: JobControl) throws -> Bool {
        guard gone.type == .file else { return true }
        if comparesBlobs { return gone.content == come.content }
        guard gone.size == come.size else { return false }
        guard gone.size > 0, !come.isSameFile(as: gone), let before = pair.old, let after = pair.new else { return true }
        let left = ImageFileReading(try old.chunks(of: gone, in: before))
        let right = ImageFileReading(try new.chunks(of: come, in: after))
        return try left.isSame(as: right, job)
    }
}
