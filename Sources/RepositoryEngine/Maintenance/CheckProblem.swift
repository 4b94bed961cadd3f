package import ResticFormat

/// Something wrong with a repository, and where.
package struct CheckProblem: Hashable, Sendable {
    package enum Place: Hashable, Sendable {
        case tree(TreeID)
        case blob(BlobID, BlobKind)
        /// The pack is gone, and all that is only in it.
        case pack(PackID)
        /// The pack's file is not what was written. What that loses is told blob by blob.
        case packFile(PackID)
        case index(IndexID)
        case snapshot(SnapshotID)
    }

    package let place: Place
    package let reason: String

    package init(_ place: Place, _ reason: String) {
        self.place = place
        self.reason = reason
    }

    /// Whether something that was stored cannot be read any more. A damaged index is no loss as long as packs have their headers, nor is a
    /// damaged header as long as an index lists its pack.
    package var isLoss: Bool {
        switch place {
        case .tree, .blob, .pack, .snapshot: true
        case .packFile, .index: false
        }
    }

    package var text: String {
        switch place {
        case .tree(let id): "tree \(id.short): \(reason)"
        case .blob(let id, let kind): "\(kind.name) blob \(id.short): \(reason)"
        case .pack(let id), .packFile(let id): "pack \(id.short): \(reason)"
        case .index(let id): "index \(id.short): \(reason)"
        case .snapshot(let id): "snapshot \(id.short): \(reason)"
        }
    }
}
