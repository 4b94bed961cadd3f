package import ResticFormat

/// Something wrong with a repository, and where.
package struct CheckProblem: Hashable, Sendable {
    package enum Place: Hashable, Sendable {
        case tree(TreeID)
        case blob(BlobID, BlobKind)
        case pack(PackID)
        case index(IndexID)
        case snapshot(SnapshotID)
    }

    package let place: Place
    package let reason: String

    package init(_ place: Place, _ reason: String) {
        self.place = place
        self.reason = reason
    }

    package var text: String {
        switch place {
        case .tree(let id): "tree \(id.short): \(reason)"
        case .blob(let id, let kind): "\(kind.name) blob \(id.short): \(reason)"
        case .pack(let id): "pack \(id.short): \(reason)"
        case .index(let id): "index \(id.short): \(reason)"
        case .snapshot(let id): "snapshot \(id.short): \(reason)"
        }
    }
}
