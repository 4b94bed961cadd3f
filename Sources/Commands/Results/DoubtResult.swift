import Model

/// A repository that is not what it was, and that nobody here has made so.
struct DoubtResult: Encodable {
    struct Gone: Encodable {
        var id: String
        var kind: ManifestKind
        var name: String
        var created: Timestamp
    }

    var text: String
    var otherRepository: Bool
    /// Snapshots and backups of the cluster that were there, oldest first.
    var gone: [Gone]
    /// When all was there; null when nobody here had looked.
    var since: OrNull<Timestamp>

    init(_ doubt: PlaceDoubt) {
        text = doubt.text
        otherRepository = doubt.isOtherRepository
        gone = doubt.gone.map { Gone(id: $0.id, kind: $0.kind, name: $0.name, created: $0.created) }
        since = OrNull(doubt.since)
    }
}
